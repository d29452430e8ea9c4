using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Verification;

/// <summary>Opens the keys of tenants. It keeps the one that was needed last: what one of them wraps mostly follows each other.</summary>
internal sealed class OpenedTenantKeys(IKmsSession session, IKeyringRepository keyrings, Keyring keyring) : IDisposable
{
    private (TenantId TenantId, Guid Id, WrappingKey? Key) _last;

    /// <summary>A key, which ends with the next one; null when there is none.</summary>
    /// <exception cref="SealBrokenException">It does not open.</exception>
    public async Task<WrappingKey?> FindAsync(TenantId tenantId, Guid id)
    {
        if (_last.TenantId == tenantId && _last.Id == id)
            return _last.Key;

        _last.Key?.Dispose();
        _last = (tenantId, id, null);
        if (await keyrings.FindTenantKeyAsync(session, tenantId, id) is { } entry)
            _last = (tenantId, id, keyring.OpenTenantKey(entry));

        return _last.Key;
    }

    /// <summary>Zeroes the key.</summary>
    public void Dispose() => _last.Key?.Dispose();
}
