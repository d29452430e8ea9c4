using Qkms.Core.Devices;
using Qkms.Storage.Keys;
using Qkms.Storage.Rows;

namespace Qkms.Storage.Devices;

/// <summary>A row of <c>devices</c>.</summary>
internal class DeviceRow
{
    /// <summary>The columns in the order in which they are read.</summary>
    public const string Columns = "tenant_id, device_id, generations, created_at, row_version, seal, seal_key_id";

    public byte[] TenantId { get; init; } = [];

    public string DeviceId { get; init; } = "";

    public string Generations { get; init; } = "";

    public long CreatedAt { get; init; }

    public long RowVersion { get; init; }

    public byte[] Seal { get; init; } = [];

    public byte[]? SealKeyId { get; init; }

    public static DeviceRow From(Sealed<Device> stored)
    {
        Device device = stored.UnverifiedRow;
        return new DeviceRow
        {
            TenantId = device.TenantId.Value.ToBytes(),
            DeviceId = device.Id.Value,
            Generations = device.Generations,
            CreatedAt = device.CreatedAt.ToStored(),
            RowVersion = device.RowVersion,
            Seal = StoredSeal.WithoutKeyId(stored.Seal),
            SealKeyId = StoredSeal.KeyId(stored.Seal),
        };
    }

    public Sealed<Device> ToSealed()
    {
        StoredRowReader read = new();
        Device device = new()
        {
            TenantId = new TenantId(read.Id(TenantId)),
            Id = Core.Names.DeviceId.FromStored(DeviceId),
            Generations = Generations,
            CreatedAt = read.Time(CreatedAt),
            RowVersion = RowVersion,
        };
        return read.Seal(device, Seal, SealKeyId);
    }
}

/// <summary>A row of <c>device_counts</c>.</summary>
internal class DeviceCountRow
{
    /// <summary>The columns in the order in which they are read.</summary>
    public const string Columns = "tenant_id, devices, row_version, seal, seal_key_id";

    public byte[] TenantId { get; init; } = [];

    public long Devices { get; init; }

    public long RowVersion { get; init; }

    public byte[] Seal { get; init; } = [];

    public byte[]? SealKeyId { get; init; }

    public static DeviceCountRow From(Sealed<DeviceCount> stored)
    {
        DeviceCount count = stored.UnverifiedRow;
        return new DeviceCountRow
        {
            TenantId = count.TenantId.Value.ToBytes(),
            Devices = count.Devices,
            RowVersion = count.RowVersion,
            Seal = StoredSeal.WithoutKeyId(stored.Seal),
            SealKeyId = StoredSeal.KeyId(stored.Seal),
        };
    }

    public Sealed<DeviceCount> ToSealed()
    {
        StoredRowReader read = new();
        DeviceCount count = new() { TenantId = new TenantId(read.Id(TenantId)), Devices = Devices, RowVersion = RowVersion };
        return read.Seal(count, Seal, SealKeyId);
    }
}

/// <summary>A version of a device that is due, whatever stands in its row.</summary>
internal sealed class DueDeviceKeyRow : KeyVersionIdRow
{
    public long Until { get; init; }
}
