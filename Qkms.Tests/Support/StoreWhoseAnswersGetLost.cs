namespace Qkms.Tests.Support;

/// <summary>A database that commits a unit and does not say so, when a test wants it.</summary>
internal sealed class StoreWhoseAnswersGetLost(IKmsStore store) : IKmsStore
{
    private int _losesNext;

    public bool LosesNext
    {
        set => Volatile.Write(ref _losesNext, value ? 1 : 0);
    }

    public string Description => store.Description;

    public bool IsEmbedded => store.IsEmbedded;

    public Task OpenAsync(CancellationToken cancellationToken) => store.OpenAsync(cancellationToken);

    public async Task<T> WriteAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken)
    {
        T result = await store.WriteAsync(work, cancellationToken);
        return Interlocked.Exchange(ref _losesNext, 0) == 0 ? result : throw KmsErrors.OutcomeUnknown.Refusal();
    }

    public Task<T> ReadAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) =>
        store.ReadAsync(work, cancellationToken);

    public Task<T> UpgradeAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) =>
        store.UpgradeAsync(work, cancellationToken);

    public Task<bool> EraseRemainsAsync(CancellationToken cancellationToken) => store.EraseRemainsAsync(cancellationToken);

    public ValueTask DisposeAsync() => store.DisposeAsync();
}
