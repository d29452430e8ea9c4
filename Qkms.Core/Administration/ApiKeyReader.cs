using Qkms.Core.ApiKeys;
using Qkms.Core.Callers;
using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Administration;

/// <summary>Shows the API keys of a tenant.</summary>
internal sealed class ApiKeyReader(
    IKmsStore store, ICredentialRepository credentials, ApiKeyUses uses, RowSealer sealer, ListCursor cursors)
{
    private const string List = "api-keys";
    private const int PageSize = 1000;

    /// <summary>An API key of the caller's tenant.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.NotFound"/>: there is none that the caller may know of.</exception>
    /// <exception cref="SealBrokenException">Its row does not match its seal.</exception>
    public Task<ApiKeyInfo> GetAsync(Caller caller, CredentialId id, CancellationToken cancellationToken) => store.ReadAsync(
        async session =>
        {
            Credential found = await FindAsync(session, caller, id);
            return ApiKeyInfo.Of(found, uses.Latest(id, await credentials.FindLastUseAsync(session, caller.TenantId, id)));
        },
        cancellationToken);

    /// <summary>
    /// One page of the API keys that the caller may know of, newest first. A row whose seal is broken is named apart and hides no other.
    /// </summary>
    /// <param name="caller">Whose API keys.</param>
    /// <param name="cursor">Where the page before ended; null = from the newest.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.Invalid"/> for a cursor that is not this list's.</exception>
    public async Task<ApiKeyPage> ListAsync(Caller caller, string? cursor, int limit, CancellationToken cancellationToken)
    {
        CredentialId? before = cursor is null ? null : new CredentialId(cursors.Read(List, caller.TenantId, cursor));
        List<ApiKeyInfo> shown = [];
        List<CredentialId> unreadable = [];
        CredentialId? last = null;
        IReadOnlyList<StoredApiKeyUse> page;
        do
        {
            page = await store.ReadAsync(
                session => credentials.ListAsync(session, caller.TenantId, before, PageSize), cancellationToken);
            foreach (StoredApiKeyUse row in page)
            {
                CredentialId id = row.Credential.UnverifiedRow.Id;
                Credential? credential = sealer.TryOpen(row.Credential);
                before = id;
                if (credential is null ? !caller.Access.Scope.IsAll : !IsKnownTo(caller, credential))
                    continue;

                // One more than was asked for: there is a next page, and it begins behind the last one that is shown.
                if (shown.Count + unreadable.Count == limit)
                    return Page(cursors.Write(List, caller.TenantId, last!.Value.Value));

                last = id;
                if (credential is null)
                    unreadable.Add(id);
                else
                    shown.Add(ApiKeyInfo.Of(credential, uses.Latest(id, row.LastUsedAt)));
            }
        }
        while (page.Count == PageSize);

        return Page(next: null);

        ApiKeyPage Page(string? next) => new(shown, unreadable, next);
    }

    /// <summary>An API key that the caller may know of, with its seal checked.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.NotFound"/>.</exception>
    internal async Task<Credential> FindAsync(IKmsSession session, Caller caller, CredentialId id)
    {
        if (await credentials.FindAsync(session, caller.TenantId, id) is not { } row)
            throw NotFound();

        Credential credential = sealer.Open(row);
        return credential.LookupId != ApiKeyDecoy.LookupId && IsKnownTo(caller, credential) ? credential : throw NotFound();
    }

    // An API key that is limited to key names knows of itself, and of those that are within its own.
    private static bool IsKnownTo(Caller caller, Credential credential) =>
        credential.Id == caller.CredentialId || caller.Access.Scope.Covers(ApiKeyGrants.Of(credential).Scope);

    /// <summary>The refusal of an API key that is not there for the caller.</summary>
    public static KmsException NotFound() => KmsErrors.NotFound.With("There is no such API key.");
}

/// <summary>One page of API keys.</summary>
/// <param name="ApiKeys">The API keys, newest first.</param>
/// <param name="Unreadable">Those of the page whose row's seal does not hold.</param>
/// <param name="NextCursor">Where the next page begins; null = this is the last.</param>
internal sealed record ApiKeyPage(IReadOnlyList<ApiKeyInfo> ApiKeys, IReadOnlyList<CredentialId> Unreadable, string? NextCursor);
