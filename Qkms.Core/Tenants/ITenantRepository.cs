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

    /// <summary>Tenants, newest first.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="filter">Which of them.</param>
    /// <param name="before">Only those with a smaller id; null = from the newest.</param>
    /// <param name="limit">At most so many.</param>
    Task<IReadOnlyList<Sealed<Tenant>>> ListAsync(IKmsSession session, TenantFilter filter, TenantId? before, int limit);

    /// <summary>One tenant, or null.</summary>
    Task<Sealed<Tenant>?> FindAsync(IKmsSession session, TenantId id);

    /// <summary>
    /// One tenant, or null, held until the unit ends: whoever else counts or changes what belongs to it as a whole waits. Its row is locked
    /// before all others.
    /// </summary>
    Task<Sealed<Tenant>?> LockAsync(IKmsSession session, TenantId id);

    /// <summary>
    /// Holds the names of all tenants until the unit ends: whoever else makes, renames, suspends or resumes one waits. Before all others.
    /// </summary>
    Task LockNamesAsync(IKmsSession session);

    /// <summary>Whether another tenant has a name. Exact where <see cref="LockNamesAsync"/> holds the names.</summary>
    Task<bool> IsNameTakenAsync(IKmsSession session, string name, TenantId except);

    /// <summary>Adds one; false when its name or account id is taken.</summary>
    Task<bool> InsertAsync(IKmsSession session, Sealed<Tenant> tenant);

    /// <summary>Writes name, state and plan; false when it is not there.</summary>
    Task<bool> UpdateAsync(IKmsSession session, Sealed<Tenant> tenant);
}

/// <summary>Which tenants a list shows.</summary>
/// <param name="State">Only in this state; null = in any.</param>
/// <param name="Plan">Only with this plan; null = with any.</param>
internal sealed record TenantFilter(TenantState? State, string? Plan);
