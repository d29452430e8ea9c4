using Qkms.Core.Store;

namespace Qkms.Core.ApiKeys;

/// <summary>Credentials in the database.</summary>
internal interface ICredentialRepository
{
    /// <summary>
    /// The credential that the visible part of an API key names, or null. The one look-up without a tenant: its answer decides the tenant.
    /// </summary>
    Task<Sealed<Credential>?> FindByLookupIdAsync(IKmsSession session, string kind, string lookupId);

    /// <summary>
    /// The credential that the visible part of an API key names, or else another one: in one statement that reads as much either way.
    /// </summary>
    Task<Sealed<Credential>?> FindByLookupIdAsync(IKmsSession session, string kind, string lookupId, string otherwise);

    /// <summary>One credential of a tenant, or null.</summary>
    Task<Sealed<Credential>?> FindAsync(IKmsSession session, TenantId tenantId, CredentialId id);

    /// <summary>Adds one; false when its look-up id is taken.</summary>
    Task<bool> InsertAsync(IKmsSession session, Sealed<Credential> credential);

    /// <summary>Writes what may change: label, roles, narrowing, state, times, successor. False when it is not there.</summary>
    Task<bool> UpdateAsync(IKmsSession session, Sealed<Credential> credential);
}
