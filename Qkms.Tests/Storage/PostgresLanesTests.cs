using Qkms.Storage.Postgres;

namespace Qkms.Tests.Storage;

/// <summary>F-02: what strangers can cause has connections and a queue of its own.</summary>
public sealed class PostgresLanesTests : IAsyncLifetime
{
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private PostgresDatabase? _database;
    private PostgresKmsStore? _store;

    public async Task InitializeAsync()
    {
        if (PostgresServer.MissingReason is not null)
            return;

        _database = PostgresServer.CreateMigrated();
        _store = await PostgresStores.OpenAsync(_database);
    }

    public async Task DisposeAsync()
    {
        if (_store is not null)
            await _store.DisposeAsync();

        _database?.Dispose();
    }

    [FactIf(Requirement.Postgres)]
    public async Task Readers_that_wait_leave_strangers_their_connections()
    {
        IKmsStore store = _store!;
        int readers = 0;
        Task<bool>[] held =
        [
            .. Enumerable.Range(0, 40)
                .Select(_ => store.ReadAsync(session => HoldAsync(() => Interlocked.Increment(ref readers)), default)),
        ];
        await Eventually.HoldsAsync(() => Task.FromResult(Volatile.Read(ref readers) >= 10));
        (await store.ReadAsideAsync(session => Repositories.Tenants.AnyAsync(session), CancellationToken.None)).Should().BeFalse();

        _released.SetResult();
        foreach (Task<bool> one in held)
            await ReadOrWaitTooLongAsync(one);
    }

    [FactIf(Requirement.Postgres)]
    public async Task Strangers_that_fill_their_queue_leave_readers_alone()
    {
        IKmsStore store = _store!;
        int strangers = 0;
        Task<bool>[] held =
        [
            .. Enumerable.Range(0, 40)
                .Select(_ => store.ReadAsideAsync(session => HoldAsync(() => Interlocked.Increment(ref strangers)), default)),
        ];
        await Eventually.HoldsAsync(() => Task.FromResult(Volatile.Read(ref strangers) == PostgresConnections.AsidePoolSize));
        (await store.ReadAsync(session => Repositories.Tenants.AnyAsync(session), CancellationToken.None)).Should().BeFalse();
        strangers.Should().Be(PostgresConnections.AsidePoolSize);

        _released.SetResult();
        await Task.WhenAll(held.Select(task => task.ContinueWith(static task => task.Exception, TaskScheduler.Default)));
        held.Count(task => task.IsFaulted).Should().BeGreaterThan(20, "few may wait");
    }

    // On a machine that is busy with other work, the connections are held for longer than readers wait.
    private static async Task ReadOrWaitTooLongAsync(Task<bool> read)
    {
        try
        {
            (await read).Should().BeTrue();
        }
        catch (KmsException e)
        {
            e.Error.Should().Be(KmsErrors.Unavailable);
        }
    }

    private async Task<bool> HoldAsync(Action begun)
    {
        begun();
        await _released.Task;
        return true;
    }
}
