using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Lifecycle;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Devices;

/// <summary>
/// Writes new keys of devices, and with them that they were generated. Every unit takes its locks in the same order: the tenant's count
/// where a device comes or goes, the device, its keys, the journal.
/// </summary>
internal sealed class DeviceWriter(IDeviceRepository devices, DeviceQuota quota, KeyWriter keys, RowSealer sealer)
{
    private static readonly TimeSpan _retryAfter = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Writes the plans of a generation; false, and nothing is written, when the device or its keys are not as they were found.
    /// </summary>
    /// <param name="session">The unit.</param>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="deviceId">The device.</param>
    /// <param name="found">The device as it was found.</param>
    /// <param name="at">When the key was generated.</param>
    /// <param name="plans">The new key, and those that it replaces.</param>
    /// <exception cref="SealBrokenException">The device's row is not the one that was written with its newest key.</exception>
    internal async Task<bool> TryWriteAsync(
        IKmsSession session,
        TenantId tenantId,
        DeviceId deviceId,
        DeviceAndKeys found,
        DateTimeOffset at,
        IReadOnlyList<KeyPlan> plans)
    {
        if (found.Device is not { } device)
            return await TryRegisterAsync(session, Device.New(tenantId, deviceId, at), found, plans);

        if (!IsSame(device, await devices.LockAsync(session, tenantId, deviceId)) || !await keys.TryWriteAsync(session, plans))
            return false;

        // Both are held now, and are what was found.
        RequireAgreement(found, device);
        return await devices.UpdateAsync(session, sealer.Seal(device.With(at))) ? true : throw new SealBrokenException(device.LogName);
    }

    private async Task<bool> TryRegisterAsync(IKmsSession session, Device device, DeviceAndKeys found, IReadOnlyList<KeyPlan> plans)
    {
        DeviceCount count = await LockCountAsync(session, device.TenantId);
        await quota.RequireRoomAsync(session, count);
        if (!await devices.InsertAsync(session, sealer.Seal(device)))
            return false;

        if (!await devices.UpdateCountAsync(session, sealer.Seal(count.Plus(1))))
            throw new SealBrokenException(count.LogName);

        // Nobody writes keys of a device without its row, so that they are as they were found; the unit leaves nothing if they are not.
        if (!await keys.TryWriteAsync(session, plans))
            throw KmsErrors.Unavailable.RetryAfter(_retryAfter);

        RequireAgreement(found, device);
        return true;
    }

    /// <summary>
    /// Destroys a key of a device, and removes the device with its last one; false, and nothing is changed, when something else was faster.
    /// </summary>
    /// <param name="session">The unit.</param>
    /// <param name="found">The device as it was found.</param>
    /// <param name="key">The key to be destroyed.</param>
    /// <param name="destroy">Destroys it, if it is still as it was found.</param>
    internal async Task<bool> TryDestroyAsync(
        IKmsSession session, DeviceAndKeys found, KeyAndVersion key, Func<IKmsSession, Task<bool>> destroy)
    {
        // One that is not there is left to the verification: its key goes all the same.
        if (found.Device is not { } device || !found.IsLast(key))
            return await destroy(session);

        DeviceCount count = await LockCountAsync(session, device.TenantId);
        if (!IsSame(device, await devices.LockAsync(session, device.TenantId, device.Id)) || !await destroy(session))
            return false;

        if (!await devices.DeleteAsync(session, device) || !await devices.UpdateCountAsync(session, sealer.Seal(count.Plus(-1))))
            throw new SealBrokenException(device.LogName);

        return true;
    }

    private async Task<DeviceCount> LockCountAsync(IKmsSession session, TenantId tenantId)
    {
        Sealed<DeviceCount>? stored = await devices.LockCountAsync(session, tenantId);
        if (stored is null)
        {
            // It comes with the tenant's first device, and stays. Who adds it here is alone: a first device whose unit is under way has
            // added it before.
            DeviceCount none = DeviceCount.NoneOf(tenantId);
            if (await devices.InsertCountAsync(session, sealer.Seal(none)) && await devices.HadAnyAsync(session, tenantId))
                throw new SealBrokenException(none.LogName);

            stored = await devices.LockCountAsync(session, tenantId);
        }

        return stored is null ? throw new SealBrokenException(DeviceCount.NoneOf(tenantId).LogName) : sealer.Open(stored);
    }

    private static void RequireAgreement(DeviceAndKeys found, Device device)
    {
        if (!found.AgreesWithItself)
            throw new SealBrokenException(device.LogName);
    }

    private static bool IsSame(Device planned, Sealed<Device>? row) =>
        row is { Seal.Length: > 0 } && RowSealer.SayTheSame(planned, row.UnverifiedRow);
}
