using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Core.Lifecycle;

/// <summary>
/// How many versions a key may have, and how many a tenant may generate in 24 hours, as its plan says. Both are counted by rows that are
/// never deleted, and not by a counter beside them: nothing gets out of step, and a row that was put back forgets nothing. Keys of devices
/// have limits of their own.
/// </summary>
internal sealed class KeyQuota(ITenantRepository tenants, IKeyRepository keys, RowSealer sealer, PlanOptions plans, TimeProvider time)
{
    private static readonly TimeSpan _window = TimeSpan.FromHours(24);

    /// <summary>Refuses another version of a key, by what is committed: before key material is made in vain.</summary>
    /// <param name="session">Reads.</param>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="key">The key; null when it is still to be made.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.QuotaExceeded"/>.</exception>
    public async Task RequireRoomAsync(IKmsSession session, TenantId tenantId, Key? key)
    {
        Tenant tenant = await FindTenantAsync(session, tenantId);
        RequireVersions(tenant, VersionsOf(key) + 1);
        await RequireGenerationsAsync(session, tenant, further: 1);
    }

    /// <summary>
    /// The same of the versions alone: for a rotation that is ordered now and done on a day of which nobody knows what else it brings.
    /// </summary>
    /// <exception cref="KmsException">As above.</exception>
    public async Task RequireRoomLaterAsync(IKmsSession session, TenantId tenantId, Key? key) =>
        RequireVersions(await FindTenantAsync(session, tenantId), VersionsOf(key) + 1);

    /// <summary>
    /// Refuses a version that the unit has written: exact, because units that make versions of a tenant hold its journal, one after the
    /// other, and each sees what the one before it has committed.
    /// </summary>
    /// <param name="session">The unit; it holds the journal of the tenant.</param>
    /// <param name="tenant">The tenant, as <see cref="FindTenantAsync"/> found it in the same unit.</param>
    /// <param name="key">The key with the version.</param>
    /// <exception cref="KmsException">As above; the unit leaves nothing behind.</exception>
    public async Task RequireAsync(IKmsSession session, Tenant tenant, Key key)
    {
        RequireVersions(tenant, VersionsOf(key));
        await RequireGenerationsAsync(session, tenant, further: 0);
    }

    /// <summary>The tenant, whose plan it goes by.</summary>
    /// <exception cref="SealBrokenException">Its row is not there, or does not match its seal.</exception>
    public async Task<Tenant> FindTenantAsync(IKmsSession session, TenantId id) =>
        sealer.Open(await tenants.FindAsync(session, id) ?? throw new SealBrokenException($"tenant {id}"));

    private static int VersionsOf(Key? key) => key is null ? 0 : key.VersionCount - key.DestroyedCount;

    private void RequireVersions(Tenant tenant, int versions)
    {
        if (plans.Of(tenant.Plan).VersionsPerKey is > 0 and int most && versions > most)
            throw KmsErrors.QuotaExceeded.With(
                $"The plan '{tenant.Plan}' allows {Count(most, "version")} of a key that {(most == 1 ? "is" : "are")} not destroyed: "
                    + "destroy one that is retired or revoked first.");
    }

    private async Task RequireGenerationsAsync(IKmsSession session, Tenant tenant, int further)
    {
        if (plans.Of(tenant.Plan).GenerationsPerDay is > 0 and int most
            && await keys.HasGeneratedAsync(session, tenant.Id, time.GetUtcMilliseconds() - _window, most + 1 - further))
            throw KmsErrors.QuotaExceeded.With(
                $"The plan '{tenant.Plan}' allows {Count(most, "generated key version")} in any 24 hours: try again later.");
    }

    private static string Count(int number, string what) => $"{number} {what}{(number == 1 ? "" : "s")}";
}
