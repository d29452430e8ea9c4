using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Qkms.Storage.Telemetry;

namespace Qkms.Storage.Migrations;

/// <summary>Brings the schema up to date before anything else runs; the data directory's lock keeps others out meanwhile.</summary>
internal sealed class SqliteMigrator(IReadOnlyList<Migration> migrations, TimeProvider time, ILogger logger)
{
    private readonly MigrationHistory _history = new(migrations, time);

    /// <summary>Checks what was applied, and applies what is missing, each script in a transaction of its own.</summary>
    /// <exception cref="StoreUnusableException">The file is no database of Qkms, or of another release than this one can serve.</exception>
    public void Run(SqliteConnection connection)
    {
        RefuseForeign(connection);
        connection.Execute(CreateHistory);
        foreach (Migration migration in _history.Missing(connection.Query<AppliedMigration>(MigrationHistory.SelectApplied).AsList()))
            Apply(connection, migration);

        connection.Execute(MigrationHistory.InsertInstallation, _history.NewInstallation());
    }

    private const string CountTables = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'";

    private const string CountHistory = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'";

    private static void RefuseForeign(SqliteConnection connection)
    {
        if (connection.ExecuteScalar<long>(CountTables) > 0 && connection.ExecuteScalar<long>(CountHistory) == 0)
            throw new StoreUnusableException(
                $"'{connection.DataSource}' is not a database of Qkms: it holds tables but no history of Qkms's schema.");
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

    private void Apply(SqliteConnection connection, Migration migration)
    {
        using SqliteTransaction transaction = connection.BeginTransaction();
        connection.Execute(migration.Sql, transaction: transaction);
        connection.Execute(MigrationHistory.InsertApplied, _history.RowOf(migration), transaction);
        transaction.Commit();
        StorageLog.MigrationApplied(logger, migration.Name);
    }
}
