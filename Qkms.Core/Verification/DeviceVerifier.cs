using Qkms.Core.Keyrings;
using Qkms.Core.Store;

namespace Qkms.Core.Verification;

/// <summary>
/// Checks the rows of devices against their keys, and how many there are against the count of each tenant. Who puts an old one back would
/// have more keys in a day, or more devices, than he may.
/// </summary>
internal sealed class DeviceVerifier(
    IKmsSession session,
    IVerificationRepository repository,
    RowSealer sealer,
    JournalStatements statements,
    IVerificationReport report)
{
    private const int PageSize = 500;
    private const int MostNamed = 100;

    /// <summary>Checks all of them.</summary>
    public async Task RunAsync()
    {
        await CheckDevicesAsync();
        foreach (string lost in await repository.ListLostDevicesAsync(session, MostNamed))
            report.Found($"the row of device {lost} is missing, and it has keys");

        await CheckCountsAsync();
        if (await repository.CountUncountedDevicesAsync(session) is > 0 and long uncounted)
            report.Found($"{uncounted} devices are of tenants whose number of devices is missing");
    }

    private async Task CheckDevicesAsync()
    {
        (byte[] tenantId, string deviceId) = ((byte[])[], "");
        IReadOnlyList<StoredDevice> page;
        do
        {
            page = await repository.ListDevicesAsync(session, tenantId, deviceId, PageSize);
            foreach (StoredDevice stored in page)
            {
                (tenantId, deviceId) = (stored.TenantId, stored.DeviceId);
                CheckDevice(stored);
            }
        }
        while (page.Count == PageSize);
    }

    private void CheckDevice(StoredDevice stored)
    {
        if (statements.IsDeleted(stored.Device.UnverifiedRow.TenantId))
            return;

        if (sealer.TryOpen(stored.Device) is not { } device)
            report.Found($"the row of {stored.Device.UnverifiedRow.LogName} was edited");
        else if (stored.NewestKeyAt != device.NewestGeneration.ToUnixTimeMilliseconds())
            report.Found($"the row of {device.LogName} does not say when its newest key was generated: it was put back");
    }

    private async Task CheckCountsAsync()
    {
        byte[] last = [];
        IReadOnlyList<StoredDeviceCount> page;
        do
        {
            page = await repository.ListDeviceCountsAsync(session, last, PageSize);
            foreach (StoredDeviceCount stored in page)
            {
                last = stored.TenantId;
                CheckCount(stored);
            }
        }
        while (page.Count == PageSize);
    }

    private void CheckCount(StoredDeviceCount stored)
    {
        if (statements.IsDeleted(stored.Count.UnverifiedRow.TenantId))
            return;

        if (sealer.TryOpen(stored.Count) is not { } count)
            report.Found($"the row of {stored.Count.UnverifiedRow.LogName} was edited");
        else if (count.Devices != stored.Rows)
            report.Found($"{count.LogName} is {count.Devices}, and there are {stored.Rows}: a row was put back or removed");
    }
}
