namespace Qkms.Storage.Sqlite;

/// <summary>Where the embedded database lies.</summary>
public sealed class SqliteStorageOptions
{
    /// <summary>The directory of the database. It is made with mode 0700 if it is not there; one process at a time works in it.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>How many writes may wait before further ones are refused as unavailable: about a second's worth on a slow disk.</summary>
    internal int WriteQueueCapacity { get; init; } = 4096;
}
