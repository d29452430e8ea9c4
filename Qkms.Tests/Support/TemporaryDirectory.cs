namespace Qkms.Tests.Support;

/// <summary>A folder of one test's own, gone with it.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public string Path { get; } = Directory.CreateTempSubdirectory("qkms-test-").FullName;

    /// <summary>A path inside, there or not.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>A file with mode 0600, unless another is given.</summary>
    public string Write(string name, string content, UnixFileMode mode = OwnerOnly)
    {
        System.IO.File.WriteAllText(File(name), content);
        if (!OperatingSystem.IsWindows())
            System.IO.File.SetUnixFileMode(File(name), mode);

        return File(name);
    }

    public void Dispose()
    {
        if (Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);

        TestStorage.DropUnder(Path);
    }
}
