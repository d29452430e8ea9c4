using Microsoft.Extensions.Logging.Testing;
using Npgsql;
using Qkms.Storage;
using Qkms.Storage.Migrations;
using Qkms.Storage.Postgres;
using Qkms.Tests.Support.Proxy;

namespace Qkms.Tests.Storage;

/// <summary>Opening the shared database: whose it is, what state it is in, and what must stop the start.</summary>
public sealed class PostgresStartTests : IDisposable
{
    private PostgresDatabase? _database;

    private PostgresDatabase Database => _database ??= PostgresServer.CreateEmpty();

    public void Dispose() => _database?.Dispose();

    [FactIf(Requirement.Postgres)]
    public async Task The_registered_store_opens_and_says_what_it_is_without_its_password()
    {
        await using ServiceProvider services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(TimeProvider.System)
            .AddQkmsStorage(PostgresPatience.Long.For($"{Database.ConnectionString};Password=very-secret"))
            .BuildServiceProvider();
        IKmsStore store = services.GetRequiredService<IKmsStore>();

        await store.OpenAsync(CancellationToken.None);

        store.IsEmbedded.Should().BeFalse();
        store.Description.Should().MatchRegex($@"^PostgreSQL \d+\.\d+, host \S+:\d+, database {Database.Name}$");
        (await store.ReadAsync(session => Repositories.Tenants.AnyAsync(session), CancellationToken.None)).Should().BeFalse();
    }

    [FactIf(Requirement.Postgres)]
    public async Task Nodes_that_start_at_once_on_an_empty_database_make_one_schema()
    {
        PostgresKmsStore[] nodes = [.. Enumerable.Range(0, 8).Select(_ => PostgresStores.Create(Database.ConnectionString))];

        await Task.WhenAll(nodes.Select(node => Task.Run(() => node.OpenAsync(CancellationToken.None))));

        Applied().Should().Equal(Migration.For("Postgres").Select(script => script.Name));
        Database.Run("SELECT COUNT(*) FROM installation").Should().Be(1L);
        Array.ForEach(nodes, node => node.Dispose());
    }

    [FactIf(Requirement.Postgres)]
    public async Task Migrations_run_once_and_the_installation_keeps_its_id()
    {
        object?[] ids = new object?[2];
        for (int start = 0; start < 2; start++)
        {
            using PostgresKmsStore store = await PostgresStores.OpenAsync(Database);
            ids[start] = Database.Run("SELECT installation_id FROM installation");
        }

        ((byte[])ids[1]!).Should().Equal((byte[])ids[0]!);
    }

    [FactIf(Requirement.Postgres)]
    public async Task A_later_migration_is_added_to_a_database_in_use()
    {
        FakeLogCollector log = new();
        FakeLogger<PostgresKmsStore> logger = new(log);
        using PostgresKmsStore running = await PostgresStores.OpenAsync(Database.ConnectionString, logger);
        log.Text.Should().Contain("applied").And.NotContain("brought up to date", "a new database has nothing that takes long");
        using PostgresKmsStore upgraded = PostgresStores.Create(
            Database.ConnectionString, [.. Migration.For("Postgres"), Later("CREATE TABLE later (id INTEGER)")], logger);

        await upgraded.OpenAsync(CancellationToken.None);
        log.Lines.SkipWhile(line => !line.Contains("1 migrations, from later on", StringComparison.Ordinal)).Skip(1)
            .Should().Contain(line => line.Contains("Migration later applied", StringComparison.Ordinal), "it is said before");

        Applied().Should().Equal([.. Migration.For("Postgres").Select(script => script.Name), "later"]);
        (await running.ReadAsync(session => Repositories.Tenants.AnyAsync(session), CancellationToken.None)).Should().BeFalse();
        await ShouldRefuseAsync(Database.ConnectionString, "*newer release*later*");
    }

    // What they hold has another form, which nothing reads any more.
    [FactIf(Requirement.Postgres)]
    public async Task Kept_answers_from_before_kept_results_are_forgotten()
    {
        await PostgresStores.MigrateAsync(Database, scripts: 2);
        Database.Run(
            """
            INSERT INTO tenants (id, account_id, name, state, plan, created_at, seal)
            VALUES (decode(repeat('01', 16), 'hex'), '000000000001', 'acme', 1, 'enterprise', 1, decode(repeat('01', 33), 'hex'))
            """);
        Database.Run(
            "INSERT INTO idempotency SELECT id, 'key', decode(repeat('00', 32), 'hex'), 201, NULL, NULL, 1, 9999999999999 FROM tenants");
        Database.Run("SELECT COUNT(*) FROM idempotency").Should().Be(1L);

        using PostgresKmsStore upgraded = await PostgresStores.OpenAsync(Database);
        Database.Run("SELECT COUNT(*) FROM idempotency").Should().Be(0L);
        (await upgraded.ReadAsync(session => Repositories.Tenants.AnyAsync(session), CancellationToken.None)).Should().BeTrue();
    }

    [FactIf(Requirement.Postgres)]
    public async Task A_migration_that_fails_leaves_nothing_of_it()
    {
        using (PostgresKmsStore broken = PostgresStores.Create(
            Database.ConnectionString,
            [.. Migration.For("Postgres"), Later("CREATE TABLE later (id INTEGER); INSERT INTO nowhere VALUES (1)")]))
        {
            await broken.Awaiting(store => store.OpenAsync(CancellationToken.None)).Should().ThrowAsync<StoreUnusableException>();
        }

        using PostgresKmsStore store = await PostgresStores.OpenAsync(Database);
        Database.Run("SELECT COUNT(*) FROM pg_class WHERE relname = 'later'").Should().Be(0L);
    }

    [FactIf(Requirement.Postgres)]
    public async Task A_changed_migration_is_refused()
    {
        (await PostgresStores.OpenAsync(Database)).Dispose();
        Database.Run(@"UPDATE schema_migrations SET sha256 = '\x00'");

        await ShouldRefuseAsync(Database.ConnectionString, "Migration 0001_initial was applied*");
    }

    [FactIf(Requirement.Postgres)]
    public async Task A_database_of_something_else_is_refused_and_not_changed()
    {
        Database.Run("CREATE TABLE notes (text TEXT)");

        await ShouldRefuseAsync(Database.ConnectionString, "*does not belong to Qkms*");

        Database.Run("SELECT string_agg(relname, ',') FROM pg_class WHERE relnamespace = 'public'::regnamespace").Should().Be("notes");
    }

    [FactIf(Requirement.Postgres)]
    public async Task A_schema_of_its_own_can_be_named()
    {
        Database.Run("CREATE TABLE notes (text TEXT); CREATE SCHEMA qkms");

        using PostgresKmsStore store = await PostgresStores.OpenAsync($"{Database.ConnectionString};Search Path=qkms");

        Database.Run("SELECT COUNT(*) FROM qkms.schema_migrations").Should().Be((long)Migration.For("Postgres").Count);
        await ShouldRefuseAsync($"{Database.ConnectionString};Search Path=nowhere", "*no schema to work in*");
    }

    // Q-29: a key that was handed out must be on disk.
    [TheoryIf(Requirement.Postgres)]
    [InlineData("", "ALTER DATABASE {0} SET synchronous_commit = off")]
    [InlineData(";Options=-c synchronous_commit=off", "")]
    public async Task A_database_that_answers_before_it_has_written_is_refused(string settings, string sql)
    {
        if (sql.Length > 0)
            PostgresServer.Execute(string.Format(System.Globalization.CultureInfo.InvariantCulture, sql, Database.Name));

        await ShouldRefuseAsync(Database.ConnectionString + settings, "*synchronous_commit is off*");
    }

    [FactIf(Requirement.Postgres)]
    public async Task A_node_that_is_lost_holds_its_locks_for_seconds_and_not_for_hours()
    {
        PostgresStorageOptions options = new()
        {
            ConnectionString = Database.ConnectionString,
            ConnectTimeout = TimeSpan.FromMinutes(1),
        };
        using PostgresConnections connections = new(options);
        await using NpgsqlConnection writer = await connections.OpenWriterAsync(CancellationToken.None);
        await using NpgsqlConnection reader = await connections.OpenReaderAsync(CancellationToken.None);
        foreach (NpgsqlConnection connection in (NpgsqlConnection[])[writer, reader])
        {
            await using NpgsqlCommand command = new(
                "SELECT current_setting('idle_in_transaction_session_timeout') || current_setting('lock_timeout')", connection);
            (await command.ExecuteScalarAsync()).Should().Be("10s2s");
        }
    }

    [FactIf(Requirement.Postgres)]
    public async Task A_start_waits_for_a_server_that_comes_later_and_not_for_ever()
    {
        using PostgresProxy proxy = new(Database);
        proxy.Become(ProxyWay.Refusing);
        FakeLogCollector log = new();
        using PostgresKmsStore patient = PostgresStores.Create(
            PostgresPatience.Long.For(proxy.ConnectionString), logger: new FakeLogger<PostgresKmsStore>(log));

        Task open = patient.OpenAsync(CancellationToken.None);
        await ShouldRefuseAsync(
            (PostgresPatience.Long with { Start = TimeSpan.FromSeconds(1) }).For(proxy.ConnectionString),
            $"The database '{Database.Name}' on 127.0.0.1:{proxy.Address.Port} cannot be used: *");
        proxy.Become(ProxyWay.Open);

        await open;
        log.Lines.Should().ContainSingle(line => line.Contains("does not answer yet", StringComparison.Ordinal));
    }

    // F-50: a start is many round trips, and any of them may be the one at which the connection breaks.
    [TheoryIf(Requirement.Postgres)]
    [InlineData(nameof(CommitFate.CutBefore))]
    [InlineData(nameof(CommitFate.CutAfter))]
    public async Task A_start_whose_connections_break_goes_on_with_others(string fate)
    {
        using PostgresProxy proxy = new(Database);
        for (int lifetime = 1; lifetime <= 4; lifetime++)
        {
            using PostgresKmsStore store = PostgresStores.Create(proxy.ConnectionString);
            int before = proxy.Attempts;
            proxy.BreakNextCommit(Enum.Parse<CommitFate>(fate));
            proxy.Lifetime = lifetime;
            Task open = store.OpenAsync(CancellationToken.None);
            await Eventually.HoldsAsync(() => Task.FromResult(proxy.Attempts > before));
            proxy.Lifetime = int.MaxValue;

            await open;
        }

        Applied().Should().Equal(Migration.For("Postgres").Select(script => script.Name));
    }

    [FactIf(Requirement.Postgres)]
    public async Task A_wrong_database_is_refused_at_once() =>
        await ShouldRefuseAsync(
            new NpgsqlConnectionStringBuilder(Database.ConnectionString) { Database = "nobodys" }.ConnectionString, "*3D000*");

    [FactIf(Requirement.Postgres)]
    public async Task Of_several_servers_the_one_that_is_there_is_used()
    {
        using PostgresProxy gone = new(Database);
        gone.Become(ProxyWay.Refusing);
        string hosts = new NpgsqlConnectionStringBuilder(Database.ConnectionString)
        {
            Host = $"127.0.0.1:{gone.Address.Port},127.0.0.1:{Database.Port}"
        }.ConnectionString;

        using PostgresKmsStore store = await PostgresStores.OpenAsync(hosts);

        (await store.ReadAsync(session => Repositories.Tenants.AnyAsync(session), CancellationToken.None)).Should().BeFalse();
        gone.Attempts.Should().BePositive();
        Action standby = () => PostgresStores.Create($"{hosts};Target Session Attributes=prefer-standby").Dispose();
        standby.Should().Throw<StoreUnusableException>().WithMessage("*only the primary*");
    }

    [Theory]
    [InlineData("half a p4ssword;Host=x")]
    [InlineData("Host=x;Database=y;Pasword=p4ssword")]
    [InlineData("Host=x;Database=y;Port=p4ssword")]
    public void A_connection_string_that_cannot_be_read_is_refused_and_not_repeated(string text)
    {
        Action create = () => PostgresStores.Create(text).Dispose();

        create.Should().Throw<StoreUnusableException>().Which.ToString().Should().NotContain("p4ssword");
    }

    [Theory]
    [InlineData("Host=db.example;Database=qkms", true)]
    [InlineData("Host=db.example;Database=qkms;SSL Mode=Require", true)]
    [InlineData("Host=127.0.0.1,db.example;Database=qkms", true)]
    [InlineData("Host=db.example;Database=qkms;SSL Mode=VerifyFull", false)]
    [InlineData("Host=127.0.0.1;Database=qkms", false)]
    [InlineData("Host=localhost:5433;Database=qkms", false)]
    [InlineData("Host=/run/postgresql;Database=qkms", false)]
    public void A_way_to_another_machine_that_is_not_checked_is_known_as_such(string connectionString, bool isExposed)
    {
        using PostgresConnections connections = new(new PostgresStorageOptions { ConnectionString = connectionString });

        connections.IsExposed.Should().Be(isExposed);
    }

    // Three nodes have to fit into the hundred connections that a server takes.
    [Theory]
    [InlineData("Host=x;Database=y", 14)]
    [InlineData("Host=x;Database=y;Maximum Pool Size=40", 40)]
    [InlineData("Host=x;Database=y;MaxPoolSize=100", 100)]
    public void Each_pool_has_fourteen_connections_unless_another_number_is_given(string connectionString, int size)
    {
        using PostgresConnections connections = new(new PostgresStorageOptions { ConnectionString = connectionString });

        connections.PoolSize.Should().Be(size);
    }

    // A table that is added to one database and forgotten in the other shows here.
    [FactIf(Requirement.Postgres)]
    public async Task Both_databases_have_the_same_tables_and_columns()
    {
        using TemporaryDirectory directory = new();
        using (await SqliteStores.OpenAsync(directory.Path))
        using (await PostgresStores.OpenAsync(Database))
        {
        }

        Migration.For("Postgres").Select(script => script.Name).Should().Equal(Migration.For("Sqlite").Select(script => script.Name));
        using Database sqlite = Support.Database.OfSqlite(directory.File("qkms.db"));
        using Database postgres = Support.Database.OfPostgres(Database.ConnectionString);
        string[] onPostgresOnly = ["schema_lock.only_row", "writes.fenced"];
        postgres.Strings("SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'")
            .Except(onPostgresOnly)
            .Should().BeEquivalentTo(sqlite.Strings(
                "SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"));
    }

    private static Migration Later(string sql) => new(Migration.For("Postgres").Count + 1, "later", sql);

    private string[] Applied() => ((string)Database.Run("SELECT string_agg(name, ',' ORDER BY number) FROM schema_migrations")!).Split(',');

    private static Task ShouldRefuseAsync(string connectionString, string message) =>
        ShouldRefuseAsync(PostgresPatience.Long.For(connectionString), message);

    private static async Task ShouldRefuseAsync(PostgresStorageOptions options, string message)
    {
        using PostgresKmsStore store = PostgresStores.Create(options);
        (await store.Awaiting(s => s.OpenAsync(CancellationToken.None)).Should().ThrowAsync<StoreUnusableException>()).WithMessage(message);
    }
}
