namespace Qkms.Tests.Support;

/// <summary>A file system of a few megabytes, to be filled and made read-only.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _filler;

    public SmallDisk(int megabytes)
    {
        Path = Directory.CreateTempSubdirectory("qkms-disk-").FullName;
        _filler = System.IO.Path.Combine(Path, "filler");
        Shell.Must("mount", "-t", "tmpfs", "-o", $"size={megabytes}m,mode=0700", "tmpfs", Path);
    }

    /// <summary>The reason for which tests that need one are skipped, or null.</summary>
    public static string? MissingReason { get; } = CanMount()
        ? null
        : "No file system can be mounted here: that takes Linux, root and CAP_SYS_ADMIN.";

    public string Path { get; }

    /// <summary>Leaves not one byte free.</summary>
    public void Fill()
    {
        using FileStream file = new(_filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (int size = 1 << 20; size > 0; size >>= 1)
        {
            try
            {
                while (true)
                    file.Write(new byte[size]);
            }
            catch (IOException)
            {
                // Smaller pieces may still fit.
            }
        }
    }

    /// <summary>Gives the space back.</summary>
    public void Free() => File.Delete(_filler);

    /// <summary>Nobody may have a file open for writing.</summary>
    public void MakeReadOnly(bool readOnly) => Shell.Must("mount", "-o", readOnly ? "remount,ro" : "remount,rw", Path);

    public void Dispose()
    {
        Shell.Must("umount", "-l", Path);
        Directory.Delete(Path);
    }

    private static bool CanMount()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            return false;

        using TemporaryDirectory probe = new();
        return Shell.Try("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", probe.Path) && Shell.Try("umount", probe.Path);
    }
}
