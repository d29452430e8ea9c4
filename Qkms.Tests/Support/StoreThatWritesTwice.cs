namespace Qkms.Tests.Support;

/// <summary>
/// Does every unit twice: once in vain, and then for good. What repositories are given to write is the same object both times, unless the
/// unit makes it itself.
/// </summary>
internal sealed class StoreThatWritesTwice(IKmsStore store, WrittenObjects written) : IKmsStore
{
    private readonly Lock _lock = new();
    private readonly List<(IReadOnlyList<object> First, IReadOnlyList<object> Second)> _units = [];

    /// <summary>What the units were given to write.</summary>
    public IReadOnlyList<(IReadOnlyList<object> First, IReadOnlyList<object> Second)> Units
    {
        get
        {
            lock (_lock)
                return [.. _units];
        }
    }

    public string Description => store.Description;

    public bool IsEmbedded => store.IsEmbedded;

    public Task OpenAsync(CancellationToken cancellationToken) => store.OpenAsync(cancellationToken);

    public async Task<T> WriteAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken)
    {
        List<object> first = [];
        List<object> second = [];
        try
        {
            await store.WriteAsync<T>(
                async session =>
                {
                    first = written.Begin();
                    await work(session);
                    throw new InVainException();
                },
                cancellationToken);
        }
        catch (InVainException)
        {
            // Rolled back.
        }

        T result = await store.WriteAsync(
            session =>
            {
                second = written.Begin();
                return work(session);
            },
            cancellationToken);
        lock (_lock)
            _units.Add((first, second));

        return result;
    }

    public Task<T> ReadAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) =>
        store.ReadAsync(work, cancellationToken);

    public Task<T> UpgradeAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) =>
        store.UpgradeAsync(work, cancellationToken);

    public Task<bool> EraseRemainsAsync(CancellationToken cancellationToken) => store.EraseRemainsAsync(cancellationToken);

    public ValueTask DisposeAsync() => store.DisposeAsync();

    private sealed class InVainException : Exception;
}
