using Qkms.Core.Keys;
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

    /// <summary>Removes a device as it was read; false when it is not so any more.</summary>
    Task<bool> DeleteAsync(IKmsSession session, Device device);

    /// <summary>
    /// Versions of devices of every tenant that may be destroyed without an order, by their rows alone: nothing of them is checked.
    /// </summary>
    /// <param name="session">The unit.</param>
    /// <param name="now">Retired ones that were kept until then, or before.</param>
    /// <param name="ended">Others that ended then, or before.</param>
    /// <param name="after">Only those behind this one; null = from the first.</param>
    /// <param name="limit">At most so many, in the order of their ends.</param>
    Task<IReadOnlyList<DueDeviceKey>> ListDueAsync(
        IKmsSession session, DateTimeOffset now, DateTimeOffset ended, DueDeviceKey? after, int limit);

    /// <summary>How many devices a tenant has; null when it never had one.</summary>
    Task<Sealed<DeviceCount>?> FindCountAsync(IKmsSession session, TenantId tenantId);

    /// <summary>The same, held until the unit ends.</summary>
    Task<Sealed<DeviceCount>?> LockCountAsync(IKmsSession session, TenantId tenantId);

    /// <summary>Whether a tenant has a device, or a key that was a device's, destroyed or not.</summary>
    Task<bool> HadAnyAsync(IKmsSession session, TenantId tenantId);

    /// <summary>Adds a count; false when there is one.</summary>
    Task<bool> InsertCountAsync(IKmsSession session, Sealed<DeviceCount> count);

    /// <summary>
    /// Writes a count whose <see cref="DeviceCount.RowVersion"/> was raised by one; false when the row is not the one that was read.
    /// </summary>
    Task<bool> UpdateCountAsync(IKmsSession session, Sealed<DeviceCount> count);
}

/// <summary>A version of a device whose row says that it is due for destruction.</summary>
/// <param name="Until">Until when it decrypts, as its row says, in UTC milliseconds.</param>
/// <param name="Version">Whose it is, and its id.</param>
internal sealed record DueDeviceKey(long Until, DueVersion Version);
