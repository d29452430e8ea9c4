namespace Qkms.Tests.Support;

/// <summary>
/// A database that does not answer when a test says so, in the words of the port: for the one that cannot be cut off from outside.
/// </summary>
internal sealed class StoreThatGoesAway(IKmsStore store) : IKmsStore
{
    private volatile bool _isGone;

    public bool IsGone
    {
        get => _isGone;
        set => _isGone = value;
    }

    public string Description => store.Description;

    public bool IsEmbedded => store.IsEmbedded;

    public Task OpenAsync(CancellationToken cancellationToken) => store.OpenAsync(cancellationToken);

    public Task<T> WriteAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) =>
        IsGone ? Task.FromException<T>(KmsErrors.Unavailable.Refusal()) : store.WriteAsync(work, cancellationToken);

    public Task<T> ReadAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) =>
        IsGone ? Task.FromException<T>(KmsErrors.Unavailable.Refusal()) : store.ReadAsync(work, cancellationToken);

    public Task<T> UpgradeAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) =>
        store.UpgradeAsync(work, cancellationToken);

    public Task<bool> EraseRemainsAsync(CancellationToken cancellationToken) => store.EraseRemainsAsync(cancellationToken);

    public ValueTask DisposeAsync() => store.DisposeAsync();
}
