using Qkms.Core.Store;

namespace Qkms.Core.Devices;

/// <summary>Devices in the database. Every statement carries the tenant.</summary>
internal interface IDeviceRepository
{
    /// <summary>A device, or null.</summary>
    Task<Sealed<Device>?> FindAsync(IKmsSession session, TenantId tenantId, DeviceId id);

    /// <summary>The same, held until the unit ends.</summary>
    Task<Sealed<Device>?> LockAsync(IKmsSession session, TenantId tenantId, DeviceId id);

    /// <summary>Adds a device; false when it is there.</summary>
    Task<bool> InsertAsync(IKmsSession session, Sealed<Device> device);

    /// <summary>
    /// Writes a device whose <see cref="Device.RowVersion"/> was raised by one; false when the row is not the one that was read.
    /// </summary>
    Task<bool> UpdateAsync(IKmsSession session, Sealed<Device> device);

    /// <summary>How many devices a tenant has; null when it never had one.</summary>
    Task<Sealed<DeviceCount>?> FindCountAsync(IKmsSession session, TenantId tenantId);

    /// <summary>The same, held until the unit ends.</summary>
    Task<Sealed<DeviceCount>?> LockCountAsync(IKmsSession session, TenantId tenantId);

    /// <summary>Adds a count; false when there is one.</summary>
    Task<bool> InsertCountAsync(IKmsSession session, Sealed<DeviceCount> count);

    /// <summary>Writes a count whose <see cref="DeviceCount.RowVersion"/> was raised by one; false when it is not the one that was read.</summary>
    Task<bool> UpdateCountAsync(IKmsSession session, Sealed<DeviceCount> count);
}
