using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Testing;
using Qkms.Storage.Migrations;
using Qkms.Storage.Postgres;
using Qkms.Storage.Sqlite;

namespace Qkms.Tests.Storage;

/// <summary>
/// F-10: a schema that is not the one that the migrations make stops the start, which names the object; and stops a service that runs.
/// </summary>
public sealed class ChangedSchemaTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private PostgresDatabase? _database;

    private string Data => _directory.File("data");

    private PostgresDatabase Database => _database ??= PostgresServer.CreateMigrated();

    public void Dispose()
    {
        _database?.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData("CREATE TRIGGER t AFTER UPDATE ON keys BEGIN SELECT 1; END", "trigger t is too many")]
    [InlineData("CREATE VIEW v AS SELECT 1", "view v is too many")]
    [InlineData("CREATE TABLE other (id INTEGER)", "table other is too many")]
    [InlineData("CREATE INDEX i ON keys (name)", "index i is too many")]
    [InlineData("DROP INDEX key_versions_active", "index key_versions_active is missing")]
    [InlineData("DROP TABLE credential_usage", "table credential_usage is missing")]
    [InlineData("ALTER TABLE keys ADD COLUMN other TEXT DEFAULT 'x'", "table keys is different")]
    [InlineData("ALTER TABLE key_usage DROP COLUMN failures", "table key_usage is different")]
    [InlineData("PRAGMA application_id = 7", "application_id is different")]
    [InlineData(
        """
        PRAGMA writable_schema = ON;
        UPDATE sqlite_master SET sql = replace(sql, 'length(seal) = 33', 'length(seal) > 0') WHERE name = 'keys'
        """,
        "table keys is different")]
    [InlineData(
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'DEFAULT 1', 'DEFAULT 2') WHERE name = 'keyring'",
        "table keyring is different")]
    [InlineData(
        """
        PRAGMA writable_schema = ON;
        UPDATE sqlite_master SET sql = replace(sql, 'tenant_id BLOB NOT NULL REFERENCES', '/*' || char(10) || '*/tenant_id BLOB --'
          || char(10) || 'REFERENCES') WHERE name = 'keys'
        """,
        "table keys is different")]
    public async Task A_start_on_SQLite_names_what_was_changed(string sql, string difference)
    {
        (await SqliteStores.OpenAsync(Data)).Dispose();
        using (SqliteConnection raw = OpenRaw())
            raw.Execute(sql);

        using SqliteKmsStore store = SqliteStores.Create(Data);
        await ShouldRefuseAsync(() => store.OpenAsync(CancellationToken.None), difference);
    }

    // Statistics for the choice of indexes are an administrator's affair.
    [Fact]
    public async Task Statistics_of_SQLite_are_no_change()
    {
        (await SqliteStores.OpenAsync(Data)).Dispose();
        using (SqliteConnection raw = OpenRaw())
            raw.Execute("ANALYZE; VACUUM");

        (await SqliteStores.OpenAsync(Data)).Dispose();
    }

    [TheoryIf(Requirement.Postgres)]
    [InlineData(
        """
        CREATE FUNCTION f() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$;
        CREATE TRIGGER t BEFORE UPDATE ON keys FOR EACH ROW EXECUTE FUNCTION f()
        """,
        "trigger keys.t is too many")]
    [InlineData("CREATE FUNCTION f() RETURNS INTEGER LANGUAGE SQL AS $$ SELECT 1 $$", "function f() is too many")]
    [InlineData("CREATE RULE r AS ON UPDATE TO keys DO INSTEAD NOTHING", "rule keys.r is too many")]
    [InlineData("CREATE POLICY p ON keys USING (true)", "policy keys.p is too many")]
    [InlineData("ALTER TABLE keys ENABLE ROW LEVEL SECURITY", "table keys is different")]
    [InlineData("ALTER TABLE keys DISABLE TRIGGER ALL", "foreign key triggers keys.")]
    [InlineData("ALTER TABLE writes SET UNLOGGED", "table writes is different")]
    [InlineData("CREATE TABLE child () INHERITS (keys)", "table keys is different")]
    [InlineData("CREATE VIEW v AS SELECT 1", "view v is too many")]
    [InlineData("CREATE MATERIALIZED VIEW m AS SELECT 1", "materialized view m is too many")]
    [InlineData("ALTER TABLE writes RENAME TO other; CREATE VIEW writes AS SELECT * FROM other", "view writes is too many")]
    [InlineData("CREATE TABLE other (id INTEGER)", "table other is too many")]
    [InlineData("CREATE INDEX i ON keys (name)", "index keys.i is too many")]
    [InlineData("DROP INDEX key_versions_active", "index key_versions.key_versions_active is missing")]
    [InlineData("ALTER TABLE keys DROP CONSTRAINT keys_seal_check", "constraint keys.keys_seal_check is missing")]
    [InlineData(
        """
        ALTER TABLE keys DROP CONSTRAINT keys_seal_check;
        ALTER TABLE keys ADD CONSTRAINT keys_seal_check CHECK (length(seal) = 33) NOT VALID
        """,
        "constraint keys.keys_seal_check is different")]
    [InlineData("ALTER TABLE keys ALTER COLUMN seal DROP NOT NULL", "column keys.seal is different")]
    [InlineData("ALTER TABLE keyring ALTER COLUMN state SET DEFAULT 2", "column keyring.state is different")]
    [InlineData("ALTER TABLE keys ADD COLUMN other TEXT GENERATED ALWAYS AS (name) STORED", "column keys.other is too many")]
    [InlineData("ALTER TABLE keys DROP COLUMN description", "column keys.description is missing")]
    [InlineData("CREATE DOMAIN d AS TEXT", "type d is too many")]
    public async Task A_start_on_PostgreSQL_names_what_was_changed(string sql, string difference)
    {
        Database.Run(sql);

        using PostgresKmsStore store = PostgresStores.Create(Database.ConnectionString);
        await ShouldRefuseAsync(() => store.OpenAsync(CancellationToken.None), difference);
    }

    // An old database is looked at before the first new script runs on it, and may then be brought up to date.
    [Fact]
    public async Task An_old_database_on_SQLite_is_looked_at_before_it_is_migrated()
    {
        IReadOnlyList<Migration> all = Migration.For("Sqlite");
        using (SqliteKmsStore old = SqliteStores.Create(Data, migrations: [.. all.Take(2)]))
            await old.OpenAsync(CancellationToken.None);

        using (SqliteConnection raw = OpenRaw())
            raw.Execute("CREATE TRIGGER t AFTER UPDATE ON keys BEGIN SELECT 1; END");

        using (SqliteKmsStore refused = SqliteStores.Create(Data))
            await ShouldRefuseAsync(() => refused.OpenAsync(CancellationToken.None), "trigger t is too many");

        using (SqliteConnection raw = OpenRaw())
        {
            raw.ExecuteScalar<long>("SELECT COUNT(*) FROM schema_migrations").Should().Be(2);
            raw.Execute("DROP TRIGGER t");
        }

        using SqliteKmsStore upgraded = await SqliteStores.OpenAsync(Data);
    }

    [FactIf(Requirement.Postgres)]
    public async Task An_old_database_on_PostgreSQL_is_looked_at_before_it_is_migrated()
    {
        _database = PostgresServer.CreateEmpty();
        await PostgresStores.MigrateAsync(Database, scripts: 2);
        Database.Run("ALTER TABLE keys DROP CONSTRAINT keys_seal_check");
        using (PostgresKmsStore refused = PostgresStores.Create(Database.ConnectionString))
            await ShouldRefuseAsync(() => refused.OpenAsync(CancellationToken.None), "constraint keys.keys_seal_check is missing");

        Database.Run("SELECT COUNT(*) FROM schema_migrations").Should().Be(2L);
        Database.Run("ALTER TABLE keys ADD CONSTRAINT keys_seal_check CHECK (length(seal) = 33)");
        using PostgresKmsStore upgraded = await PostgresStores.OpenAsync(Database);
    }

    [Fact]
    public async Task A_running_service_on_SQLite_stops_while_its_schema_is_changed()
    {
        FakeLogCollector log = new();
        using SqliteKmsStore store = await SqliteStores.OpenAsync(Data, logger: new FakeLogger<SqliteKmsStore>(log));
        using SqliteConnection raw = OpenRaw();

        await ShouldStopAsync(
            store,
            store.Schema,
            log,
            "index key_versions_active is missing",
            () => raw.Execute("DROP INDEX key_versions_active"),
            () => raw.Execute("CREATE UNIQUE INDEX key_versions_active ON key_versions (tenant_id, key_id) WHERE state = 1"));
    }

    [FactIf(Requirement.Postgres)]
    public async Task A_running_service_on_PostgreSQL_stops_while_its_schema_is_changed()
    {
        FakeLogCollector log = new();
        using PostgresKmsStore store = await PostgresStores.OpenAsync(Database, new FakeLogger<PostgresKmsStore>(log));

        await ShouldStopAsync(
            store,
            store.Schema,
            log,
            "rule keys.r is too many",
            () => Database.Run("CREATE RULE r AS ON UPDATE TO keys DO INSTEAD NOTHING"),
            () => Database.Run("DROP RULE r ON keys"));
    }

    // Tests write rows that the schema refuses. A look that comes just then, and stops the service, would be in all of their ways.
    [FactIf(Requirement.Postgres)]
    public async Task Rows_that_tests_write_against_a_check_change_no_schema_for_others()
    {
        using PostgresKmsStore store = await PostgresStores.OpenAsync(Database);
        using Support.Database behind = Support.Database.OfPostgres(Database.ConnectionString);
        behind.AsOne(() =>
        {
            behind.Execute("UPDATE schema_lock SET only_row = 2").Should().Be(1);
            store.Schema.LookAsync().GetAwaiter().GetResult();
        });
        store.Schema.ThrowIfDifferent();
        behind.Execute("UPDATE schema_lock SET only_row = 3").Should().Be(1);

        await store.Schema.LookAsync();

        store.Schema.ThrowIfDifferent();
        this.Invoking(test => test.Database.Run("UPDATE schema_lock SET only_row = 4")).Should().Throw<Npgsql.PostgresException>();
    }

    // A server that is restarted, or another one behind the same name, is looked at by the first connection to it.
    [FactIf(Requirement.Postgres)]
    public async Task The_first_connection_to_another_server_looks_at_its_schema()
    {
        PostgresSchemaCheck check = new(Migration.For("Postgres").Count, _ => { });
        using PostgresConnections connections = new(PostgresPatience.Long.For(Database.ConnectionString));
        await using Npgsql.NpgsqlConnection connection = await connections.OpenSingleAsync(CancellationToken.None);
        await check.CheckAsync(connection, "one");
        Database.Run("DROP INDEX key_versions_active");

        await check.CheckAsync(connection, "one");
        await ShouldRefuseAsync(() => check.CheckAsync(connection, "another"), "index key_versions.key_versions_active is missing");
    }

    // Nodes of two releases work on one database while it is upgraded. No release adds what acts by itself.
    [FactIf(Requirement.Postgres)]
    public async Task A_newer_release_may_add_to_the_schema_under_a_running_node_and_nobody_may_add_triggers()
    {
        using PostgresKmsStore running = await PostgresStores.OpenAsync(Database);
        Migration later = new(Migration.For("Postgres").Count + 1, "9999_later", "ALTER TABLE keys ADD COLUMN later TEXT");
        using PostgresKmsStore newer = PostgresStores.Create(Database.ConnectionString, [.. Migration.For("Postgres"), later]);
        await newer.OpenAsync(CancellationToken.None);

        await running.Schema.LookAsync();
        running.Schema.ThrowIfDifferent();

        Database.Run("CREATE RULE r AS ON UPDATE TO keys DO INSTEAD NOTHING");
        await running.Schema.LookAsync();
        running.Schema.Invoking(schema => schema.ThrowIfDifferent()).Should().Throw<KmsException>();
    }

    // The three switches, by what they are for: on the connection that writes, and on those that read.
    [Fact]
    public async Task Connections_to_SQLite_run_no_trigger_and_no_view_and_let_nobody_write_the_schema()
    {
        using SqliteKmsStore store = await SqliteStores.OpenAsync(Data);
        using (SqliteConnection raw = OpenRaw())
        {
            raw.Execute(
                """
                CREATE TABLE fired (x);
                CREATE TRIGGER t AFTER INSERT ON tenants BEGIN INSERT INTO fired VALUES (1); END;
                CREATE VIEW v AS SELECT 1 AS x
                """);
        }

        StoreRows rows = new();
        await StoredTenant.AddAsync(store, rows, "acme");
        (await store.ReadAsync(session => Scalar(session, "SELECT COUNT(*) FROM fired"), CancellationToken.None)).Should().Be(0);
        foreach (Func<Func<IKmsSession, Task<long>>, CancellationToken, Task<long>> run in
            (Func<Func<IKmsSession, Task<long>>, CancellationToken, Task<long>>[])[store.ReadAsync, store.WriteAsync])
        {
            Func<Task> view = () => run(session => Scalar(session, "SELECT x FROM v"), CancellationToken.None);
            (await view.Should().ThrowAsync<SqliteException>()).WithMessage("*access to view \"v\" prohibited*");
        }

        Func<Task> schema = () => store.WriteAsync(
            session => Scalar(session, "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = '' WHERE name = 't'"),
            CancellationToken.None);
        (await schema.Should().ThrowAsync<SqliteException>()).WithMessage("*table sqlite_master may not be modified*");
    }

    [Theory]
    [InlineData("CREATE TABLE t (a,\n  b)", "CREATE TABLE t(a,b)")]
    [InlineData("CREATE TABLE t (a -- c\n, b /* c */)", "CREATE TABLE t(a,b)")]
    [InlineData("CHECK (x = 'a  b')", "CHECK(x = 'a  b')")]
    [InlineData("CHECK (x = '--' || y)", "CHECK(x = '--' || y)")]
    [InlineData("\"a  (b\" [c  d] `e /* f`", "\"a  (b\" [c  d] `e /* f`")]
    [InlineData("'it''s  (' -- it's\n x", "'it''s  (' x")]
    [InlineData("a -- open", "a")]
    [InlineData("a /* open", "a")]
    [InlineData("'open  ", "'open")]
    public void Statements_are_compared_without_what_means_nothing(string sql, string tokens) =>
        SqliteSchema.Tokens(sql).Should().Be(tokens);

    private static Task<long> Scalar(IKmsSession session, string sql) => ((Qkms.Storage.Sessions.KmsSession)session).ScalarAsync<long>(sql);

    private static async Task ShouldStopAsync(
        IKmsStore store, SchemaWatch watch, FakeLogCollector log, string difference, Action change, Action undo)
    {
        Func<Task> read = () => store.ReadAsync(session => Repositories.Tenants.AnyAsync(session), CancellationToken.None);
        Func<Task> write = () => StoredTenant.AddAsync(store, new StoreRows(), "acme");
        await watch.LookAsync();
        await read();

        change();
        await watch.LookAsync();

        (await read.Should().ThrowAsync<KmsException>()).Which.Error.Should().Be(KmsErrors.Unavailable);
        (await write.Should().ThrowAsync<KmsException>()).Which.Error.Should().Be(KmsErrors.Unavailable);
        log.Lines.Should().ContainSingle(line =>
            line.StartsWith("Critical ", StringComparison.Ordinal) && line.Contains(difference, StringComparison.Ordinal));

        undo();
        await watch.LookAsync();
        await read();
        await write();
    }

    private static async Task ShouldRefuseAsync(Func<Task> open, string difference) =>
        (await open.Should().ThrowAsync<StoreUnusableException>()).WithMessage($"The schema of the database is not *{difference}*");

    private SqliteConnection OpenRaw()
    {
        // The store loads the native library; a raw connection alone would find none.
        _ = NativeSqlite.Description;
        SqliteConnection connection = new(
            new SqliteConnectionStringBuilder { DataSource = Path.Combine(Data, "qkms.db"), Pooling = false }.ConnectionString);
        connection.Open();
        return connection;
    }
}
