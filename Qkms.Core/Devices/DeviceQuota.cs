using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Core.Devices;

/// <summary>How many devices a tenant may have, as its plan says.</summary>
internal sealed class DeviceQuota(ITenantRepository tenants, IDeviceRepository devices, RowSealer sealer, PlanOptions plans)
{
    /// <summary>Refuses another device, by what is committed: before a key is made in vain.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.QuotaExceeded"/>.</exception>
    public async Task RequireRoomAsync(IKmsSession session, TenantId tenantId)
    {
        if (await devices.FindCountAsync(session, tenantId) is { } stored)
            await RequireRoomAsync(session, sealer.Open(stored));
    }

    /// <summary>The same by a count that the unit holds: exact.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.QuotaExceeded"/>.</exception>
    public async Task RequireRoomAsync(IKmsSession session, DeviceCount count)
    {
        Tenant tenant = await tenants.FindAsync(session, count.TenantId) is { } stored
            ? sealer.Open(stored)
            : throw new SealBrokenException($"tenant {count.TenantId}");
        if (plans.Of(tenant.Plan).MaxDevices is > 0 and int most && count.Devices >= most)
            throw KmsErrors.QuotaExceeded.With($"This tenant's plan '{tenant.Plan}' allows {most} devices.");
    }
}
