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

    /// <summary>The same, held until the unit ends: whoever else wants it waits. The row of its tenant is locked before it.</summary>
    Task<Sealed<Credential>?> LockAsync(IKmsSession session, TenantId tenantId, CredentialId id);

    /// <summary>The API keys of a tenant, newest first, each with the time when it was last used.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="before">Only those with a smaller id; null = from the newest.</param>
    /// <param name="limit">At most so many.</param>
    Task<IReadOnlyList<StoredApiKeyUse>> ListAsync(IKmsSession session, TenantId tenantId, CredentialId? before, int limit);

    /// <summary>When an API key was last used, as far as that is written; null = never.</summary>
    Task<DateTimeOffset?> FindLastUseAsync(IKmsSession session, TenantId tenantId, CredentialId id);

    /// <summary>The one that another one has replaced, or null.</summary>
    Task<Sealed<Credential>?> FindPredecessorAsync(IKmsSession session, TenantId tenantId, CredentialId successorId);

    /// <summary>
    /// How many API keys of a tenant are as <see cref="Credential.TakesPlaceAt"/> says. Exact where the tenant's row is locked before.
    /// </summary>
    Task<long> CountPlacesAsync(IKmsSession session, TenantId tenantId, DateTimeOffset now);

    /// <summary>
    /// Whether a tenant has an API key but this one that is as <see cref="Credential.AdministersAt"/> says. Exact as above.
    /// </summary>
    Task<bool> HasOtherAdminAsync(IKmsSession session, TenantId tenantId, CredentialId id, DateTimeOffset now);

    /// <summary>How many API keys of all tenants can be used now and end by a time.</summary>
    Task<long> CountEndingAsync(IKmsSession session, DateTimeOffset now, DateTimeOffset until);

    /// <summary>Notes when API keys were used; an earlier time than the one that is written changes nothing.</summary>
    Task WriteUsesAsync(IKmsSession session, IReadOnlyList<ApiKeyUse> uses);

    /// <summary>Adds one; false when its look-up id is taken.</summary>
    Task<bool> InsertAsync(IKmsSession session, Sealed<Credential> credential);

    /// <summary>Writes what may change: label, roles, narrowing, state, times, successor. False when it is not there.</summary>
    Task<bool> UpdateAsync(IKmsSession session, Sealed<Credential> credential);
}

/// <summary>An API key and its last use.</summary>
/// <param name="Credential">The API key.</param>
/// <param name="LastUsedAt">When it was last used; null = never.</param>
internal sealed record StoredApiKeyUse(Sealed<Credential> Credential, DateTimeOffset? LastUsedAt);

/// <summary>A use of an API key.</summary>
/// <param name="TenantId">Whose it is.</param>
/// <param name="Id">The API key.</param>
/// <param name="At">When.</param>
internal readonly record struct ApiKeyUse(TenantId TenantId, CredentialId Id, DateTimeOffset At);
