using Qkms.Core.Devices;
using Qkms.Core.Sealing;

namespace Qkms.Tests.Keyrings;

/// <summary>Every column of the rows of devices is edited here and refused.</summary>
public sealed class DeviceSealTests : IDisposable
{
    private static readonly RowEdits<Device> _device = new(
        Device.New(new TenantId(Samples.Id(2)), DeviceId.FromStored("phone"), Samples.Time), Unsealed: [])
    {
        ["TenantId"] = [r => r with { TenantId = new TenantId(Samples.Id(99)) }],
        ["Id"] = [r => r with { Id = DeviceId.FromStored("phones") }],
        ["Generations"] = [r => r with { Generations = "1" }, r => r.With(Samples.Time.AddMilliseconds(1)) with { RowVersion = 1 }],
        ["CreatedAt"] = [r => r with { CreatedAt = Samples.Time.AddMilliseconds(1) }],
        ["RowVersion"] = [r => r with { RowVersion = 2 }],
    };

    private static readonly RowEdits<DeviceCount> _count = new(DeviceCount.NoneOf(new TenantId(Samples.Id(2))), Unsealed: [])
    {
        ["TenantId"] = [r => r with { TenantId = new TenantId(Samples.Id(99)) }],
        ["Devices"] = [r => r with { Devices = 1 }],
        ["RowVersion"] = [r => r with { RowVersion = 2 }],
    };

    private readonly Keyring _keyring = new(TimeProvider.System, new IdGenerator(TimeProvider.System));
    private readonly RowSealer _sealer;

    public DeviceSealTests()
    {
        WrappingKey key = Samples.WrappingKey("0192f3a4-b5c6-7d8e-9fa0-b1c2d3e4f506");
        _keyring.Install(new KeyringKeys(key, [key], [key], [key], [key], [key]));
        _sealer = new RowSealer(_keyring);
    }

    public void Dispose() => _keyring.Dispose();

    [Fact]
    public void Every_sealed_column_of_a_device_is_held() => _device.ShouldAllBeRefused(_sealer);

    [Fact]
    public void Every_sealed_column_of_a_count_of_devices_is_held() => _count.ShouldAllBeRefused(_sealer);
}
