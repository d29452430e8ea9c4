using Qkms.Core.Store;

namespace Qkms.Core.Keyrings;

/// <summary>Root wrappers and wrapped keyring keys in the database.</summary>
internal interface IKeyringRepository
{
    /// <summary>Every wrapping of the master key; empty before the first start has finished.</summary>
    Task<IReadOnlyList<RootWrapper>> ListRootWrappersAsync(IKmsSession session);

    /// <summary>Adds a wrapping of the master key.</summary>
    Task InsertRootWrapperAsync(IKmsSession session, RootWrapper wrapper);

    /// <summary>Writes what is wrapped in one wrapping of the master key.</summary>
    Task UpdateWrappedAsync(IKmsSession session, RootWrapper wrapper);

    /// <summary>Removes a wrapping of the master key; false when it is not there.</summary>
    Task<bool> DeleteRootWrapperAsync(IKmsSession session, Guid wrapperId);

    /// <summary>The set of the wrappings; null in a database of an earlier build, until it is taken over.</summary>
    Task<RootWrapperSet?> FindRootWrapperSetAsync(IKmsSession session);

    /// <summary>The same, held until the unit ends: whoever else changes the wrappings waits.</summary>
    Task<RootWrapperSet?> LockRootWrapperSetAsync(IKmsSession session);

    /// <summary>Adds the first set.</summary>
    Task InsertRootWrapperSetAsync(IKmsSession session, RootWrapperSet set);

    /// <summary>Writes the next set; false when the one before it is not there any more.</summary>
    Task<bool> UpdateRootWrapperSetAsync(IKmsSession session, RootWrapperSet set);

    /// <summary>Every key that belongs to no tenant, newest version last.</summary>
    Task<IReadOnlyList<KeyringEntry>> ListSystemKeysAsync(IKmsSession session);

    /// <summary>Whether any table has a row of a tenant: only with a master key, and for a tenant, can it have been made.</summary>
    Task<bool> HasRowsOfTenantsAsync(IKmsSession session);

    /// <summary>Keys of every tenant, by their ids: for what is done to all of them before anything is served.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="after">Only those with a greater id; null = from the smallest.</param>
    /// <param name="limit">At most so many.</param>
    Task<IReadOnlyList<KeyringEntry>> ListTenantKeysAsync(IKmsSession session, Guid? after, int limit);

    /// <summary>Whether any credential, of whatever tenant, has a wrapped secret.</summary>
    Task<bool> HasSealedCredentialsAsync(IKmsSession session);

    /// <summary>Writes what is wrapped in one key.</summary>
    Task UpdateWrappedAsync(IKmsSession session, KeyringEntry entry);

    /// <summary>The newest key of a tenant, or null.</summary>
    Task<KeyringEntry?> FindNewestTenantKeyAsync(IKmsSession session, TenantId tenantId);

    /// <summary>One key of a tenant by its id, or null.</summary>
    Task<KeyringEntry?> FindTenantKeyAsync(IKmsSession session, TenantId tenantId, Guid id);

    /// <summary>
    /// One key of a tenant by its id, or null, held until the unit ends: whoever adds what it wraps waits, or is waited for.
    /// </summary>
    Task<KeyringEntry?> LockTenantKeyAsync(IKmsSession session, TenantId tenantId, Guid id);

    /// <summary>Every key of one tenant, newest version last; of a deleted one too.</summary>
    Task<IReadOnlyList<KeyringEntry>> ListKeysOfTenantAsync(IKmsSession session, TenantId tenantId);

    /// <summary>
    /// Writes zeros over a key of a tenant, and says that it is destroyed; false when it does not stand there as it was found. The row
    /// stays.
    /// </summary>
    Task<bool> EraseAsync(IKmsSession session, KeyringEntry found);

    /// <summary>
    /// Adds a key. The unit fails when there is one of its kind, tenant and version already: of two nodes at their first start, only
    /// one can write.
    /// </summary>
    Task InsertAsync(IKmsSession session, KeyringEntry entry);
}
