using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Qkms.Core.Secrets;

/// <summary>
/// Whether only root and the user of this process decide what a path leads to. Otherwise somebody else could put a root key, a database or
/// a link of their own there, and Qkms would take it for its own. On Linux; elsewhere nothing is checked.
/// </summary>
/// <remarks>
/// A folder on the way may be writable by its group, as with private groups of users and Kubernetes' <c>fsGroup</c>: what a member puts
/// there belongs to that member, and is refused for that. It may be writable by all with the sticky bit, as /tmp: others cannot exchange
/// what is not theirs.
/// </remarks>
internal static class TrustedPath
{
    private const int MaxLinks = 40; // as Linux follows at most

    private const uint Root = 0;

    /// <summary>Checks the way to a folder and the folder, in which nobody else may write. What is not there yet is not refused.</summary>
    /// <exception cref="UntrustedPathException">Others have a hand in it; the message says where and how to repair it.</exception>
    public static void CheckFolder(string path)
    {
        if (!OperatingSystem.IsLinux())
            return;

        if (Follow(path) is { } folder && (folder.Status.Mode & (LibC.GroupWrite | LibC.OtherWrite)) != 0)
            throw new UntrustedPathException(
                $"'{folder.Path}' can be written by other users of this machine (mode {Octal(folder.Status.Mode)}). Close it: chmod go-w "
                + $"{folder.Path}. Or name a directory inside it, which Qkms makes for itself.");
    }

    /// <summary>Checks the way to a file, not the file.</summary>
    /// <exception cref="UntrustedPathException">Others have a hand in it; the message says where and how to repair it.</exception>
    public static void CheckWayTo(string file)
    {
        if (OperatingSystem.IsLinux() && Follow(Path.GetDirectoryName(Path.GetFullPath(file))!) is { } folder)
            RefuseWritableByAll(folder.Path, folder.Status);
    }

    /// <summary>Checks a file in a folder that has been checked: no link, and nobody else's. It may be absent.</summary>
    /// <exception cref="UntrustedPathException">It is one of these.</exception>
    public static void CheckFile(string path)
    {
        if (!OperatingSystem.IsLinux() || Look(path) is not { } status)
            return;

        RefuseStranger(path, status);
        if ((status.Mode & LibC.FileType) != LibC.RegularFile)
            throw new UntrustedPathException($"'{path}' is not a regular file. Put the file itself there.");
    }

    /// <summary>Whether a file that is open belongs to root or to the user of this process. On Linux.</summary>
    public static bool IsOurs(SafeFileHandle file, out uint owner)
    {
        if (LibC.Statx(file, "", LibC.EmptyPath, LibC.BasicStatus, out LibC.FileStatus status) != 0)
            throw new IOException($"The owner of a file cannot be read: {Marshal.GetLastPInvokeErrorMessage()}.");

        owner = status.Owner;
        return IsTrusted(owner);
    }

    /// <summary>Goes through a path part by part, through links too; null when it ends before its end.</summary>
    private static (string Path, LibC.FileStatus Status)? Follow(string path)
    {
        Stack<string> ahead = new();
        Push(ahead, Path.GetFullPath(path));
        LibC.FileStatus top = Look("/") ?? throw new IOException("There is no directory /.");
        RefuseStranger("/", top);
        (string here, LibC.FileStatus status) = ("/", top);
        for (int links = 0; ahead.TryPop(out string? part);)
        {
            RefuseWritableByAll(here, status);
            string next = part == ".." ? Path.GetDirectoryName(here) ?? here : Path.Combine(here, part);
            if (Look(next) is not { } found)
                return null;

            RefuseStranger(next, found);
            if ((found.Mode & LibC.FileType) != LibC.SymbolicLink)
            {
                (here, status) = (next, found);
                continue;
            }

            if (++links > MaxLinks)
                throw new UntrustedPathException($"'{path}' leads through more than {MaxLinks} links.");

            string target = new FileInfo(next).LinkTarget ?? throw new IOException($"'{next}' changed while it was looked at.");
            Push(ahead, target);
            if (Path.IsPathRooted(target))
                (here, status) = ("/", top);
        }

        return (here, status);
    }

    private static void Push(Stack<string> ahead, string path)
    {
        foreach (string part in path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".").Reverse())
            ahead.Push(part);
    }

    private static LibC.FileStatus? Look(string path)
    {
        if (LibC.Statx(LibC.CurrentDirectory, path, LibC.DoNotFollow, LibC.BasicStatus, out LibC.FileStatus status) == 0)
            return status;

        int error = Marshal.GetLastPInvokeError();
        return error is LibC.NoSuchFile or LibC.NotADirectory
            ? null
            : throw new IOException($"'{path}' cannot be looked at: {Marshal.GetPInvokeErrorMessage(error)}.");
    }

    private static void RefuseStranger(string path, LibC.FileStatus status)
    {
        if (!IsTrusted(status.Owner))
            throw new UntrustedPathException(string.Create(
                CultureInfo.InvariantCulture,
                $"'{path}' belongs to another user (uid {status.Owner}), who could exchange what is in it. Give it to the user of this "
                + $"process: chown {LibC.EffectiveUser()} {path}. Or name another place."));
    }

    private static void RefuseWritableByAll(string path, LibC.FileStatus status)
    {
        if ((status.Mode & LibC.FileType) == LibC.Directory && (status.Mode & LibC.OtherWrite) != 0 && (status.Mode & LibC.Sticky) == 0)
            throw new UntrustedPathException(
                $"'{path}' can be written by every user of this machine (mode {Octal(status.Mode)}). Close it: chmod o-w {path}. Or "
                + "name another place.");
    }

    private static bool IsTrusted(uint owner) => owner == Root || owner == LibC.EffectiveUser();

    private static string Octal(ushort mode) => Convert.ToString(mode & 0xFFF, 8);
}

/// <summary>Other users can exchange what a path leads to: where, and how to repair it.</summary>
internal sealed class UntrustedPathException(string message) : IOException(message);
