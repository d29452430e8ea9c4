using Dapper;
using Npgsql;
using NpgsqlTypes;
using Qkms.Core.Backups;
using Qkms.Core.Time;
using Qkms.Storage.Migrations;
using Qkms.Storage.Postgres;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Backups;

/// <summary>
/// Restores into the shared database in one transaction: the tables that are there go, the schema of the backup is made and filled, and the
/// migrations that came since are run. No node may be connected.
/// </summary>
internal sealed class PostgresRestore(PostgresStorageOptions options, TimeProvider time) : IRestoreTarget
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    private string? _description;

    /// <inheritdoc/>
    public string Description => _description ?? "PostgreSQL";

    /// <inheritdoc/>
    public async Task<Restored> RestoreAsync(
        BackupArchive backup,
        bool replace,
        Func<IKmsSession, Task> check,
        IBackupProgress progress,
        CancellationToken cancellationToken)
    {
        IReadOnlyList<Migration> migrations = Migration.For("Postgres");
        RestoreRules.RefuseUnknown(backup.Manifest, migrations.Count);
        await using PostgresConnections connections = new(options);
        bool commits = false;
        try
        {
            await using NpgsqlConnection connection = await connections.OpenSingleAsync(cancellationToken);
            _description = $"PostgreSQL {connection.ServerVersion}, database '{connections.Database}' on {connections.Host}";
            await RefuseOthersAsync(connection, cancellationToken);
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
            await connection.ExecuteAsync(NoTimeouts);
            Existing existing = await LookAsync(connection, migrations.Count);
            if (existing.IsInstallation && !replace)
                throw RestoreRules.Exists($"database '{connections.Database}' on {connections.Host}");

            long epoch = 1 + Math.Max(backup.Manifest.Facts.Epoch, existing.Epoch);
            await RunAsync(connection, DropTables);
            await MigrateAndLoadAsync(connection, backup, migrations, progress, cancellationToken);
            Epoch begun = new(epoch, new IdGenerator(time).Next());
            await RunAsync(connection, InsertEpoch, new { begun.Number, Id = begun.Id.ToBytes() });
            using (KmsSession session = KmsSession.ForReading(connection, SqlDialect.Postgres, cancellationToken))
                await check(session);

            commits = true;
            await transaction.CommitAsync(cancellationToken);
            Remember(begun);
            return new Restored(backup.Manifest.Rows, existing.IsInstallation, epoch);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            string state = commits
                ? "whether the backup was restored is not known: look with 'verify'"
                : "nothing was written";
            throw new StoreUnusableException($"The database cannot be restored, {state}: {ReasonOf(e)}", e);
        }
    }

    // The copy of a large table and the foreign keys behind it take longer than a request may.
    private const string NoTimeouts = "SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0";

    private const string CountOthers =
        """
        SELECT COUNT(*)
        FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename = current_user
          AND application_name = current_setting('application_name') AND backend_type = 'client backend'
        """;

    private const string FindTables =
        "SELECT COUNT(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')";

    private const string CountMigrations = "SELECT COUNT(*) FROM schema_migrations";

    // One that was just closed is seen for a moment. Not in the transaction, which would be shown the same list again.
    private async Task RefuseOthersAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        long begun = time.GetTimestamp();
        while (await connection.ExecuteScalarAsync<long>(CountOthers) is var others and > 0)
        {
            if (time.GetElapsedTime(begun) > _patience)
                throw new StoreUnusableException(
                    $"Qkms is connected to this database, {others} times: nothing was written. Stop every node first; one that runs would "
                    + "go on with what it remembers.");

            await Task.Delay(100, cancellationToken);
        }
    }

    private static async Task<Existing> LookAsync(NpgsqlConnection connection, int migrations)
    {
        bool hasTables = await connection.ExecuteScalarAsync<long>(FindTables) > 0;
        if (!hasTables)
            return new Existing(IsInstallation: false, Epoch: 0);

        if (!await HasAsync(connection, "schema_migrations"))
            throw new StoreUnusableException("The schema holds tables that are not Qkms's: nothing was written. Restore into another one.");

        if (await connection.ExecuteScalarAsync<long>(CountMigrations) > migrations)
            throw new StoreUnusableException(
                "The database was written by a newer release of Qkms: nothing was written. Restore with that release.");

        // Nodes that start meanwhile wait here, as for each other.
        if (await HasAsync(connection, "schema_lock"))
            await PostgresMigrator.LockAsync(connection, CancellationToken.None);

        bool hasEpochs = await HasAsync(connection, "epochs");
        bool isInstallation = await HasAsync(connection, "root_wrappers")
            && await connection.ExecuteScalarAsync<bool>("SELECT EXISTS (SELECT FROM root_wrappers) OR EXISTS (SELECT FROM tenants)");
        return new Existing(
            isInstallation,
            hasEpochs ? await connection.ExecuteScalarAsync<long>("SELECT COALESCE(MAX(number), 0) FROM epochs") : 0);
    }

    private static Task<bool> HasAsync(NpgsqlConnection connection, string table) =>
        connection.ExecuteScalarAsync<bool>("SELECT to_regclass(@Table) IS NOT NULL", new { Table = table });

    // In one statement, so that they may refer to each other; without CASCADE, so that what others made of them stays, and refuses. Nodes
    // may wait for schema_lock.
    private static readonly string DropTables =
        "DROP TABLE IF EXISTS "
        + string.Join(", ", BackupTables.All.Concat(BackupTables.LeftOut.Keys.Where(name => name != "schema_lock")));

    private const string InsertEpoch =
        $"""
        INSERT INTO epochs (number, id, system_identifier, timeline, begun_at)
        SELECT @Number, @Id, {ServerTimeline.SystemSql}, {ServerTimeline.NumberSql}, {PostgresSql.Now}
        """;

    private const string SelectForeignKeys =
        """
        SELECT conrelid::regclass::text AS table, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition
        FROM pg_constraint
        WHERE contype = 'f' AND connamespace = current_schema()::regnamespace
        """;

    private async Task MigrateAndLoadAsync(
        NpgsqlConnection connection,
        BackupArchive backup,
        IReadOnlyList<Migration> migrations,
        IBackupProgress progress,
        CancellationToken cancellationToken)
    {
        MigrationHistory history = new(migrations, time);
        await RunAsync(connection, PostgresMigrator.CreateHistory);
        await ApplyAsync(migrations.Take(backup.Manifest.Facts.Schema));

        // Keys and versions refer to each other: the rows come first, then all foreign keys are checked at once.
        ForeignKey[] foreignKeys = [.. await connection.QueryAsync<ForeignKey>(SelectForeignKeys)];
        foreach (ForeignKey key in foreignKeys)
            await RunAsync(connection, $"ALTER TABLE {key.Table} DROP CONSTRAINT {key.Name}");

        for (int i = 0; i < backup.Manifest.Tables.Count; i++)
            await LoadAsync(connection, backup, i, progress, cancellationToken);

        foreach (ForeignKey key in foreignKeys)
            await RunAsync(connection, $"ALTER TABLE {key.Table} ADD CONSTRAINT {key.Name} {key.Definition}");

        await ApplyAsync(migrations.Skip(backup.Manifest.Facts.Schema));
        (_, Schema found) = await PostgresSchema.ReadAsync(connection, cancellationToken);
        if (PostgresSchema.After(migrations.Count) is { } expected && found.DifferenceFrom(expected) is { } difference)
            throw Schema.Refusal(difference);

        async Task ApplyAsync(IEnumerable<Migration> scripts)
        {
            foreach (Migration migration in scripts)
            {
                await RunAsync(connection, migration.Sql);
                await RunAsync(connection, MigrationHistory.InsertApplied, history.RowOf(migration));
            }
        }
    }

    private static async Task LoadAsync(
        NpgsqlConnection connection, BackupArchive backup, int index, IBackupProgress progress, CancellationToken cancellationToken)
    {
        string table = backup.Manifest.Tables[index].Name;
        using BackupRowReader reader = backup.Read(table);
        StoredColumn[] stored = [.. await connection.QueryAsync<StoredColumn>(PostgresBackup.SelectColumns, new { Table = table })];
        RestoreRules.RefuseOtherColumns(
            table, reader.Columns, [.. stored.Select(column => column.ToColumn()).OrderBy(column => column.Name, StringComparer.Ordinal)]);
        NpgsqlDbType[] types = [.. reader.Columns.Select(column => TypeOf(stored.Single(one => one.Name == column.Name)))];
        await using NpgsqlBinaryImporter importer = await connection.BeginBinaryImportAsync(
            $"COPY \"{table}\" ({BackupMoment.Names(reader.Columns)}) FROM STDIN (FORMAT BINARY)", cancellationToken);
        importer.Timeout = TimeSpan.FromSeconds(PostgresMigrator.PatienceSeconds);
        foreach (object?[] row in RestoreRules.Report(reader.Rows(), backup.Manifest, index, progress, cancellationToken))
        {
            await importer.StartRowAsync(cancellationToken);
            for (int i = 0; i < row.Length; i++)
                await WriteAsync(importer, row[i], types[i], cancellationToken);
        }

        await importer.CompleteAsync(cancellationToken);
    }

    private static Task WriteAsync(NpgsqlBinaryImporter importer, object? value, NpgsqlDbType type, CancellationToken cancellationToken) =>
        value switch
        {
            null => importer.WriteNullAsync(cancellationToken),
            long number when type == NpgsqlDbType.Integer => importer.WriteAsync(checked((int)number), type, cancellationToken),
            long number => importer.WriteAsync(number, type, cancellationToken),
            string text => importer.WriteAsync(text, type, cancellationToken),
            byte[] bytes => importer.WriteAsync(bytes, type, cancellationToken),
            _ => throw new InvalidOperationException(),
        };

    private static NpgsqlDbType TypeOf(StoredColumn column) => column.Type switch
    {
        "integer" => NpgsqlDbType.Integer,
        "bigint" => NpgsqlDbType.Bigint,
        "text" => NpgsqlDbType.Text,
        "bytea" => NpgsqlDbType.Bytea,
        _ => throw new InvalidOperationException($"Column {column.Name} has type {column.Type}, which no backup knows."),
    };

    private static Task<int> RunAsync(NpgsqlConnection connection, string sql, object? parameters = null) =>
        connection.ExecuteAsync(new CommandDefinition(sql, parameters, commandTimeout: PostgresMigrator.PatienceSeconds));

    // The operator has said on this host that the older state is meant. Other nodes are told on theirs (docs/backup.md).
    private void Remember(Epoch begun)
    {
        try
        {
            if (options.DataDirectory is { } directory)
                new EpochFile(directory).Write(begun);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Then this host's node is told like the others.
        }
    }

    private static string ReasonOf(Exception exception) =>
        exception is PostgresException e ? $"{e.SqlState}: {e.MessageText}" : exception.Message;

    private sealed record Existing(bool IsInstallation, long Epoch);

    private sealed class ForeignKey
    {
        public string Table { get; init; } = "";

        public string Name { get; init; } = "";

        public string Definition { get; init; } = "";
    }
}
