namespace Qkms.Core.Backups;

/// <summary>A database that can be backed up beside the service that works on it.</summary>
internal interface IBackupSource
{
    /// <summary>What is read, for people.</summary>
    string Description { get; }

    /// <summary>Reads one moment of it: nothing is locked or written, and what others write meanwhile is not seen.</summary>
    /// <param name="work">Reads.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="Store.StoreUnusableException">It cannot be read, or its schema is not the one of this build.</exception>
    Task<T> ReadAsync<T>(Func<IBackupMoment, Task<T>> work, CancellationToken cancellationToken);
}

/// <summary>One moment of a database, table by table.</summary>
internal interface IBackupMoment
{
    /// <summary>The tables that a backup has, in the order in which they refer to each other.</summary>
    IReadOnlyList<string> Tables { get; }

    /// <summary>What the manifest says of the installation.</summary>
    Task<BackupFacts> FactsAsync();

    /// <summary>The columns of a table by their names; the same on both databases.</summary>
    Task<IReadOnlyList<BackupColumn>> ColumnsAsync(string table);

    /// <summary>Reads a table by its primary key, a row at a time: no more than one is in memory.</summary>
    /// <param name="table">The table.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="write">Takes the values of a row: <see cref="long"/>, <see cref="string"/>, bytes or null.</param>
    Task ReadAsync(string table, IReadOnlyList<BackupColumn> columns, Action<object?[]> write);
}

/// <summary>What a backup says of the installation that it is of.</summary>
/// <param name="Storage">The kind of database: <c>sqlite</c> or <c>postgresql</c>.</param>
/// <param name="Schema">How many migrations the database has.</param>
/// <param name="InstallationId">The installation.</param>
/// <param name="Epoch">The newest epoch of the database; 0 where it has none.</param>
/// <param name="RootKeyIds">The root keys that open it.</param>
/// <param name="Heads">Where each stream of the journal ends.</param>
internal sealed record BackupFacts(
    string Storage,
    int Schema,
    Guid InstallationId,
    long Epoch,
    IReadOnlyList<string> RootKeyIds,
    IReadOnlyList<JournalHead> Heads);

/// <summary>Where a stream of the journal ends: to be compared with what was noted outside the database.</summary>
/// <param name="TenantId">The tenant.</param>
/// <param name="Stream">The stream.</param>
/// <param name="NextPosition">How many events it has had.</param>
/// <param name="HeadHash">The hash of the last one.</param>
internal sealed record JournalHead(Guid TenantId, long Stream, long NextPosition, byte[] HeadHash);
