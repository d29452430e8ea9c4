using Qkms.Core.Idempotency;
using Qkms.Core.Keys;
using Qkms.Core.Sealing;

namespace Qkms.Core.Devices;

/// <summary>The key that a device encrypts to.</summary>
/// <param name="Version">The key.</param>
/// <param name="IsNew">Whether it was generated; else it is the valid one that the device had.</param>
internal sealed record DeviceKey(KeyVersion Version, bool IsNew) : IKeepable<DeviceKey>
{
    void IKeepable<DeviceKey>.WriteTo(CanonicalWriter record)
    {
        KeyVersionRecord.Write(record, Version);
        record.Add(IsNew);
    }

    static DeviceKey IKeepable<DeviceKey>.ReadFrom(ref CanonicalReader record) =>
        new(KeyVersionRecord.Read(ref record), record.ReadFlag());
}
