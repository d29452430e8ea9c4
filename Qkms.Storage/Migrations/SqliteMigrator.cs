using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Qkms.Core;
using Qkms.Core.Persistence;

namespace Qkms.Storage.Migrations;

/// <summary>Brings the schema up to date before anything else runs; the data directory's lock keeps others out meanwhile.</summary>
internal sealed class SqliteMigrator(IReadOnlyList<Migration> migrations, TimeProvider time, ILogger logger)
{
    /// <summary>Checks what was applied, and applies what is missing, each script in a transaction of its own.</summary>
    /// <exception cref="StoreUnusableException">The file is no database of Qkms, or of another release than this one can serve.</exception>
    public void Run(SqliteConnection connection)
    {
        RefuseForeign(connection);
        connection.Execute(CreateHistory);
        List<Applied> history = connection.Query<Applied>(SelectHistory).AsList();
        RefuseOtherHistory(history);
        foreach (Migration migration in migrations.Skip(history.Count))
            Apply(connection, migration);

        IdGenerator ids = new(time);
        connection.Execute(InsertInstallation, new { InstallationId = ids.Next().ToBytes(), CreatedAt = time.GetUtcNow().ToStored() });
    }

    private const string CountTables = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'";

    private const string CountHistory = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'";

    private static void RefuseForeign(SqliteConnection connection)
    {
        if (connection.ExecuteScalar<long>(CountTables) > 0 && connection.ExecuteScalar<long>(CountHistory) == 0)
            throw new StoreUnusableException($"'{connection.DataSource}' is a database of something else: it holds tables and no history of Qkms's schema.");
    }

    private const string CreateHistory =
        """
        CREATE TABLE IF NOT EXISTS schema_migrations (
          number INTEGER NOT NULL PRIMARY KEY,
          name TEXT NOT NULL,
          sha256 BLOB NOT NULL,
          applied_at INTEGER NOT NULL
        )
        """;

    private const string SelectHistory = "SELECT number, name, sha256 FROM schema_migrations ORDER BY number";

    private void RefuseOtherHistory(List<Applied> history)
    {
        if (history.Count > migrations.Count)
            throw new StoreUnusableException($"The database was written by a newer release of Qkms: it has migration {history[^1].Name}, which this one does not know. Start that release, or restore a backup from before it.");

        foreach ((Applied applied, Migration known) in history.Zip(migrations))
        {
            if (applied.Number != known.Number || applied.Name != known.Name || !applied.Sha256.AsSpan().SequenceEqual(known.Hash))
                throw new StoreUnusableException($"Migration {applied.Name} was applied to this database in another form than this release has it ({known.Name}): the schema is not the one this release expects.");
        }
    }

    private const string InsertHistory =
        "INSERT INTO schema_migrations (number, name, sha256, applied_at) VALUES (@Number, @Name, @Hash, @AppliedAt)";

    private void Apply(SqliteConnection connection, Migration migration)
    {
        using SqliteTransaction transaction = connection.BeginTransaction();
        connection.Execute(migration.Sql, transaction: transaction);
        connection.Execute(
            InsertHistory,
            new { migration.Number, migration.Name, migration.Hash, AppliedAt = time.GetUtcNow().ToStored() },
            transaction);
        transaction.Commit();
        StorageLog.MigrationApplied(logger, migration.Name);
    }

    private const string InsertInstallation =
        """
        INSERT INTO installation (only_row, installation_id, created_at)
        VALUES (1, @InstallationId, @CreatedAt)
        ON CONFLICT DO NOTHING
        """;

    private sealed class Applied
    {
        public int Number { get; init; }

        public string Name { get; init; } = "";

        public byte[] Sha256 { get; init; } = [];
    }
}
