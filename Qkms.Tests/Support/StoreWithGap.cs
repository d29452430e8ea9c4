namespace Qkms.Tests.Support;

/// <summary>Lets something else happen before writes: after what a request has read.</summary>
/// <param name="store">The store.</param>
/// <param name="gap">What happens before a write with a result of a type.</param>
internal class StoreWithGap(IKmsStore store, Func<Type, Task> gap) : IKmsStore
{
    public string Description => store.Description;

    public bool IsEmbedded => store.IsEmbedded;

    public Task OpenAsync(CancellationToken cancellationToken) => store.OpenAsync(cancellationToken);

    public void WhenServerChanges(Action action) => store.WhenServerChanges(action);

    public async Task<T> WriteAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken)
    {
        await gap(typeof(T));
        return await store.WriteAsync(work, cancellationToken);
    }

    public Task<T> ReadAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) =>
        store.ReadAsync(work, cancellationToken);

    public Task<T> ReadAsideAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) =>
        store.ReadAsideAsync(work, cancellationToken);

    public Task<T> UpgradeAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) =>
        store.UpgradeAsync(work, cancellationToken);

    public Task<bool> EraseRemainsAsync(CancellationToken cancellationToken) => store.EraseRemainsAsync(cancellationToken);

    public ValueTask DisposeAsync() => store.DisposeAsync();
}

/// <summary>The same before writes with a result of one type.</summary>
internal sealed class StoreWithGap<TResult>(IKmsStore store, Func<Task> gap)
    : StoreWithGap(store, result => result == typeof(TResult) ? gap() : Task.CompletedTask);
