using Qkms.Core.Store;

namespace Qkms.Core.Tenants;

/// <summary>The tenants in the database.</summary>
internal interface ITenantRepository
{
    /// <summary>Whether there is any tenant: false only before the first start has finished.</summary>
    Task<bool> AnyAsync(IKmsSession session);

    /// <summary>The tenant that was made first, of those that are not deleted; null when there is none.</summary>
    Task<Sealed<Tenant>?> FindFirstAsync(IKmsSession session);

    /// <summary>The ids of all tenants that are not deleted.</summary>
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

    /// <summary>Writes name, state, plan and what is said of its deletion; false when it is not there.</summary>
    Task<bool> UpdateAsync(IKmsSession session, Sealed<Tenant> tenant);

    /// <summary>
    /// Tenants whose deletion is due, or has begun and is not done, by their rows alone: nothing of them is checked.
    /// </summary>
    /// <param name="session">The unit.</param>
    /// <param name="now">The time.</param>
    /// <param name="after">Only those behind this one; null = from the first.</param>
    /// <param name="limit">At most so many.</param>
    Task<IReadOnlyList<DueTenant>> ListDueForDeletionAsync(IKmsSession session, DateTimeOffset now, DueTenant? after, int limit);

    /// <summary>The ids of the tenants that are suspended or wait for their deletion, by their rows alone.</summary>
    Task<IReadOnlyList<TenantId>> ListWithheldAsync(IKmsSession session);

    /// <summary>Whether the deletion of any tenant waits, or is not done.</summary>
    Task<bool> AnyWaitsForDeletionAsync(IKmsSession session);
}

/// <summary>A tenant whose row says that its deletion is due.</summary>
/// <param name="StoredId">Its id as the column holds it, whatever that is.</param>
/// <param name="StoredTime">Its date as the column holds it.</param>
internal sealed record DueTenant(byte[] StoredId, long StoredTime)
{
    /// <summary>The id; null when the column holds none.</summary>
    public TenantId? Id => StoredId.Length == 16 ? new TenantId(new Guid(StoredId, bigEndian: true)) : null;
}

/// <summary>Which tenants a list shows.</summary>
/// <param name="State">Only in this state; null = in any.</param>
/// <param name="Plan">Only with this plan; null = with any.</param>
internal sealed record TenantFilter(TenantState? State, string? Plan);
