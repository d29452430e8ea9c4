using Qkms.Core.Idempotency;
using Qkms.Core.Keys;
using Qkms.Core.Store;

namespace Qkms.Core.Lifecycle;

/// <summary>What the keys of a tenant wrap: private keys, and what is kept for repeated requests.</summary>
internal interface IWrappedRowRepository
{
    /// <summary>Private keys of a tenant that another key than this wraps, by the ids of their versions; destroyed ones too.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="keyId">The key.</param>
    /// <param name="after">Only those behind this version id.</param>
    /// <param name="limit">At most so many.</param>
    Task<IReadOnlyList<KeyMaterial>> ListMaterialsAsync(
        IKmsSession session, TenantId tenantId, Guid keyId, KeyVersionId after, int limit);

    /// <summary>Writes a private key that is wrapped anew; false when the row is not the one that was read.</summary>
    Task<bool> ReplaceAsync(IKmsSession session, KeyMaterial found, KeyMaterial replacement);

    /// <summary>Kept results of a tenant that another key than this wraps, by their keys; expired ones too.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="keyId">The key.</param>
    /// <param name="after">Only those behind this <c>Idempotency-Key</c>.</param>
    /// <param name="limit">At most so many.</param>
    Task<IReadOnlyList<KeptResult>> ListKeptResultsAsync(IKmsSession session, TenantId tenantId, Guid keyId, string after, int limit);

    /// <summary>Writes a kept result that is wrapped anew; false when the row is not the one that was read.</summary>
    Task<bool> ReplaceAsync(IKmsSession session, KeptResult found, KeptResult replacement);

    /// <summary>Whether a key of a tenant wraps anything. Exact where the unit holds the key.</summary>
    Task<bool> AnyAsync(IKmsSession session, TenantId tenantId, Guid keyId);
}
