using Qkms.Storage.Sqlite;

namespace Qkms.Tests.Storage;

/// <summary>Units that run on the thread of their caller, and marks, by which a unit knows that nobody has written since.</summary>
public sealed class WriteHereTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly StoreRows _rows = new();
    private SqliteKmsStore? _store;

    private SqliteKmsStore Store => _store!;

    public async Task InitializeAsync() => _store = await SqliteStores.OpenAsync(_directory.File("data"));

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose()
    {
        _store?.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void A_unit_runs_on_the_thread_of_its_caller_where_nobody_writes()
    {
        int ranOn = 0;
        bool isDone = false;
        Thread caller = new(() =>
        {
            Task<bool> write = Store.WriteHereAsync(session =>
            {
                ranOn = Environment.CurrentManagedThreadId;
                return InsertAsync(session, "here");
            });
            isDone = write.IsCompletedSuccessfully;
        });

        caller.Start();
        caller.Join();

        ranOn.Should().Be(caller.ManagedThreadId);
        isDone.Should().BeTrue("it was committed when the method returned");
        NamesOnDisk().Should().Equal("here");
    }

    [Fact]
    public async Task It_waits_its_turn_where_somebody_writes()
    {
        using ManualResetEventSlim entered = new();
        using ManualResetEventSlim release = new();
        Task<bool> holder = HoldAsync(Store.WriteAsync, entered, release);
        entered.Wait();

        Task<bool> queued = Store.WriteHereAsync(session => InsertAsync(session, "queued"));

        queued.IsCompleted.Should().BeFalse();
        release.Set();
        (await holder).Should().BeTrue();
        (await queued).Should().BeTrue();
        NamesOnDisk().Should().BeEquivalentTo("holder", "queued");
    }

    [Fact]
    public async Task Those_who_queue_meanwhile_come_after_it()
    {
        using ManualResetEventSlim entered = new();
        using ManualResetEventSlim release = new();
        Task<bool> here = Task.Run(() => HoldAsync((work, _) => Store.WriteHereAsync(work), entered, release));
        entered.Wait();
        Task<bool>[] queued = [.. Enumerable.Range(0, 8).Select(i => InsertAsync($"tenant-{i}"))];

        queued.Should().OnlyContain(write => !write.IsCompleted);
        release.Set();

        (await Task.WhenAll([here, .. queued])).Should().AllBeEquivalentTo(true);
        NamesOnDisk().Should().HaveCount(9);
    }

    [Fact]
    public async Task A_unit_that_fails_leaves_nothing_behind_and_the_next_one_runs()
    {
        Func<Task> write = () => Store.WriteHereAsync<bool>(async session =>
        {
            await InsertAsync(session, "refused");
            throw KmsErrors.KeyChanged.Refusal();
        });

        (await write.Should().ThrowAsync<KmsException>()).Which.Error.Should().Be(KmsErrors.KeyChanged);
        (await Store.WriteHereAsync(session => InsertAsync(session, "next"))).Should().BeTrue();
        NamesOnDisk().Should().Equal("next");
    }

    [Fact]
    public async Task A_closed_store_refuses_it_and_opens_nothing()
    {
        Store.Dispose();

        Func<Task> write = () => Store.WriteHereAsync(session => InsertAsync(session, "late"));

        (await write.Should().ThrowAsync<KmsException>()).Which.Error.Should().Be(KmsErrors.Unavailable);
        NamesOnDisk().Should().BeEmpty();
    }

    [Fact]
    public async Task A_mark_stays_as_long_as_nobody_writes()
    {
        StoreMark? first = await MarkAsync();

        (await MarkAsync()).Should().Be(first).And.NotBeNull();
        (await Store.ReadAsync(session => Task.FromResult(session.Mark), CancellationToken.None)).Should().BeNull("it reads");
    }

    [Fact]
    public async Task A_mark_is_another_one_after_a_write_of_ones_own()
    {
        StoreMark? first = await MarkAsync();

        await InsertAsync("one");

        (await MarkAsync()).Should().NotBe(first);
    }

    [Fact]
    public async Task A_mark_is_another_one_after_a_write_that_was_rolled_back()
    {
        StoreMark? first = await MarkAsync();
        Func<Task> write = () => Store.WriteAsync<bool>(
            async session =>
            {
                await InsertAsync(session, "refused");
                throw KmsErrors.KeyChanged.Refusal();
            },
            CancellationToken.None);
        await write.Should().ThrowAsync<KmsException>();

        (await MarkAsync()).Should().NotBe(first);
    }

    [Theory]
    [InlineData("UPDATE tenants SET name = 'another'")]
    [InlineData("CREATE INDEX somebody ON tenants (name)")]
    public async Task A_mark_is_another_one_after_a_write_of_somebody_else(string change)
    {
        await InsertAsync("one");
        StoreMark? first = await MarkAsync();

        using (Database database = Open())
            database.Execute(change);

        (await MarkAsync()).Should().NotBe(first);
    }

    private Task<StoreMark?> MarkAsync() => Store.WriteAsync(session => Task.FromResult(session.Mark), CancellationToken.None);

    private Task<bool> InsertAsync(string name) => Store.WriteAsync(session => InsertAsync(session, name), CancellationToken.None);

    private Task<bool> InsertAsync(IKmsSession session, string name) =>
        Repositories.Tenants.InsertAsync(session, StoreRows.Seal(_rows.Tenant(name)));

    private Task<bool> HoldAsync(
        Func<Func<IKmsSession, Task<bool>>, CancellationToken, Task<bool>> write,
        ManualResetEventSlim entered,
        ManualResetEventSlim release) => write(
            session =>
            {
                entered.Set();
                release.Wait();
                return InsertAsync(session, "holder");
            },
            CancellationToken.None);

    private IReadOnlyList<string> NamesOnDisk()
    {
        using Database database = Open();
        return database.Strings("SELECT name FROM tenants ORDER BY name");
    }

    private Database Open() => Database.OfSqlite(DataDirectory.DatabasePathIn(_directory.File("data")));
}
