namespace Qkms.Tests.Support;

/// <summary>Lets something else happen before writes with a result of some type: after what a request has read.</summary>
internal sealed class StoreWithGap<TResult>(IKmsStore store, Func<Task> gap) : IKmsStore
{
    public string Description => store.Description;

    public bool IsEmbedded => store.IsEmbedded;

    public Task OpenAsync(CancellationToken cancellationToken) => store.OpenAsync(cancellationToken);

    public async Task<T> WriteAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken)
    {
        if (typeof(T) == typeof(TResult))
            await gap();

        return await store.WriteAsync(work, cancellationToken);
    }

    public Task<T> ReadAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) =>
        store.ReadAsync(work, cancellationToken);

    public Task<T> UpgradeAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) =>
        store.UpgradeAsync(work, cancellationToken);

    public Task<bool> EraseRemainsAsync(CancellationToken cancellationToken) => store.EraseRemainsAsync(cancellationToken);

    public ValueTask DisposeAsync() => store.DisposeAsync();
}
