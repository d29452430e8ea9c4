using Qkms.Core.Persistence;
using Qkms.Core.Protection;
using Qkms.Core.Tenants;

namespace Qkms.Core.Keys;

/// <summary>Fetches the key that wraps a tenant's private keys.</summary>
public sealed class TenantKeys(IKmsStore store, Keyring keyring)
{
    /// <summary>The newest key of a tenant, to be disposed of by the caller.</summary>
    /// <exception cref="SealBrokenException">It is missing or does not open.</exception>
    public async Task<WrappingKey> OpenAsync(TenantId tenantId, CancellationToken cancellationToken)
    {
        KeyringEntry? entry = await store.ReadAsync(session => session.Keyring.FindNewestTenantKeyAsync(tenantId), cancellationToken);
        return keyring.OpenTenantKey(entry ?? throw new SealBrokenException($"the key of tenant {tenantId}"));
    }
}
