namespace Qkms.Tests.Storage;

/// <summary>
/// What every database behind the port must do. A derived class opens its database; the parts of the contract stand in one
/// file per repository.
/// </summary>
public abstract partial class KmsStoreContract : IAsyncLifetime
{
    private readonly StoreRows _rows = new();
    private IKmsStore? _store;

    private protected IKmsStore Store => _store ?? throw new InvalidOperationException("The store is not open.");

    public async Task InitializeAsync() => _store = await OpenAsync();

    public virtual Task DisposeAsync() => Task.CompletedTask;

    /// <summary>An open, empty database.</summary>
    private protected abstract Task<IKmsStore> OpenAsync();

    private Task<StoredTenant> AddTenantAsync(string name = "acme") => StoredTenant.AddAsync(Store, _rows, name);

    private Task<T> WriteAsync<T>(Func<IKmsSession, Task<T>> work) => Store.WriteAsync(work, CancellationToken.None);

    private Task<T> ReadAsync<T>(Func<IKmsSession, Task<T>> work) => Store.ReadAsync(work, CancellationToken.None);
}
