namespace Qkms.Tests.Support;

/// <summary>Files that even root cannot write any more, also where they are open already: <c>chattr +i</c>.</summary>
internal sealed class ImmutableFiles : IDisposable
{
    private readonly string[] _paths;

    public ImmutableFiles(params string[] paths)
    {
        _paths = paths;
        foreach (string path in paths)
            Shell.Must("chattr", "+i", path);
    }

    /// <summary>The reason for which tests that need them are skipped, or null.</summary>
    public static string? MissingReason { get; } = CanMake()
        ? null
        : "Files cannot be made immutable here: that takes root, chattr, and a file system such as ext4.";

    public void Dispose()
    {
        foreach (string path in _paths)
            Shell.Must("chattr", "-i", path);
    }

    private static bool CanMake()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            return false;

        using TemporaryDirectory directory = new();
        string path = directory.Write("probe", "");
        using FileStream open = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        if (!Shell.Try("chattr", "+i", path))
            return false;

        try
        {
            open.WriteByte(0);
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true;
        }
        finally
        {
            Shell.Must("chattr", "-i", path);
        }
    }
}
