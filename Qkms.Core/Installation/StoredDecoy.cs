using Qkms.Core.ApiKeys;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Core.Installation;

/// <summary>Sees at every start that the database has its <see cref="ApiKeyDecoy"/>.</summary>
internal sealed class StoredDecoy(IKmsStore store, ITenantRepository tenants, ICredentialRepository credentials, ApiKeyDecoy decoy)
{
    /// <summary>Makes it where there is none; when another node makes it at the same time, that one stands.</summary>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        if (await store.ReadAsync(IsThereAsync, cancellationToken))
            return;

        await store.WriteAsync(
            async session => !await IsThereAsync(session)
                && await tenants.FindFirstAsync(session) is { } tenant
                && await credentials.InsertAsync(session, decoy.Make(tenant.UnverifiedRow.Id)),
            cancellationToken);
    }

    private async Task<bool> IsThereAsync(IKmsSession session) =>
        await credentials.FindByLookupIdAsync(session, Credential.ApiKeyKind, ApiKeyDecoy.LookupId) is not null;
}
