using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Testing;
using Qkms.Storage;
using Qkms.Storage.Migrations;
using Qkms.Storage.Sessions;
using Qkms.Storage.Sqlite;

namespace Qkms.Tests.Storage;

/// <summary>Opening the embedded database: whose it is, what state it is in, and what must stop the start.</summary>
public sealed class SqliteStartTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly StoreRows _rows = new();

    private string Data => _directory.File("data");

    private string Database => Path.Combine(Data, "qkms.db");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task The_registered_store_opens_and_says_what_it_is()
    {
        await using ServiceProvider services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(TimeProvider.System)
            .AddQkmsStorage(new SqliteStorageOptions { DataDirectory = Data })
            .BuildServiceProvider();
        IKmsStore store = services.GetRequiredService<IKmsStore>();

        await store.OpenAsync(CancellationToken.None);

        store.IsEmbedded.Should().BeTrue();
        store.Description.Should().MatchRegex(@"^SQLite 3\.(5[3-9]|[6-9]\d)\.\d+, ").And.EndWith(Database);
        (await store.ReadAsync(session => Repositories.Tenants.AnyAsync(session), CancellationToken.None)).Should().BeFalse();
    }

    [Fact]
    public async Task A_store_that_is_not_open_says_so()
    {
        using SqliteKmsStore store = SqliteStores.Create(Data);

        Func<Task> read = () => store.ReadAsync(session => Repositories.Tenants.AnyAsync(session), CancellationToken.None);

        await read.Should().ThrowAsync<InvalidOperationException>();
    }

    [Fact]
    public async Task Connections_are_durable_checked_and_trust_no_schema()
    {
        using SqliteKmsStore store = await SqliteStores.OpenAsync(Data);
        static Func<IKmsSession, Task<long>> Pragma(string name) => session => ((KmsSession)session).ScalarAsync<long>($"PRAGMA {name}");
        Task<long> Write(string pragma) => store.WriteAsync(Pragma(pragma), CancellationToken.None);
        Task<long> Read(string pragma) => store.ReadAsync(Pragma(pragma), CancellationToken.None);

        (await Write("synchronous")).Should().Be(2, "2 is FULL");
        (await Write("foreign_keys")).Should().Be(1);
        (await Write("trusted_schema")).Should().Be(0);
        (await Write("secure_delete")).Should().Be(1);
        (await Write("temp_store")).Should().Be(2, "2 is MEMORY");
        (await Read("trusted_schema")).Should().Be(0);
        (await store.ReadAsync(session => ((KmsSession)session).ListAsync<string>("PRAGMA journal_mode"), CancellationToken.None))
            .Should().Equal("wal");
    }

    [Fact]
    public async Task Files_belong_to_their_owner_alone()
    {
        if (OperatingSystem.IsWindows())
            return;

        using SqliteKmsStore store = await SqliteStores.OpenAsync(Data);
        await AddTenantAsync(store, "acme");

        File.GetUnixFileMode(Data).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (string name in (string[])["qkms.db", "qkms.db-wal", "qkms.db-shm", "qkms.lock"])
            File.GetUnixFileMode(Path.Combine(Data, name)).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite, name);
    }

    [Fact]
    public async Task A_database_that_others_could_read_is_taken_back()
    {
        if (OperatingSystem.IsWindows())
            return;

        (await SqliteStores.OpenAsync(Data)).Dispose();
        File.SetUnixFileMode(Database, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);

        using SqliteKmsStore store = await SqliteStores.OpenAsync(Data);

        File.GetUnixFileMode(Database).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task A_data_directory_is_held_by_one_store_until_it_is_disposed()
    {
        SqliteKmsStore first = await SqliteStores.OpenAsync(Data);
        using SqliteKmsStore second = SqliteStores.Create(Data);

        Func<Task> open = () => second.OpenAsync(CancellationToken.None);

        (await open.Should().ThrowAsync<StoreUnusableException>()).WithMessage("Another process uses the data directory*");
        (await AddTenantAsync(first, "acme")).Should().BeTrue("the refused one disturbs nothing");
        first.Dispose();
        await second.OpenAsync(CancellationToken.None);
        (await AddTenantAsync(second, "other")).Should().BeTrue();
    }

    [Fact]
    public async Task What_was_acknowledged_is_there_after_a_kill()
    {
        using SqliteKmsStore store = await SqliteStores.OpenAsync(Data);
        await AddTenantAsync(store, "acme");

        // What a killed process leaves: the files as they are now, the write-ahead log not yet in the database.
        string left = _directory.File("left");
        Directory.CreateDirectory(left);
        foreach (string name in (string[])["qkms.db", "qkms.db-wal"])
            File.Copy(Path.Combine(Data, name), Path.Combine(left, name));

        using SqliteKmsStore reopened = await SqliteStores.OpenAsync(left);
        (await reopened.ReadAsync(session => Repositories.Tenants.AnyAsync(session), CancellationToken.None)).Should().BeTrue();
    }

    [Fact]
    public async Task Migrations_run_once_and_the_installation_keeps_its_id()
    {
        byte[][] ids = new byte[2][];
        for (int start = 0; start < 2; start++)
        {
            using SqliteKmsStore store = await SqliteStores.OpenAsync(Data);
            ids[start] = (await ListAsync<byte[]>(store, "SELECT installation_id FROM installation")).Single();
            (await ListAsync<string>(store, "SELECT name FROM schema_migrations ORDER BY number"))
                .Should().Equal(Migration.For("Sqlite").Select(migration => migration.Name));
        }

        ids[1].Should().Equal(ids[0]).And.HaveCount(16);
    }

    [Fact]
    public async Task A_later_migration_is_added_to_a_database_in_use()
    {
        FakeLogCollector log = new();
        FakeLogger<SqliteKmsStore> logger = new(log);
        using (SqliteKmsStore store = await SqliteStores.OpenAsync(Data, logger: logger))
            await AddTenantAsync(store, "acme");

        log.Text.Should().Contain("applied").And.NotContain("brought up to date", "a new database has nothing that takes long");
        using SqliteKmsStore upgraded = SqliteStores.Create(
            Data, migrations: [.. Migration.For("Sqlite"), Later("CREATE TABLE later (id INTEGER)")], logger: logger);
        await upgraded.OpenAsync(CancellationToken.None);
        log.Lines.SkipWhile(line => !line.Contains("1 migrations, from 9999_later on", StringComparison.Ordinal)).Skip(1)
            .Should().Contain(line => line.Contains("Migration 9999_later applied", StringComparison.Ordinal), "it is said before");

        (await ListAsync<string>(upgraded, "SELECT name FROM schema_migrations ORDER BY number"))
            .Should().Equal([.. Migration.For("Sqlite").Select(migration => migration.Name), "9999_later"]);
        (await upgraded.ReadAsync(session => Repositories.Tenants.AnyAsync(session), CancellationToken.None)).Should().BeTrue();
    }

    // What they hold has another form, which nothing reads any more.
    [Fact]
    public async Task Kept_answers_from_before_kept_results_are_forgotten()
    {
        using (SqliteKmsStore store = SqliteStores.Create(Data, migrations: [.. Migration.For("Sqlite").Take(2)]))
            await store.OpenAsync(CancellationToken.None);

        // As the build of that time wrote it.
        Execute("INSERT INTO tenants VALUES (zeroblob(16), '000000000001', 'acme', 1, 'free', 1, zeroblob(33))");
        Execute("INSERT INTO idempotency SELECT id, 'key', zeroblob(32), 201, NULL, x'01', 1, 9223372036854775807 FROM tenants");

        using SqliteKmsStore upgraded = await SqliteStores.OpenAsync(Data);
        (await ListAsync<string>(upgraded, "SELECT idempotency_key FROM idempotency")).Should().BeEmpty();
        (await upgraded.ReadAsync(session => Repositories.Tenants.AnyAsync(session), CancellationToken.None)).Should().BeTrue();
    }

    [Fact]
    public async Task A_migration_that_fails_leaves_nothing_of_it()
    {
        using (SqliteKmsStore broken = SqliteStores.Create(
            Data, migrations: [.. Migration.For("Sqlite"), Later("CREATE TABLE later (id INTEGER); INSERT INTO nowhere VALUES (1)")]))
        {
            Func<Task> open = () => broken.OpenAsync(CancellationToken.None);
            await open.Should().ThrowAsync<StoreUnusableException>();
        }

        using SqliteKmsStore store = await SqliteStores.OpenAsync(Data);
        (await ListAsync<string>(store, "SELECT name FROM sqlite_master WHERE name = 'later'")).Should().BeEmpty();
    }

    [Fact]
    public async Task A_database_of_a_newer_release_is_refused()
    {
        using (SqliteKmsStore newer = SqliteStores.Create(
            Data, migrations: [.. Migration.For("Sqlite"), Later("CREATE TABLE later (id INTEGER)")]))
            await newer.OpenAsync(CancellationToken.None);

        await ShouldRefuseAsync("*newer release*9999_later*");
    }

    [Fact]
    public async Task A_changed_migration_is_refused()
    {
        (await SqliteStores.OpenAsync(Data)).Dispose();
        Execute("UPDATE schema_migrations SET sha256 = zeroblob(32)");

        await ShouldRefuseAsync("Migration 0001_initial was applied*");
    }

    [Fact]
    public async Task A_database_of_something_else_is_refused_and_not_changed()
    {
        Directory.CreateDirectory(Data);
        Execute("CREATE TABLE notes (text TEXT)");

        await ShouldRefuseAsync("*is not a database of Qkms*");

        using SqliteConnection connection = OpenRaw();
        connection.Query<string>("SELECT name FROM sqlite_master").Should().Equal("notes");
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused()
    {
        Directory.CreateDirectory(Data);
        await File.WriteAllTextAsync(Database, string.Concat(Enumerable.Repeat("not a database. ", 512)));

        await ShouldRefuseAsync("The database '*' cannot be opened: *");
    }

    [Fact]
    public async Task A_data_directory_that_is_a_file_is_refused()
    {
        await File.WriteAllTextAsync(Data, "");

        await ShouldRefuseAsync("The data directory '*' cannot be used: *");
    }

    private async Task ShouldRefuseAsync(string message)
    {
        using SqliteKmsStore store = SqliteStores.Create(Data);
        Func<Task> open = () => store.OpenAsync(CancellationToken.None);
        (await open.Should().ThrowAsync<StoreUnusableException>()).WithMessage(message);
    }

    private static Migration Later(string sql) => new(Migration.For("Sqlite").Count + 1, "9999_later", sql);

    private Task<bool> AddTenantAsync(SqliteKmsStore store, string name) =>
        store.WriteAsync(session => Repositories.Tenants.InsertAsync(session, StoreRows.Seal(_rows.Tenant(name))), CancellationToken.None);

    private static Task<IReadOnlyList<T>> ListAsync<T>(SqliteKmsStore store, string sql) =>
        store.ReadAsync(session => ((KmsSession)session).ListAsync<T>(sql), CancellationToken.None);

    private void Execute(string sql)
    {
        using SqliteConnection connection = OpenRaw();
        connection.Execute(sql);
    }

    private SqliteConnection OpenRaw()
    {
        // The store loads the native library; a raw connection alone would find none.
        _ = NativeSqlite.Description;
        SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = Database, Pooling = false }.ConnectionString);
        connection.Open();
        return connection;
    }
}
