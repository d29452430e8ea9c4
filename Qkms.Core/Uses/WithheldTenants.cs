using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Core.Uses;

/// <summary>
/// Has the private keys of tenants that may not use the service leave the memory of this node, whatever node has suspended them or ordered
/// their deletion.
/// </summary>
internal sealed class WithheldTenants(IKmsStore store, ITenantRepository tenants, MaterialCache materials)
{
    /// <summary>How often to look: what another node has committed is done here within a second.</summary>
    public static TimeSpan Interval => FreshnessLimit.MaxAge;

    /// <summary>
    /// Lets go of them. For several nodes: what this one commits lets go of them by itself.
    /// </summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/>.</exception>
    public async Task DropKeysAsync(CancellationToken cancellationToken)
    {
        if (materials.Count > 0)
            materials.Drop(await store.ReadAsync(tenants.ListWithheldAsync, cancellationToken));
    }
}
