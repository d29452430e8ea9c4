namespace Qkms.Core.Installation;

/// <summary>The file that hands the first API key to the operator, readable by its owner alone.</summary>
internal static class InitialApiKeyFile
{
    /// <summary>The file's name in the data directory.</summary>
    public const string Name = "initial-api-key";

    /// <summary>
    /// Writes the key and waits until it is on disk. A file left by a start that was cut off before its key became valid is replaced.
    /// </summary>
    public static void Write(string path, SecretBytes text)
    {
        PrivateFile.CreateFolder(Path.GetDirectoryName(path)!);
        File.Delete(path);
        PrivateFile.Create(path, text.Span);
    }

    /// <summary>Deletes the file: its key did not become valid.</summary>
    public static void Withdraw(string path) => File.Delete(path);
}
