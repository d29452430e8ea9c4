using Npgsql;
using Qkms.Core.Backups;
using Qkms.Storage.Postgres;

namespace Qkms.Storage.Backups;

/// <summary>The shared database, to be backed up beside its nodes: in one transaction that reads only, REPEATABLE READ.</summary>
internal sealed class PostgresBackup(PostgresStorageOptions options) : IBackupSource
{
    /// <summary>Describes the columns of a table.</summary>
    public const string SelectColumns =
        """
        SELECT a.attname::text AS name, format_type(a.atttypid, NULL) AS type, COALESCE(k.place, 0) AS place
        FROM pg_attribute a
        LEFT JOIN (
          SELECT u.attnum, u.place
          FROM pg_constraint c, unnest(c.conkey) WITH ORDINALITY AS u (attnum, place)
          WHERE c.conrelid = to_regclass(@Table) AND c.contype = 'p') AS k ON k.attnum = a.attnum
        WHERE a.attrelid = to_regclass(@Table) AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attnum
        """;

    private readonly PostgresSnapshot _snapshot = new(options);

    /// <inheritdoc/>
    public string Description => _snapshot.Description;

    /// <inheritdoc/>
    public Task<T> ReadAsync<T>(Func<IBackupMoment, Task<T>> work, CancellationToken cancellationToken) =>
        _snapshot.ReadRowsAsync(connection => work(Moment(connection, cancellationToken)), cancellationToken);

    /// <summary>What is behind a connection. The same order whatever the collation of the database is.</summary>
    public static BackupMoment Moment(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        new(connection, "postgresql", SelectColumns, orderOfTexts: " COLLATE \"C\"", cancellationToken);
}
