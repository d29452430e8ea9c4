using Qkms.Core.Store;

namespace Qkms.Core.Tenants;

/// <summary>
/// The rows of a deleted tenant, whose key is destroyed already, on their way out of the database: a piece at a time, so that no unit is
/// long. Whoever removes a piece holds the tenant's row. What is asked for twice does no harm.
/// </summary>
internal interface ITenantRemainsRepository
{
    /// <summary>Removes a piece of what refers to key versions and keys: jobs, kept results, aliases, tags.</summary>
    /// <returns>Whether there may be more.</returns>
    Task<bool> DeleteDependentsAsync(IKmsSession session, TenantId tenantId, int limit);

    /// <summary>
    /// Writes zeros over the private keys of a piece of the key versions and lets go of them, and of what the versions refer to.
    /// </summary>
    /// <param name="session">The unit.</param>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="after">The last version of the piece before; empty = from the first.</param>
    /// <param name="limit">At most so many.</param>
    /// <returns>The last version of this piece; null when there was none.</returns>
    Task<byte[]?> ReleaseVersionsAsync(IKmsSession session, TenantId tenantId, byte[] after, int limit);

    /// <summary>Has a piece of the keys name no active version any more; as above.</summary>
    Task<byte[]?> ReleaseKeysAsync(IKmsSession session, TenantId tenantId, byte[] after, int limit);

    /// <summary>Removes a piece of all other rows but the tenant's own, its keyring's, and its journal of changes.</summary>
    /// <returns>Whether there may be more.</returns>
    Task<bool> DeleteAsync(IKmsSession session, TenantId tenantId, int limit);

    /// <summary>Whether a row is left that is to go.</summary>
    Task<bool> AnyAsync(IKmsSession session, TenantId tenantId);
}
