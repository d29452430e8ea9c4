using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Qkms.Core.Secrets;

/// <summary>Small files that hold a secret: written so that they are whole or not there, read only when nobody else can.</summary>
internal static class PrivateFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const UnixFileMode Forbidden =
        UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute | UnixFileMode.GroupWrite;

    /// <summary>
    /// Makes the file with mode 0600 and this content, on disk together with its entry in the folder when the call returns.
    /// A crash leaves the whole file or none: it is written under another name first.
    /// </summary>
    /// <exception cref="IOException">There is such a file already; it is left as it is. Or the disk cannot take it.</exception>
    public static void Create(string path, ReadOnlySpan<byte> content) => Write(path, content, overwrite: false);

    /// <summary>The same, in the place of a file that is there.</summary>
    /// <exception cref="IOException">The disk cannot take it.</exception>
    public static void Replace(string path, ReadOnlySpan<byte> content) => Write(path, content, overwrite: true);

    private static void Write(string path, ReadOnlySpan<byte> content, bool overwrite)
    {
        string fullPath = Path.GetFullPath(path);
        string unfinished = UnfinishedOf(fullPath);
        File.Delete(unfinished);
        WriteThrough(unfinished, content);
        try
        {
            // Without overwriting, .NET moves by link(2) and unlink(2): a file that is already there wins. Otherwise by rename(2).
            File.Move(unfinished, fullPath, overwrite);
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }

        FlushFolder(Path.GetDirectoryName(fullPath)!);
    }

    /// <summary>
    /// Removes what a crash in the middle of <see cref="Create"/> left: between link(2) and unlink(2) the secret has two names, and
    /// whoever moves the file away would leave the other one behind. Not while somebody makes the file.
    /// </summary>
    public static void RemoveUnfinished(string path)
    {
        try
        {
            File.Delete(UnfinishedOf(Path.GetFullPath(path)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The folder cannot be written any more, which others will say if it matters.
        }
    }

    /// <summary>Makes a folder for such files where there is none yet, with mode 0700.</summary>
    /// <exception cref="UntrustedPathException">Others can write in it, or exchange it.</exception>
    public static void CreateFolder(string path)
    {
        TrustedPath.CheckFolder(path);
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
        }

        // Somebody else may have been faster, where others may make folders.
        TrustedPath.CheckFolder(path);
    }

    /// <summary>At most <paramref name="maxLength"/> bytes of the file, or null when it is not there.</summary>
    /// <exception cref="PrivateFileException">It is a symbolic link, no regular file, another user's, open to others, empty, too long, or
    /// cannot be read.</exception>
    /// <exception cref="UntrustedPathException">Others can exchange it.</exception>
    internal static SecretBytes? TryRead(string path, int maxLength)
    {
        using SafeFileHandle? file = TryOpen(path);
        if (file is null)
            return null;

        Inspect(file, path);
        TrustedPath.CheckWayTo(path);
        SecretBytes content = SecretBytes.Allocate(maxLength + 1, out Span<byte> buffer);
        using (content)
        {
            int length = Fill(file, buffer);
            return length switch
            {
                0 => throw new PrivateFileException("is empty", "Put the secret back from a backup, or name the right file."),
                _ when length > maxLength => throw new PrivateFileException($"is longer than {maxLength} bytes", "Name the right file."),
                _ => SecretBytes.CopyOf(buffer[..length]),
            };
        }
    }

    private static string UnfinishedOf(string fullPath) => fullPath + ".new";

    private static void WriteThrough(string path, ReadOnlySpan<byte> content)
    {
        FileStreamOptions options = new()
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            BufferSize = 0, // no copy of the secret in a buffer
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;

        using FileStream stream = new(path, options);
        stream.Write(content);
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Has the entries of a folder on disk when the call returns.</summary>
    /// <exception cref="IOException">The disk cannot take them.</exception>
    public static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
            return;

        using SafeFileHandle handle = new(LibC.Open(folder, LibC.ReadOnly | LibC.CloseOnExec), ownsHandle: true);
        if (handle.IsInvalid || LibC.Fsync(handle) != 0)
            throw new IOException($"The folder {folder} could not be flushed to disk: {Marshal.GetLastPInvokeErrorMessage()}.");
    }

    private static SafeFileHandle? TryOpen(string path)
    {
        if (OperatingSystem.IsWindows())
            return TryOpenOnWindows(path);

        int descriptor = LibC.Open(path, LibC.ReadOnly | LibC.CloseOnExec | LibC.NonBlocking | LibC.NoFollow);
        if (descriptor >= 0)
            return new SafeFileHandle(descriptor, ownsHandle: true);

        int error = Marshal.GetLastPInvokeError();
        return error switch
        {
            LibC.NoSuchFile or LibC.NotADirectory => null,
            _ when error == LibC.TooManyLinks => throw SymbolicLink(),
            LibC.PermissionDenied => throw new PrivateFileException(
                "cannot be read by the user of this process", "Give the file to that user: chown, then chmod 600."),
            _ => throw new PrivateFileException($"cannot be opened: {Marshal.GetPInvokeErrorMessage(error)}", "Name a readable file."),
        };
    }

    private static SafeFileHandle? TryOpenOnWindows(string path)
    {
        FileInfo file = new(path);
        if (file.LinkTarget is not null)
            throw SymbolicLink();

        return file.Exists ? File.OpenHandle(path) : null;
    }

    /// <summary>Looks at what was opened, not at the path again: between the two, somebody could have exchanged the file.</summary>
    private static void Inspect(SafeFileHandle file, string path)
    {
        if (File.GetAttributes(file).HasFlag(FileAttributes.Directory) || !IsSeekable(file))
            throw new PrivateFileException("is not a regular file", "Name a file.");

        if (OperatingSystem.IsWindows())
            return;

        if (OperatingSystem.IsLinux() && !TrustedPath.IsOurs(file, out uint owner))
            throw new PrivateFileException($"belongs to another user (uid {owner})",
                $"Give it to the user of this process, if its content is yours: chown, then chmod 600 {path}.");

        UnixFileMode mode = File.GetUnixFileMode(file);
        if ((mode & Forbidden) != 0)
            throw new PrivateFileException($"is open to other users (mode {Convert.ToString((int)mode, 8)})",
                $"Close it: chmod 600 {path}. If others could have read it, it must be replaced.");
    }

    private static bool IsSeekable(SafeFileHandle file)
    {
        try
        {
            return RandomAccess.GetLength(file) >= 0;
        }
        catch (NotSupportedException)
        {
            return false;
        }
    }

    private static int Fill(SafeFileHandle file, Span<byte> buffer)
    {
        try
        {
            int length = 0;
            for (int read = -1; read != 0 && length < buffer.Length; length += read)
                read = RandomAccess.Read(file, buffer[length..], length);

            return length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PrivateFileException($"cannot be read: {e.Message}", "Name a readable file.");
        }
    }

    private static PrivateFileException SymbolicLink() =>
        new("is a symbolic link", "Name the file itself, so that nobody who can change the link can exchange the secret.");
}

/// <summary>A file that should hold a secret and is not fit to: what is wrong with it, and how to repair that. Never its content.</summary>
/// <param name="problem">The end of a sentence that begins with "it": "is a symbolic link".</param>
/// <param name="repair">A sentence of its own.</param>
internal sealed class PrivateFileException(string problem, string repair) : Exception($"The file {problem}. {repair}")
{
    public string Problem { get; } = problem;

    public string Repair { get; } = repair;
}
