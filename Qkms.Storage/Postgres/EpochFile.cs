using Qkms.Core.Secrets;

namespace Qkms.Storage.Postgres;

/// <summary>
/// The node's own memory of the newest epoch that it has worked in, beside the root key in its data directory: without it a node that
/// restarts could be given an older server and not notice. Nothing in it is secret.
/// </summary>
internal sealed class EpochFile(string dataDirectory)
{
    /// <summary>The file's name; docs/postgresql.md tells when to delete it.</summary>
    public const string Name = "database-epoch";

    // A long and a UUID, with room for an editor's line end.
    private const int MaxLength = 80;

    /// <summary>Where it is.</summary>
    public string FullPath { get; } = Path.Combine(dataDirectory, Name);

    /// <summary>What was remembered, or null.</summary>
    /// <exception cref="StoreUnusableException">The file is there and cannot be used.</exception>
    public Epoch? Read()
    {
        try
        {
            using FileStream file = File.OpenRead(FullPath);
            byte[] content = new byte[MaxLength];
            int length = file.ReadAtLeast(content, MaxLength, throwOnEndOfStream: false);
            return Epoch.Parse(System.Text.Encoding.ASCII.GetString(content, 0, length)) ?? throw Unusable("it holds no epoch");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(e.Message);
        }
    }

    /// <summary>Remembers an epoch. A crash leaves the old content or the new one.</summary>
    /// <exception cref="IOException">The disk cannot take it.</exception>
    public void Write(Epoch epoch)
    {
        PrivateFile.CreateFolder(dataDirectory);
        PrivateFile.Replace(FullPath, System.Text.Encoding.ASCII.GetBytes($"{epoch}\n"));
    }

    private StoreUnusableException Unusable(string why) => new(
        $"The file {FullPath}, which says how new a database this node has worked on, cannot be used: {why}. Repair it, or delete it if "
        + "you know that the database is the newest one.");
}
