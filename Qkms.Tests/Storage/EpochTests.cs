using Microsoft.Extensions.Logging.Testing;
using Npgsql;
using Qkms.Storage.Postgres;
using Qkms.Tests.Support.Proxy;

namespace Qkms.Tests.Storage;

/// <summary>
/// F-40: a node that has worked on a server refuses every other one that lacks something of what it has seen there, whatever put that in
/// its place. The way to the servers leads through a proxy, as through HAProxy or a name that is moved.
/// </summary>
public sealed class EpochTests : IDisposable
{
    // How long who changes something waits for a standby that is away: long enough for a busy machine to cut the wait short.
    private static readonly TimeSpan _untilNoticed = TimeSpan.FromSeconds(8);

    private readonly StoreRows _rows = new();
    private readonly FakeLogCollector _log = new();
    private readonly TemporaryDirectory _directory = new();
    private readonly List<IDisposable> _made = [];
    private PostgresProxy? _proxy;

    private PostgresProxy Proxy => _proxy!;

    private string MemoryPath => _directory.File(EpochFile.Name);

    public void Dispose()
    {
        _made.Reverse();
        _made.ForEach(made => made.Dispose());
        _directory.Dispose();
    }

    /// <summary>F-40: two standbys are promoted, so that both are on timeline 2, and the primary is still there.</summary>
    [FactIf(Requirement.PostgresPrograms)]
    public async Task Of_servers_that_went_apart_only_the_one_that_was_worked_on_is_used()
    {
        PostgresCluster a = Keep(new PostgresCluster());
        string onA = a.CreateDatabase("qkms");
        PostgresCluster b = Keep(a.MakeStandby("b"));
        PostgresCluster c = Keep(a.MakeStandby("c"));
        PostgresKmsStore store = await OpenAsync(onA);
        await AddAsync(store, "on-a");
        WaitForStandbys(a);
        b.Promote();
        c.Promote();

        // The connections to the old primary still work, and are left.
        int moves = 0;
        store.WhenServerChanges(() => moves++);
        Proxy.LeadTo(b.ConnectionStringOf("qkms"));
        await SaidAsync("is on timeline 2 of");
        await Eventually.HoldsAsync(() => Task.FromResult(Volatile.Read(ref moves) == 1));
        await AddAsync(store, "on-b");
        (Names(a), Names(b)).Should().Be(("on-a", "on-a,on-b"));

        await ShouldRefuseAsync(store, c, "does not have epoch 2");
        await ShouldRefuseAsync(store, a, "older timeline");
        await LeadToAsync(store, b);
        await AddAsync(store, "on-b-again");

        // A restart forgets nothing.
        store.Dispose();
        Proxy.LeadTo(onA);
        await ShouldNotOpenAsync("*does not have epoch 2*");
        Names(a).Should().Be("on-a");

        // Whoever knows better says so; what is begun then is another history.
        File.Delete(MemoryPath);
        PostgresKmsStore accepting = await OpenAsync();
        await AddAsync(accepting, "on-a-again");
        a.Run("SELECT string_agg(number || ':' || timeline, ',' ORDER BY number) FROM epochs", "qkms").Should().Be("1:1,2:1");
        await ShouldRefuseAsync(accepting, b, "does not have epoch 2");
    }

    /// <summary>F-40: an older copy of the database is put in its place, or another database, while a node runs.</summary>
    [FactIf(Requirement.Postgres)]
    public async Task An_older_copy_is_refused()
    {
        PostgresDatabase database = Keep(PostgresServer.CreateMigrated());
        PostgresDatabase older = Keep(new PostgresDatabase($"{database.Name}_older", database.ConnectionString));
        PostgresDatabase other = Keep(PostgresServer.CreateEmpty());
        PostgresDatabase empty = Keep(PostgresServer.CreateEmpty());
        (await PostgresStores.OpenAsync(other)).Dispose();
        PostgresKmsStore store = await OpenAsync(database.ConnectionString);
        await AddAsync(store, "in-both");
        BehindTheStoresBack(database, $"CREATE DATABASE {older.Name} TEMPLATE {database.Name}");
        await AddAsync(store, "in-the-newer");

        Exchange(database, older);
        await RefusesAsync(store);
        await SaidAsync("writes that were committed are not in it");
        Exchange(database, older);
        await ReadsAsync(store);

        // It has another history, or none.
        Exchange(database, other);
        await RefusesAsync(store);
        await SaidAsync("does not have epoch 2");
        store.Dispose();
        await ShouldNotOpenAsync("*does not have epoch 2*");
        Exchange(database, other);
        Exchange(database, empty);
        await ShouldNotOpenAsync("*does not have epoch 2*");
        database.Run("SELECT COUNT(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace").Should().Be(0L, "nothing was made there");
    }

    /// <summary>F-40: a standby that lacked the last writes is promoted: that is a choice, and is said.</summary>
    [FactIf(Requirement.PostgresPrograms)]
    public async Task A_failover_that_lost_writes_is_noticed()
    {
        PostgresCluster a = Keep(new PostgresCluster());
        string onA = a.CreateDatabase("qkms");
        PostgresCluster b = Keep(a.MakeStandby());
        PostgresKmsStore store = await OpenAsync(onA);
        await AddAsync(store, "replicated");
        WaitForStandbys(a);
        b.StopImmediately();
        await AddAsync(store, "lost");
        a.StopImmediately();
        b.Start();
        b.Promote();

        await LeadToAsync(store, b);

        await SaidAsync("The failover lost writes that were committed");
        Names(b).Should().Be("replicated");
        await AddAsync(store, "after");
    }

    /// <summary>F-40: the old primary showed a write that no standby had, and of which nobody was told that it is done: no loss.</summary>
    [FactIf(Requirement.PostgresPrograms)]
    public async Task A_failover_that_only_lost_what_nobody_was_told_of_is_no_alarm()
    {
        PostgresCluster a = Keep(new PostgresCluster());
        string onA = a.CreateDatabase("qkms");
        PostgresCluster b = Keep(a.MakeStandby());
        PostgresKmsStore store = await OpenAsync(onA);
        await AddAsync(store, "replicated");
        WaitForStandbys(a);
        b.StopImmediately();

        // As a server leaves it when the wait for its standby is cut off.
        a.Run("INSERT INTO writes (write_id, committed_at) VALUES (decode(repeat('07', 16), 'hex'), 9000000000000)", "qkms");
        await LeadToAsync(store, a);
        a.StopImmediately();
        b.Start();
        b.Promote();

        await LeadToAsync(store, b);

        await SaidAsync("is on timeline 2 of");
        _log.Lines.Should().NotContain(line => line.StartsWith("Critical ", StringComparison.Ordinal));
        Names(b).Should().Be("replicated");
        await AddAsync(store, "after");
    }

    /// <summary>F-40: what is only on one machine although two were asked for is not called done, whoever cuts the wait short.</summary>
    [FactIf(Requirement.PostgresPrograms)]
    public async Task A_write_that_no_standby_confirms_is_not_acknowledged()
    {
        PostgresCluster a = Keep(new PostgresCluster());
        string onA = a.CreateDatabase("qkms");
        PostgresCluster b = Keep(a.MakeStandby("b"));
        PostgresKmsStore store = await OpenAsync(onA, _untilNoticed);
        a.Set("synchronous_standby_names", "b");
        await AddAsync(store, "on-both");
        b.StopImmediately();

        Task<bool> write = AddAsync(store, "on-one");
        await Eventually.HoldsAsync(() => Task.FromResult(a.Run("""
            SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = 'qkms' LIMIT 1
            """) is true));
        (await write.Awaiting(w => w).Should().ThrowAsync<KmsException>()).Which.Error.Should().Be(KmsErrors.OutcomeUnknown);
        await SaidAsync("canceling wait for synchronous replication due to user request");
        await ReadsAsync(store);

        // The standby takes over and has nobody to confirm: whoever reads goes on, nothing is changed, and then it goes on by itself.
        a.StopImmediately();
        b.Start();
        b.Promote();
        b.Set("synchronous_standby_names", "nobody");
        Proxy.LeadTo(b.ConnectionStringOf("qkms"));
        await ReadsAsync(store);
        for (int i = 0; i < 3; i++)
        {
            (await store.Awaiting(s => AddAsync(s, "refused")).Should().ThrowAsync<KmsException>())
                .Which.Error.Should().Be(KmsErrors.Unavailable);
            (await AnyAsync(store)).Should().BeTrue("a standby that is away is no outage for those who read");
        }

        Names(b).Should().Be("on-both");
        b.Set("synchronous_standby_names", "");
        await Eventually.HoldsAsync(async () =>
        {
            try
            {
                return await AddAsync(store, "after");
            }
            catch (KmsException e) when (e.Error == KmsErrors.Unavailable)
            {
                return false;
            }
        });
        b.Run("SELECT string_agg(number || ':' || timeline, ',' ORDER BY number) FROM epochs", "qkms").Should().Be("1:1,2:2");
    }

    /// <summary>F-40: the role that docs/postgresql.md tells to make may ask everything that is asked.</summary>
    [FactIf(Requirement.Postgres)]
    public async Task An_ordinary_role_is_enough()
    {
        PostgresDatabase database = Keep(PostgresServer.CreateEmpty());
        string role = $"{database.Name}_role";
        PostgresServer.Execute($"CREATE ROLE {role} LOGIN PASSWORD 'qkms'; ALTER DATABASE {database.Name} OWNER TO {role}");
        try
        {
            PostgresKmsStore store = await OpenAsync(
                new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = role, Password = "qkms" }.ConnectionString);
            await AddAsync(store, "acme");
            database.Run("SELECT COUNT(*) FROM epochs").Should().Be(1L);
            Epoch.Parse(File.ReadAllText(MemoryPath))!.Number.Should().Be(1);
        }
        finally
        {
            Dispose();
            PostgresServer.Execute($"DROP ROLE {role}");
        }
    }

    /// <summary>F-40: nodes that come and go continue one history.</summary>
    [FactIf(Requirement.Postgres)]
    public async Task A_further_node_begins_an_epoch_that_the_others_accept()
    {
        PostgresDatabase database = Keep(PostgresServer.CreateEmpty());
        PostgresKmsStore first = await OpenAsync(database.ConnectionString);
        File.Delete(MemoryPath);
        PostgresKmsStore second = await OpenAsync();
        (await OpenAsync()).Dispose();

        Proxy.CutEvery();
        await AddAsync(first, "by-the-first");
        await AddAsync(second, "by-the-second");

        database.Run("SELECT string_agg(number::text, ',' ORDER BY number) FROM epochs").Should().Be("1,2", "a restart begins none");
        Epoch.Parse(File.ReadAllText(MemoryPath))!.Number.Should().Be(2);
    }

    [TheoryIf(Requirement.Postgres)]
    [InlineData("")]
    [InlineData("3")]
    [InlineData("0 01a218d7-b5b2-7001-bda2-ab5ef56d18b0\n")]
    [InlineData("three 01a218d7-b5b2-7001-bda2-ab5ef56d18b0\n")]
    [InlineData("3 01a218d7-b5b2-7001-bda2-ab5ef56d18b0 and so on and so on and so on and so on and so on and so on\n")]
    public async Task A_memory_that_cannot_be_read_stops_the_start(string content)
    {
        PostgresDatabase database = Keep(PostgresServer.CreateMigrated());
        _proxy = Keep(new PostgresProxy(database));
        File.WriteAllText(MemoryPath, content);

        await ShouldNotOpenAsync($"*{MemoryPath}*");
    }

    private static void WaitForStandbys(PostgresCluster primary)
    {
        while (primary.Run("SELECT BOOL_AND(replay_lsn >= pg_current_wal_lsn()) FROM pg_stat_replication") is not true)
            Thread.Sleep(20);
    }

    private static string Names(PostgresCluster server) =>
        (string)server.Run("SELECT string_agg(name, ',' ORDER BY id) FROM tenants", "qkms")!;

    private static Task<bool> AnyAsync(PostgresKmsStore store) =>
        store.ReadAsync(session => Repositories.Tenants.AnyAsync(session), CancellationToken.None);

    private static async Task ReadsAsync(PostgresKmsStore store) => await Eventually.HoldsAsync(() => CanReadAsync(store));

    private static async Task RefusesAsync(PostgresKmsStore store) =>
        await Eventually.HoldsAsync(async () => !await CanReadAsync(store));

    private static async Task<bool> CanReadAsync(PostgresKmsStore store)
    {
        try
        {
            return await AnyAsync(store);
        }
        catch (KmsException e) when (e.Error == KmsErrors.Unavailable)
        {
            return false;
        }
    }

    /// <summary>Each gets the other's name.</summary>
    private void Exchange(PostgresDatabase one, PostgresDatabase other) => BehindTheStoresBack(
        one,
        $"ALTER DATABASE {one.Name} RENAME TO {one.Name}_aside",
        $"ALTER DATABASE {other.Name} RENAME TO {one.Name}",
        $"ALTER DATABASE {one.Name}_aside RENAME TO {other.Name}");

    // Whoever is connected keeps a database from being renamed or copied.
    private void BehindTheStoresBack(PostgresDatabase database, params string[] statements)
    {
        Proxy.Become(ProxyWay.Refusing);
        database.EndConnections();
        Array.ForEach(statements, PostgresServer.Execute);
        Proxy.Become(ProxyWay.Open);
    }

    private Task<bool> AddAsync(PostgresKmsStore store, string name) => store.WriteAsync(
        session => Repositories.Tenants.InsertAsync(session, StoreRows.Seal(_rows.Tenant(name))), CancellationToken.None);

    private async Task<PostgresKmsStore> OpenAsync(string? connectionString = null, TimeSpan? statement = null)
    {
        _proxy ??= Keep(new PostgresProxy(connectionString!));
        PostgresKmsStore store = Create(statement);
        await store.OpenAsync(CancellationToken.None);
        return store;
    }

    private PostgresKmsStore Create(TimeSpan? statement = null)
    {
        PostgresPatience patience = PostgresPatience.Long with
        {
            Statement = statement ?? PostgresPatience.Long.Statement,
            Outcome = TimeSpan.FromSeconds(4),
            WatchPeriod = TimeSpan.FromMilliseconds(200),
        };
        return Keep(PostgresStores.Create(
            patience.For(Proxy.ConnectionString, _directory.Path), logger: new FakeLogger<PostgresKmsStore>(_log)));
    }

    private async Task ShouldNotOpenAsync(string message)
    {
        using PostgresKmsStore store = Create();
        (await store.Awaiting(s => s.OpenAsync(CancellationToken.None)).Should().ThrowAsync<StoreUnusableException>()).WithMessage(message);
    }

    private async Task LeadToAsync(PostgresKmsStore store, PostgresCluster server)
    {
        Proxy.LeadTo(server.ConnectionStringOf("qkms"));
        Proxy.CutEvery();
        await ReadsAsync(store);
    }

    private async Task ShouldRefuseAsync(PostgresKmsStore store, PostgresCluster server, string why)
    {
        string before = Names(server);
        Proxy.LeadTo(server.ConnectionStringOf("qkms"));
        Proxy.CutEvery();
        await RefusesAsync(store);
        await store.Awaiting(s => AddAsync(s, "refused")).Should().ThrowAsync<KmsException>();
        await SaidAsync(why);
        _log.Lines.Should().Contain(line => line.StartsWith("Critical", StringComparison.Ordinal)
            && line.Contains(why, StringComparison.Ordinal));
        Names(server).Should().Be(before);
    }

    private Task SaidAsync(string what) => Eventually.HoldsAsync(
        () => Task.FromResult(_log.Lines.Any(line => line.Contains(what, StringComparison.Ordinal))));

    private T Keep<T>(T made)
        where T : IDisposable
    {
        _made.Add(made);
        return made;
    }
}
