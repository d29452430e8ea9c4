using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Qkms.Storage.Telemetry;

namespace Qkms.Storage.Migrations;

/// <summary>Brings the schema up to date before anything else runs; the data directory's lock keeps others out meanwhile.</summary>
internal sealed class SqliteMigrator(IReadOnlyList<Migration> migrations, TimeProvider time, ILogger logger)
{
    private readonly MigrationHistory _history = new(migrations, time);
    private readonly Lazy<Schema> _complete = new(() => SqliteSchema.After(migrations));

    /// <summary>
    /// Checks what was applied, and applies what is missing, each script in a transaction of its own. Before and after it the schema
    /// must be the one that the scripts make.
    /// </summary>
    /// <exception cref="StoreUnusableException">The file is no database of Qkms, or of another release than this one can serve, or
    /// somebody changed its schema.</exception>
    public void Run(SqliteConnection connection)
    {
        RefuseForeign(connection);
        connection.Execute(CreateHistory);
        List<AppliedMigration> applied = connection.Query<AppliedMigration>(MigrationHistory.SelectApplied).AsList();
        Migration[] missing = [.. _history.Missing(applied)];
        RefuseDifference(connection, missing.Length == 0 ? _complete.Value : SqliteSchema.After(migrations.Take(applied.Count)));

        // A new database has no rows to rewrite.
        if (applied.Count > 0 && missing.Length > 0)
            StorageLog.MigrationsBegun(logger, missing.Length, missing[0].Name);

        foreach (Migration migration in missing)
            Apply(connection, migration);

        if (missing.Length > 0)
            RefuseDifference(connection, _complete.Value);

        connection.Execute(MigrationHistory.InsertInstallation, _history.NewInstallation());
    }

    /// <summary>What is too many, missing or different in the schema of a database in use, or null.</summary>
    public string? FindDifference(SqliteConnection connection) => SqliteSchema.Read(connection).DifferenceFrom(_complete.Value);

    private static void RefuseDifference(SqliteConnection connection, Schema expected)
    {
        if (SqliteSchema.Read(connection).DifferenceFrom(expected) is { } difference)
            throw Schema.Refusal(difference);
    }

    private const string CountTables = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'";

    private const string CountHistory = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'";

    private static void RefuseForeign(SqliteConnection connection)
    {
        if (connection.ExecuteScalar<long>(CountTables) > 0 && connection.ExecuteScalar<long>(CountHistory) == 0)
            throw new StoreUnusableException(
                $"'{connection.DataSource}' is not a database of Qkms: it holds tables but no history of Qkms's schema.");
    }

    internal const string CreateHistory =
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
