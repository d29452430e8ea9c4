using Microsoft.Data.Sqlite;
using Qkms.Core.Backups;
using Qkms.Storage.Sqlite;

namespace Qkms.Storage.Backups;

/// <summary>The embedded database, to be backed up beside the process that works on it: by the snapshot that WAL gives a reader.</summary>
internal sealed class SqliteBackup(SqliteStorageOptions options) : IBackupSource
{
    /// <summary>Describes the columns of a table.</summary>
    public const string SelectColumns = "SELECT name, type, pk AS place FROM pragma_table_info(@Table) ORDER BY cid";

    private readonly SqliteSnapshot _snapshot = new(options.DataDirectory);

    /// <inheritdoc/>
    public string Description => _snapshot.Description;

    /// <inheritdoc/>
    public Task<T> ReadAsync<T>(Func<IBackupMoment, Task<T>> work, CancellationToken cancellationToken) =>
        _snapshot.ReadRowsAsync(connection => work(Moment(connection, cancellationToken)));

    /// <summary>What is behind a connection.</summary>
    public static BackupMoment Moment(SqliteConnection connection, CancellationToken cancellationToken) =>
        new(connection, "sqlite", SelectColumns, orderOfTexts: "", cancellationToken);
}
