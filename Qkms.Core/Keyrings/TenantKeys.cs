using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Keyrings;

/// <summary>Fetches the key that wraps a tenant's private keys.</summary>
internal sealed class TenantKeys(IKmsStore store, IKeyringRepository keyringRepository, Keyring keyring)
{
    /// <summary>The newest key of a tenant, to be disposed of by the caller.</summary>
    /// <exception cref="SealBrokenException">It is missing or does not open.</exception>
    public async Task<WrappingKey> OpenAsync(TenantId tenantId, CancellationToken cancellationToken) =>
        Open(await store.ReadAsync(session => FindAsync(session, tenantId), cancellationToken));

    /// <summary>The same for who reads other things too: the stored form, for <see cref="Open"/>.</summary>
    /// <exception cref="SealBrokenException">It is missing.</exception>
    internal async Task<KeyringEntry> FindAsync(IKmsSession session, TenantId tenantId) =>
        await keyringRepository.FindNewestTenantKeyAsync(session, tenantId)
        ?? throw new SealBrokenException($"the key of tenant {tenantId}");

    /// <summary>A key of a tenant by its id, in the stored form; null when there is none.</summary>
    internal Task<KeyringEntry?> FindAsync(IKmsSession session, TenantId tenantId, Guid id) =>
        keyringRepository.FindTenantKeyAsync(session, tenantId, id);

    /// <summary>What a key of a tenant wraps, and that key in the stored form; both null when there is no such row.</summary>
    internal Task<(T? Row, KeyringEntry? Key)> FindWithAsync<T>(
        IKmsSession session, TenantId tenantId, Func<Task<T?>> findAsync, Func<T, Guid> keyOf)
        where T : class => keyringRepository.FindWithTenantKeyAsync(session, tenantId, findAsync, keyOf);

    /// <summary>The key, to be disposed of by the caller.</summary>
    /// <exception cref="SealBrokenException">It does not open.</exception>
    internal WrappingKey Open(KeyringEntry entry) => keyring.OpenTenantKey(entry);
}
