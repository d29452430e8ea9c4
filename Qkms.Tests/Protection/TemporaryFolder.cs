namespace Qkms.Tests.Protection;

/// <summary>A folder of its own for one test, gone afterwards.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("qkms-protection-").FullName;

    public string At(string name) => Path.Combine(Root, name);

    /// <summary>A file with mode 0600, unless another is given.</summary>
    public string Write(string name, string content, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        string path = At(name);
        File.WriteAllText(path, content);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, mode);

        return path;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
