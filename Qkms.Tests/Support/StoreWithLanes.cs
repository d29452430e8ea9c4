using System.Collections.Concurrent;

namespace Qkms.Tests.Support;

/// <summary>What goes through a <see cref="StoreWithLanes"/>, and whether it is held there.</summary>
internal sealed class Lanes
{
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<string> _statements = new();
    private volatile bool _holdsAside;
    private int _reads;
    private int _asideLookUps;
    private int _asideProbes;

    /// <summary>Reads for known callers.</summary>
    public int Reads => Volatile.Read(ref _reads);

    /// <summary>Reads aside that look for API keys.</summary>
    public int AsideLookUps => Volatile.Read(ref _asideLookUps);

    /// <summary>Reads aside that only ask whether the database answers.</summary>
    public int AsideProbes => Volatile.Read(ref _asideProbes);

    /// <summary>What is thrown instead of a read aside; null for none.</summary>
    public Func<Exception>? AsideFails { get; set; }

    /// <summary>From now on no read aside ends, until <see cref="Release"/>.</summary>
    public void HoldAside() => _holdsAside = true;

    public void Release() => _released.TrySetResult();

    /// <summary>Notes that a statement was run aside or not, and whether it found a row.</summary>
    public T? Note<T>(string statement, T? found)
        where T : class
    {
        _statements.Enqueue($"{statement} {(found is null ? "missing" : "found")}");
        return found;
    }

    /// <summary>What was noted since the last time.</summary>
    public string[] TakeStatements()
    {
        string[] taken = [.. _statements];
        _statements.Clear();
        return taken;
    }

    public void CountRead() => Interlocked.Increment(ref _reads);

    public Task PassAsideAsync(bool isProbe, CancellationToken cancellationToken)
    {
        if (isProbe)
            Interlocked.Increment(ref _asideProbes);
        else
            Interlocked.Increment(ref _asideLookUps);

        return AsideFails is { } failure ? Task.FromException(failure())
            : _holdsAside ? _released.Task.WaitAsync(cancellationToken)
            : Task.CompletedTask;
    }
}

/// <summary>Counts the reads for known callers and those aside, and can hold the ones aside.</summary>
internal sealed class StoreWithLanes(IKmsStore store, Lanes lanes) : IKmsStore
{
    public string Description => store.Description;

    public bool IsEmbedded => store.IsEmbedded;

    public Task OpenAsync(CancellationToken cancellationToken) => store.OpenAsync(cancellationToken);

    public Task<T> WriteAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) =>
        store.WriteAsync(work, cancellationToken);

    public Task<T> UpgradeAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) =>
        store.UpgradeAsync(work, cancellationToken);

    public Task<T> ReadAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken)
    {
        lanes.CountRead();
        return store.ReadAsync(work, cancellationToken);
    }

    public async Task<T> ReadAsideAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken)
    {
        await lanes.PassAsideAsync(isProbe: typeof(T) == typeof(bool), cancellationToken);
        return await store.ReadAsideAsync(work, cancellationToken);
    }

    public Task<bool> EraseRemainsAsync(CancellationToken cancellationToken) => store.EraseRemainsAsync(cancellationToken);

    public ValueTask DisposeAsync() => store.DisposeAsync();
}
