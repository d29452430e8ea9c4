using Qkms.Core.Store;

namespace Qkms.Core.Tenants;

/// <summary>The tenants in the database.</summary>
internal interface ITenantRepository
{
    /// <summary>Whether there is any tenant: false only before the first start has finished.</summary>
    Task<bool> AnyAsync(IKmsSession session);

    /// <summary>The tenant that was made first; null when there is none.</summary>
    Task<Sealed<Tenant>?> FindFirstAsync(IKmsSession session);

    /// <summary>The ids of all tenants.</summary>
    Task<IReadOnlyList<TenantId>> ListIdsAsync(IKmsSession session);

    /// <summary>One tenant, or null.</summary>
    Task<Sealed<Tenant>?> FindAsync(IKmsSession session, TenantId id);

    /// <summary>
    /// One tenant, or null, held until the unit ends: whoever else counts or changes what belongs to it as a whole waits. Its row is locked
    /// before all others.
    /// </summary>
    Task<Sealed<Tenant>?> LockAsync(IKmsSession session, TenantId id);

    /// <summary>Adds one; false when its name or account id is taken.</summary>
    Task<bool> InsertAsync(IKmsSession session, Sealed<Tenant> tenant);

    /// <summary>Writes state and plan; false when it is not there.</summary>
    Task<bool> UpdateAsync(IKmsSession session, Sealed<Tenant> tenant);
}
