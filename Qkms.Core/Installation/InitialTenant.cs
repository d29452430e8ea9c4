using Qkms.Core.ApiKeys;
using Qkms.Core.Callers;
using Qkms.Core.Keyrings;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Core.Installation;

/// <summary>Makes the tenant <c>default</c> and its API key at the first start, so that the service can be used at once.</summary>
internal sealed class InitialTenant(
    IKmsStore store, ITenantRepository tenants, IKeyringRepository keyringRepository, TenantProvisioning provisioning, IdGenerator ids)
{
    /// <summary>The name of the first tenant.</summary>
    public const string Name = "default";

    private const string Plan = "enterprise";
    private const Roles InitialRoles = Roles.Operator | Roles.Admin;

    /// <summary>
    /// Makes tenant and API key where there is no tenant yet, and answers with the caller that the API key stands for; null when there is
    /// a tenant, or another node made it meanwhile.
    /// </summary>
    /// <param name="deliver">Puts the API key's text where the operator finds it; it is durable when this returns, before the
    /// key becomes valid.</param>
    /// <param name="withdraw">Takes it away again: another node was first, and this key never becomes valid.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <exception cref="StoreUnusableException">There are rows of tenants, and no tenant.</exception>
    public async Task<Caller?> EnsureAsync(Action<SecretBytes> deliver, Action withdraw, CancellationToken cancellationToken)
    {
        // In this order: another node may be making the first tenant just now. Its rows are committed together with the tenant, so that who
        // sees one of them sees the tenant too when he looks afterwards.
        (bool inUse, bool hasTenant) = await store.ReadAsync(
            async session => (await keyringRepository.HasRowsOfTenantsAsync(session), await tenants.AnyAsync(session)), cancellationToken);
        if (hasTenant)
            return null;

        if (inUse)
            throw new StoreUnusableException(
                "The database holds data of tenants but no tenant: the rows in tenants are lost. Restore the database from a backup; a new "
                + "tenant could open none of it.");

        Tenant tenant = provisioning.Plan(Name, Plan);
        using NewApiKey apiKey = provisioning.PlanApiKey(tenant, "initial", InitialRoles);
        deliver(apiKey.Text);
        bool made = await store.WriteAsync(
            async session =>
            {
                if (await tenants.AnyAsync(session) || !await provisioning.TryAddAsync(session, tenant))
                    return false;

                await provisioning.AddAsync(session, apiKey);
                return true;
            },
            cancellationToken);
        if (made)
            return new Caller(tenant.Id, apiKey.Credential.UnverifiedRow.Id, new Access(InitialRoles, null, null), ids.Next());

        withdraw();
        return null;
    }
}
