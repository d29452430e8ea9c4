using Microsoft.Extensions.Logging.Testing;
using Npgsql;
using Qkms.Storage.Postgres;
using Qkms.Storage.Sessions;
using Qkms.Tests.Support.Proxy;

namespace Qkms.Tests.Storage;

/// <summary>Units that come into each other's way, and a database that is slow, locked, full or gone.</summary>
public sealed class PostgresOutageTests : IDisposable
{
    // Far longer than anything here takes: a test that hangs ends, and a machine that does much else is waited for.
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    private readonly StoreRows _rows = new();
    private readonly FakeLogCollector _log = new();
    private PostgresDatabase? _database;
    private PostgresProxy? _proxy;
    private PostgresKmsStore? _store;

    private PostgresDatabase Database => _database!;

    private PostgresKmsStore Store => _store!;

    public void Dispose()
    {
        _store?.Dispose();
        _proxy?.Dispose();
        _database?.Dispose();
    }

    [FactIf(Requirement.Postgres)]
    public async Task Units_that_lock_each_other_out_both_end_well()
    {
        await OpenAsync();
        StoredTenant tenant = await StoredTenant.AddAsync(Store, _rows, "acme");
        KeyId[] ids =
        [
            (await tenant.AddKeyAsync("a", "ML-KEM-768", KeyState.Active)).Key.Id,
            (await tenant.AddKeyAsync("b", "ML-KEM-768", KeyState.Active)).Key.Id
        ];
        using Barrier both = new(2);
        int runs = 0;

        bool[] done = await Task.WhenAll(((KeyId[][])[ids, [ids[1], ids[0]]]).Select(order => Task.Run(() => Store.WriteAsync(
            async session =>
            {
                bool first = await Repositories.Keys.LockKeyAsync(session, tenant.Id, order[0]) is not null;
                if (Interlocked.Increment(ref runs) <= 2)
                    both.SignalAndWait(_patience);

                return first && await Repositories.Keys.LockKeyAsync(session, tenant.Id, order[1]) is not null;
            },
            CancellationToken.None))));

        done.Should().AllBeEquivalentTo(true);
        runs.Should().BeGreaterThan(2, "one of them was undone and ran again");
    }

    // Two nodes look, find nothing, and both insert: the second is run again and sees the first.
    [FactIf(Requirement.Postgres)]
    public async Task A_unit_that_was_second_sees_the_first_when_it_runs_again()
    {
        await OpenAsync();
        using Barrier both = new(2);
        int runs = 0;

        bool[] inserted = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() => Store.WriteAsync(
            async session =>
            {
                if ((await Repositories.Keyring.ListSystemKeysAsync(session)).Count > 0)
                    return false;

                if (Interlocked.Increment(ref runs) <= 2)
                    both.SignalAndWait(_patience);

                await Repositories.Keyring.InsertAsync(session, _rows.SystemKey(KeyringKind.RowSeal, version: 1));
                return true;
            },
            CancellationToken.None))));

        inserted.Should().BeEquivalentTo([true, false]);
    }

    [FactIf(Requirement.Postgres)]
    public async Task A_delegate_that_swallows_a_fault_is_not_acknowledged()
    {
        await OpenAsync();

        Func<Task> write = () => Store.WriteAsync(
            async session =>
            {
                await Repositories.Tenants.InsertAsync(session, StoreRows.Seal(_rows.Tenant("acme")));
                await ((KmsSession)session).Awaiting(s => s.ExecuteAsync("SELECT 1 / 0")).Should().ThrowAsync<PostgresException>();
                return true;
            },
            CancellationToken.None);

        await write.Should().ThrowAsync<PostgresException>();
        Database.Run("SELECT COUNT(*) FROM tenants").Should().Be(0L);
    }

    // Somebody's shell holds the row: its callers are refused in time, and nobody else notices.
    [FactIf(Requirement.Postgres)]
    public async Task A_row_that_is_held_refuses_those_who_want_it_and_nobody_else()
    {
        await OpenAsync(PostgresPatience.Long with { Lock = TimeSpan.FromMilliseconds(200) });
        StoredTenant tenant = await StoredTenant.AddAsync(Store, _rows, "acme");
        KeyId held = (await tenant.AddKeyAsync("held", "ML-KEM-768", KeyState.Active)).Key.Id;
        KeyId free = (await tenant.AddKeyAsync("free", "ML-KEM-768", KeyState.Active)).Key.Id;
        await using NpgsqlConnection holder = new(Database.ConnectionString);
        await holder.OpenAsync();
        await using NpgsqlTransaction holding = await holder.BeginTransactionAsync();
        await using NpgsqlCommand command = new("SELECT 1 FROM keys WHERE name = 'held' FOR UPDATE", holder);
        await command.ExecuteScalarAsync();

        Task<Sealed<Key>?>[] waiting = [.. Enumerable.Range(0, 6).Select(_ => Lock(held))];
        (await Lock(free)).Should().NotBeNull();
        foreach (Task<Sealed<Key>?> refused in waiting)
            await ShouldBeUnavailableAsync(() => refused);

        (await Lock(free)).Should().NotBeNull("a lock is no outage");
        await holding.RollbackAsync();
        (await Lock(held)).Should().NotBeNull();

        Task<Sealed<Key>?> Lock(KeyId id) =>
            Store.WriteAsync(session => Repositories.Keys.LockKeyAsync(session, tenant.Id, id), CancellationToken.None);
    }

    [FactIf(Requirement.Postgres)]
    public async Task More_units_than_connections_wait_and_then_are_refused()
    {
        await OpenAsync(PostgresPatience.Long with { Connect = TimeSpan.FromSeconds(2) }, ";Maximum Pool Size=2");
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<bool>[] holders = [.. Enumerable.Range(0, 2).Select(_ => HoldAsync())];

        await ShouldBeUnavailableAsync(HoldAsync);

        (await ReadAsync()).Should().BeFalse("reads have connections of their own");
        release.SetResult();
        (await Task.WhenAll(holders)).Should().AllBeEquivalentTo(true);
        (await HoldAsync()).Should().BeTrue();

        Task<bool> HoldAsync() => Store.WriteAsync(
            async session =>
            {
                await Repositories.Tenants.AnyAsync(session);
                await release.Task;
                return true;
            },
            CancellationToken.None);
    }

    [TheoryIf(Requirement.Postgres)]
    [InlineData(nameof(ProxyWay.Refusing))]
    [InlineData(nameof(ProxyWay.Silent))]
    public async Task A_database_that_is_gone_refuses_soon_then_at_once_and_is_used_again_when_it_is_back(string how)
    {
        await OpenAsync(patience: null);
        _proxy!.Become(Enum.Parse<ProxyWay>(how));

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => ShouldBeUnavailableAsync<bool>(i % 2 == 0 ? ReadAsync : WriteAsync)));
        _log.Lines.Should().Contain(line => line.Contains("callers are refused at once", StringComparison.Ordinal));

        int refusedAtOnce = 0;
        for (int i = 0; i < 20; i++)
        {
            int attempts = _proxy.Attempts;
            await ShouldBeUnavailableAsync(ReadAsync);
            refusedAtOnce += _proxy.Attempts == attempts ? 1 : 0;
        }

        refusedAtOnce.Should().BePositive("no connection was even tried");

        _proxy.Become(ProxyWay.Open);
        await Eventually.HoldsAsync(() => Succeeds(ReadAsync));

        (await WriteAsync()).Should().BeTrue();
        _log.Lines.Should().Contain(line => line.Contains("The database answers again", StringComparison.Ordinal));
    }

    // Full as Crash/FullPostgresDiskTests has it: the server undoes the statement, and takes the next read.
    [FactIf(Requirement.Postgres)]
    public async Task A_full_disk_refuses_each_write_once_and_no_read()
    {
        await OpenAsync();
        const string Full = "DO $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END $$";
        int tries = 0;
        for (int i = 0; i < 10; i++)
        {
            await ShouldBeUnavailableAsync(() => Store.WriteAsync(
                async session =>
                {
                    tries++;
                    await ((KmsSession)session).ExecuteAsync(Full);
                    return true;
                },
                CancellationToken.None));
        }

        tries.Should().Be(10, "none is made again, and none is kept out");
        (await ReadAsync()).Should().BeFalse();
        (await WriteAsync()).Should().BeTrue();
    }

    // A restart of the server breaks every idle connection in the pools; nobody is to notice.
    [FactIf(Requirement.Postgres)]
    public async Task Connections_that_the_server_ended_are_replaced_unnoticed()
    {
        await OpenAsync();
        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => i % 2 == 0 ? ReadAsync() : WriteAsync()));

        Database.EndConnections();

        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => i % 2 == 0 ? ReadAsync() : WriteAsync()));
    }

    // Its first columns are read by then.
    [TheoryIf(Requirement.Postgres)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_row_that_breaks_off_in_its_middle_is_asked_for_again(bool forWriting)
    {
        await OpenAsync();
        StoredTenant tenant = await StoredTenant.AddAsync(Store, _rows, "acme");
        KeyVersionId id = (await tenant.AddKeyAsync("a", "ML-KEM-768", KeyState.Active)).Versions[0].Id;

        _proxy!.RowsToBreak = 1;
        (await FindAsync())!.UnverifiedRow.Id.Should().Be(id);
        _proxy.RowsToBreak.Should().Be(0);

        _proxy.RowsToBreak = int.MaxValue;
        await ShouldBeUnavailableAsync(FindAsync);

        Task<Sealed<KeyVersion>?> FindAsync() => forWriting
            ? Store.WriteAsync(session => Repositories.Keys.FindVersionAsync(session, tenant.Id, id), CancellationToken.None)
            : Store.ReadAsync(session => Repositories.Keys.FindVersionAsync(session, tenant.Id, id), CancellationToken.None);
    }

    [FactIf(Requirement.Postgres)]
    public async Task Durability_that_is_switched_off_later_stops_the_service_until_it_is_back()
    {
        await OpenAsync();
        PostgresServer.Execute($"ALTER DATABASE {Database.Name} SET synchronous_commit = off");
        Database.EndConnections();

        await ShouldBeUnavailableAsync(WriteAsync);
        _log.Lines.Should().Contain(line => line.Contains("synchronous_commit is off", StringComparison.Ordinal));

        PostgresServer.Execute($"ALTER DATABASE {Database.Name} RESET synchronous_commit");
        await Eventually.HoldsAsync(() => Succeeds(WriteAsync));
    }

    [FactIf(Requirement.Postgres)]
    public async Task A_read_is_cancelled_by_its_caller()
    {
        await OpenAsync();
        using CancellationTokenSource caller = new();
        Func<Task> read = () =>
            Store.ReadAsync(session => ((KmsSession)session).ListAsync<string>("SELECT pg_sleep(300)::text"), caller.Token);

        Task cancelled = read.Should().ThrowAsync<OperationCanceledException>();
        await Eventually.HoldsAsync(() => Task.FromResult(IsUnderWay()));
        await caller.CancelAsync();
        await cancelled;
        await Eventually.HoldsAsync(() => Task.FromResult(!IsUnderWay()));
        _log.Lines.Should().BeEmpty();

        bool IsUnderWay() => (long)Database.Run(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'")! > 0;
    }

    private Task OpenAsync() => OpenAsync(PostgresPatience.Long);

    /// <summary>Opens the store of the test.</summary>
    /// <param name="patience">How long it waits; null for as long as it does in every service.</param>
    /// <param name="settings">What is added to its connection string.</param>
    private async Task OpenAsync(PostgresPatience? patience, string settings = "")
    {
        _database = PostgresServer.CreateMigrated();
        _proxy = new PostgresProxy(_database);
        string connectionString = _proxy.ConnectionString + settings;
        _store = await PostgresStores.OpenAsync(
            patience?.For(connectionString) ?? new PostgresStorageOptions { ConnectionString = connectionString },
            new FakeLogger<PostgresKmsStore>(_log));
        _log.Clear();
    }

    private Task<bool> ReadAsync() => Store.ReadAsync(session => Repositories.Tenants.AnyAsync(session), CancellationToken.None);

    private Task<bool> WriteAsync() => Store.WriteAsync(
        async session =>
        {
            await Repositories.Tenants.AnyAsync(session);
            return true;
        },
        CancellationToken.None);

    private static async Task<bool> Succeeds(Func<Task<bool>> work)
    {
        try
        {
            await work();
            return true;
        }
        catch (KmsException)
        {
            return false;
        }
    }

    private static async Task ShouldBeUnavailableAsync<T>(Func<Task<T>> work)
    {
        KmsException refusal = (await work.Awaiting(w => w().WaitAsync(_patience)).Should().ThrowAsync<KmsException>()).Which;
        refusal.Error.Should().Be(KmsErrors.Unavailable);
        refusal.RetryAfter.Should().BePositive();
    }
}
