using System.Buffers.Binary;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Testing;
using Qkms.Storage.Sessions;
using Qkms.Storage.Sqlite;

namespace Qkms.Tests.Storage;

/// <summary>The one writer of SQLite: what shares a transaction, and what happens when one of those that share it fails.</summary>
public sealed class GroupCommitWriterTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly StoreRows _rows = new();
    private readonly FakeLogCollector _log = new();
    private SqliteKmsStore? _store;

    private SqliteKmsStore Store => _store!;

    public async Task InitializeAsync() =>
        _store = await SqliteStores.OpenAsync(_directory.File("data"), logger: new FakeLogger<SqliteKmsStore>(_log));

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose()
    {
        _store?.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Units_that_wait_together_share_one_commit()
    {
        // The first commits of a process are copied out of the log at once, and the log begins anew.
        for (int i = 0; i < 20; i++)
            await InsertAsync($"before-{i}");

        int before = CountCommits();

        await WhileTheWriterIsHeldAsync(() => Enumerable.Range(0, 64).Select(i => InsertAsync($"tenant-{i}")));

        CountCommits().Should().Be(before + 2, "the unit that held the writer is one commit, and the 64 that waited are another");
    }

    [Fact]
    public async Task A_unit_that_fails_does_not_disturb_its_neighbours()
    {
        KmsException refusal = KmsErrors.KeyChanged.Refusal();
        Task<bool>[] writes = [];
        Task<bool> refused = null!;
        Task<bool> broken = null!;

        await WhileTheWriterIsHeldAsync(() =>
        {
            Task<bool> first = InsertAsync("first");
            refused = InsertThenThrowAsync("refused", refusal);
            Task<bool> second = InsertAsync("second");
            broken = InsertThenThrowAsync("broken", new InvalidDataException("a fault of the delegate"));
            writes = [first, second, InsertAsync("third")];
            return writes;
        });

        (await Task.WhenAll(writes)).Should().AllBeEquivalentTo(true);
        (await refused.Awaiting(task => task).Should().ThrowAsync<KmsException>()).Which.Should().BeSameAs(refusal);
        await broken.Awaiting(task => task).Should().ThrowAsync<InvalidDataException>();
        (await NamesAsync()).Should().BeEquivalentTo("holder", "first", "second", "third");
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    public async Task Neighbours_run_again_only_when_a_unit_fails_after_it_has_written(bool hasWritten, int runs)
    {
        int counted = 0;
        Task<bool> refused = null!;

        await WhileTheWriterIsHeldAsync(() =>
        {
            Task<bool> first = Store.WriteAsync(
                async session =>
                {
                    counted++;
                    return await InsertAsync(session, "first");
                },
                CancellationToken.None);
            refused = Store.WriteAsync<bool>(
                async session =>
                {
                    if (hasWritten)
                        await InsertAsync(session, "refused");

                    throw KmsErrors.KeyChanged.Refusal();
                },
                CancellationToken.None);
            return [first, InsertAsync("second")];
        });

        (await refused.Awaiting(task => task).Should().ThrowAsync<KmsException>()).Which.Error.Should().Be(KmsErrors.KeyChanged);
        counted.Should().Be(runs);
        (await NamesAsync()).Should().BeEquivalentTo("holder", "first", "second");
        _log.Lines.Should().OnlyContain(
            line => line.StartsWith("Information ", StringComparison.Ordinal), "a refusal is no fault of the database");
    }

    [Fact]
    public async Task A_delegate_that_awaits_something_else_is_refused_and_cannot_write_later()
    {
        TaskCompletionSource elsewhere = new();
        TaskCompletionSource<Exception?> late = new();

        Func<Task> write = () => Store.WriteAsync(
            async session =>
            {
                await InsertAsync(session, "early");
                await elsewhere.Task;
                try
                {
                    await InsertAsync(session, "late");
                    late.SetResult(null);
                }
                catch (InvalidOperationException e)
                {
                    late.SetResult(e);
                }

                return true;
            },
            CancellationToken.None);

        await write.Should().ThrowAsync<InvalidOperationException>();
        elsewhere.SetResult();
        (await late.Task).Should().NotBeNull();
        (await InsertAsync("next")).Should().BeTrue();
        (await NamesAsync()).Should().Equal("next");
    }

    [Fact]
    public async Task A_full_queue_refuses_and_takes_again()
    {
        using TemporaryDirectory directory = new();
        using SqliteKmsStore store = await SqliteStores.OpenAsync(directory.File("data"), queueCapacity: 2);
        using ManualResetEventSlim entered = new();
        using ManualResetEventSlim release = new();
        Task<bool> holder = HoldAsync(store, entered, release);
        entered.Wait();
        Task<bool>[] queued = [InsertAsync(store, "first"), InsertAsync(store, "second")];

        Func<Task> third = () => InsertAsync(store, "third");

        KmsException refusal = (await third.Should().ThrowAsync<KmsException>()).Which;
        refusal.Error.Should().Be(KmsErrors.Unavailable);
        refusal.RetryAfter.Should().BePositive();
        release.Set();
        (await Task.WhenAll([holder, .. queued])).Should().AllBeEquivalentTo(true);
        (await InsertAsync(store, "third")).Should().BeTrue();
    }

    [Fact]
    public async Task A_full_disk_refuses_what_does_not_fit_and_later_writes_work_again()
    {
        await LimitPagesAsync(extra: 40);
        Task<bool>[] small = [];
        Task<bool> large = null!;

        await WhileTheWriterIsHeldAsync(() =>
        {
            Task<bool> before = InsertAsync("before");
            large = InsertLargeAsync();
            small = [before, InsertAsync("after")];
            return small;
        });

        KmsException refusal = (await large.Awaiting(task => task).Should().ThrowAsync<KmsException>()).Which;
        refusal.Error.Should().Be(KmsErrors.Unavailable);
        refusal.RetryAfter.Should().BePositive();
        (await Task.WhenAll(small)).Should().AllBeEquivalentTo(true);
        _log.Lines.Should().Contain(line => line.Contains("SQLite Error 13", StringComparison.Ordinal));

        await LimitPagesAsync(extra: 10_000);
        (await InsertLargeAsync()).Should().BeTrue();
        (await NamesAsync()).Should().Contain(["before", "after"]);
    }

    [Fact]
    public async Task A_delegate_that_swallows_a_lost_transaction_is_not_acknowledged()
    {
        Func<Task> write = () => Store.WriteAsync(
            async session =>
            {
                await InsertAsync(session, "swallowed");
                await ((KmsSession)session).ExecuteAsync("ROLLBACK");
                return true;
            },
            CancellationToken.None);

        (await write.Should().ThrowAsync<KmsException>()).Which.Error.Should().Be(KmsErrors.Unavailable);
        (await InsertAsync("next")).Should().BeTrue();
        (await NamesAsync()).Should().Equal("next");
    }

    [Fact]
    public async Task A_unit_that_breaks_the_commit_itself_is_refused_alone()
    {
        Task<bool>[] neighbours = [];
        Task<int> breaking = null!;

        await WhileTheWriterIsHeldAsync(() =>
        {
            Task<bool> before = InsertAsync("before");
            breaking = Store.WriteAsync(
                session => ((KmsSession)session).ExecuteAsync(
                    "PRAGMA defer_foreign_keys = ON; INSERT INTO credential_usage VALUES (zeroblob(16), zeroblob(16), 0)"),
                CancellationToken.None);
            neighbours = [before, InsertAsync("after")];
            return neighbours;
        });

        await breaking.Awaiting(task => task).Should().ThrowAsync<SqliteException>();
        (await Task.WhenAll(neighbours)).Should().AllBeEquivalentTo(true);
        (await NamesAsync()).Should().BeEquivalentTo("holder", "before", "after");
    }

    [Fact]
    public async Task Neighbours_of_a_lost_transaction_run_again_and_are_committed()
    {
        Task<bool>[] neighbours = [];
        Task<bool> breaking = null!;

        await WhileTheWriterIsHeldAsync(() =>
        {
            Task<bool> before = InsertAsync("before");
            breaking = Store.WriteAsync(
                async session => await InsertAsync(session, "breaking") && await ((KmsSession)session).ExecuteAsync("ROLLBACK") > 0,
                CancellationToken.None);
            neighbours = [before, InsertAsync("after")];
            return neighbours;
        });

        (await breaking.Awaiting(task => task).Should().ThrowAsync<KmsException>()).Which.Error.Should().Be(KmsErrors.Unavailable);
        (await Task.WhenAll(neighbours)).Should().AllBeEquivalentTo(true);
        (await NamesAsync()).Should().BeEquivalentTo("holder", "before", "after");
        _log.Lines.Should().ContainSingle(line => line.Contains("A transaction of 3 writes was lost", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Disposal_finishes_what_is_queued_and_refuses_what_comes_after()
    {
        using ManualResetEventSlim entered = new();
        using ManualResetEventSlim release = new();
        Task<bool> holder = HoldAsync(Store, entered, release);
        entered.Wait();
        Task<bool>[] queued = [.. Enumerable.Range(0, 8).Select(i => InsertAsync($"tenant-{i}"))];

        Task disposal = Task.Run(Store.Dispose);
        release.Set();
        await disposal;

        (await Task.WhenAll([holder, .. queued])).Should().AllBeEquivalentTo(true);
        Func<Task> write = () => InsertAsync("late");
        Func<Task> read = NamesAsync;
        (await write.Should().ThrowAsync<KmsException>()).Which.Error.Should().Be(KmsErrors.Unavailable);
        (await read.Should().ThrowAsync<KmsException>()).Which.Error.Should().Be(KmsErrors.Unavailable);

        using SqliteKmsStore again = await SqliteStores.OpenAsync(_directory.File("data"));
        (await NamesAsync(again)).Should().HaveCount(9);
    }

    [Fact]
    public async Task Delegate_and_hooks_run_in_the_callers_context()
    {
        AsyncLocal<string> scope = new() { Value = "request-1" };
        List<string?> seen = [];

        await Store.WriteAsync(
            session =>
            {
                seen.Add(scope.Value);
                session.OnCommitted(() => seen.Add(scope.Value));
                return Task.FromResult(true);
            },
            CancellationToken.None);

        seen.Should().Equal("request-1", "request-1");
    }

    /// <summary>Queues writes while the writer is busy with another unit, so that they make one batch.</summary>
    private async Task WhileTheWriterIsHeldAsync(Func<IEnumerable<Task<bool>>> queue)
    {
        using ManualResetEventSlim entered = new();
        using ManualResetEventSlim release = new();
        Task<bool> holder = HoldAsync(Store, entered, release);
        entered.Wait();
        Task<bool>[] writes = [.. queue()];
        release.Set();
        await holder;
        await Task.WhenAll(writes);
    }

    private Task<bool> HoldAsync(SqliteKmsStore store, ManualResetEventSlim entered, ManualResetEventSlim release) => store.WriteAsync(
        session =>
        {
            entered.Set();
            release.Wait();
            return InsertAsync(session, "holder");
        },
        CancellationToken.None);

    private Task<bool> InsertAsync(string name) => InsertAsync(Store, name);

    private Task<bool> InsertAsync(SqliteKmsStore store, string name) =>
        store.WriteAsync(session => InsertAsync(session, name), CancellationToken.None);

    private Task<bool> InsertAsync(IKmsSession session, string name) =>
        Repositories.Tenants.InsertAsync(session, StoreRows.Seal(_rows.Tenant(name)));

    private Task<bool> InsertThenThrowAsync(string name, Exception exception) => Store.WriteAsync<bool>(
        async session =>
        {
            await InsertAsync(session, name);
            throw exception;
        },
        CancellationToken.None);

    private Task<bool> InsertLargeAsync() => InsertAsync(new string('x', 1 << 20));

    private Task<IReadOnlyList<string>> NamesAsync() => NamesAsync(Store);

    private static Task<IReadOnlyList<string>> NamesAsync(SqliteKmsStore store) =>
        store.ReadAsync(session => ((KmsSession)session).ListAsync<string>("SELECT name FROM tenants"), CancellationToken.None);

    /// <summary>
    /// The commits in the write-ahead log: frames whose header carries a database size (https://sqlite.org/fileformat2.html#walformat).
    /// </summary>
    private int CountCommits()
    {
        const int HeaderSize = 32;
        const int FrameHeaderSize = 24;
        using FileStream file = new(_directory.File("data/qkms.db-wal"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] log = new byte[file.Length];
        file.ReadExactly(log);
        int frameSize = FrameHeaderSize + BinaryPrimitives.ReadInt32BigEndian(log.AsSpan(8));
        int commits = 0;
        for (int frame = HeaderSize; frame < log.Length; frame += frameSize)
            commits += BinaryPrimitives.ReadInt32BigEndian(log.AsSpan(frame + 4)) == 0 ? 0 : 1;

        return commits;
    }

    private Task<bool> LimitPagesAsync(int extra) => Store.WriteAsync(
        async session =>
        {
            KmsSession writer = (KmsSession)session;
            long pages = await writer.ScalarAsync<long>("PRAGMA page_count");
            await writer.ExecuteAsync($"PRAGMA max_page_count = {pages + extra}");
            return true;
        },
        CancellationToken.None);
}
