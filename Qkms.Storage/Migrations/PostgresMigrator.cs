using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;
using Qkms.Storage.Telemetry;

namespace Qkms.Storage.Migrations;

/// <summary>
/// Brings the schema up to date before anything else runs. Of several nodes that start at once one does it while the others wait:
/// the lock is a row of its own, because an advisory lock is a number that anything else in the database may use too.
/// </summary>
internal sealed class PostgresMigrator(IReadOnlyList<Migration> migrations, TimeProvider time, ILogger logger)
{
    /// <summary>A later script may have to rewrite a large table, and the other nodes wait for it.</summary>
    public const int PatienceSeconds = 600;

    private const int CreateAttempts = 5;

    private readonly MigrationHistory _history = new(migrations, time);

    /// <summary>
    /// Checks what was applied, and applies what is missing, all in one transaction. Before and after it the schema must be the one
    /// that the scripts make.
    /// </summary>
    /// <exception cref="StoreUnusableException">The schema is not Qkms's, or of another release than this one can serve, or somebody
    /// changed it.</exception>
    public async Task RunAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await CreateHistoryAsync(connection, cancellationToken);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        await LockAsync(connection, cancellationToken);

        (IReadOnlyList<AppliedMigration> applied, Schema found) = await PostgresSchema.ReadAsync(connection, cancellationToken);
        Migration[] missing = [.. _history.Missing(applied)];
        if (applied.Count > 0)
            RefuseDifference(found, applied.Count);

        // A new database has no rows to rewrite.
        if (applied.Count > 0 && missing.Length > 0)
            StorageLog.MigrationsBegun(logger, missing.Length, missing[0].Name);

        foreach (Migration migration in missing)
        {
            await connection.ExecuteAsync(Command(migration.Sql, cancellationToken));
            await connection.ExecuteAsync(Command(MigrationHistory.InsertApplied, cancellationToken, _history.RowOf(migration)));
        }

        if (missing.Length > 0)
            RefuseDifference((await PostgresSchema.ReadAsync(connection, cancellationToken)).Found, migrations.Count);

        await connection.ExecuteAsync(Command(MigrationHistory.InsertInstallation, cancellationToken, _history.NewInstallation()));
        await transaction.CommitAsync(cancellationToken);
        foreach (Migration migration in missing)
            StorageLog.MigrationApplied(logger, migration.Name);
    }

    private static void RefuseDifference(Schema found, int migrations)
    {
        if (PostgresSchema.After(migrations) is { } expected && found.DifferenceFrom(expected) is { } difference)
            throw Schema.Refusal(difference);
    }

    private const string FindTables =
        """
        SELECT current_schema() AS name, COUNT(*) AS tables, COUNT(*) FILTER (WHERE relname = 'schema_migrations') AS histories
        FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
        """;

    // Both or neither, so that who finds tables and no history has a database of something else before him.
    internal const string CreateHistory =
        """
        CREATE TABLE IF NOT EXISTS schema_migrations (
          number INTEGER NOT NULL PRIMARY KEY,
          name TEXT NOT NULL,
          sha256 BYTEA NOT NULL,
          applied_at BIGINT NOT NULL
        );
        CREATE TABLE IF NOT EXISTS schema_lock (only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1));
        INSERT INTO schema_lock (only_row) VALUES (1) ON CONFLICT DO NOTHING
        """;

    private static async Task CreateHistoryAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            FoundTables schema = await connection.QuerySingleAsync<FoundTables>(Command(FindTables, cancellationToken));
            if (schema.Name is null)
                throw new StoreUnusableException("The database user has no schema to work in: no schema in its search_path exists.");

            if (schema.Histories > 0)
                return;

            if (schema.Tables > 0)
                throw new StoreUnusableException(
                    $"The schema '{schema.Name}' of database '{connection.Database}' does not belong to Qkms: it holds tables "
                    + "but no history of Qkms's schema.");

            try
            {
                await connection.ExecuteAsync(Command(CreateHistory, cancellationToken));
                return;
            }
            catch (PostgresException e)
                when (attempt < CreateAttempts
                    && e.SqlState is PostgresErrorCodes.UniqueViolation
                        or PostgresErrorCodes.DuplicateTable
                        or PostgresErrorCodes.DuplicateObject)
            {
                // IF NOT EXISTS does not see what another node is making at this moment, and the catalogue refuses the second one.
            }
        }
    }

    private const string LockHistory =
        """
        SET LOCAL lock_timeout = 0;
        SELECT only_row FROM schema_lock FOR UPDATE
        """;

    /// <summary>Waits, in a transaction that has begun, until no other node is at this.</summary>
    public static Task LockAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(Command(LockHistory, cancellationToken));

    private static CommandDefinition Command(string sql, CancellationToken cancellationToken, object? parameters = null) =>
        new(sql, parameters, commandTimeout: PatienceSeconds, cancellationToken: cancellationToken);

    private sealed class FoundTables
    {
        public string? Name { get; init; }

        public long Tables { get; init; }

        public long Histories { get; init; }
    }
}
