using Qkms.Core.Algorithms;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Devices;

/// <summary>Reads a device with its keys.</summary>
internal sealed class DeviceRows(IDeviceRepository devices, KeyRows rows, RowSealer sealer)
{
    /// <summary>The algorithms of devices' keys, the default first.</summary>
    public static IReadOnlyList<KeyAlgorithm> Algorithms { get; } = [KeyAlgorithm.Rsa2048, KeyAlgorithm.MLKem768];

    /// <summary>Where the keys of a device are.</summary>
    public static KeyAddress AddressOf(TenantId tenantId, DeviceId id, KeyAlgorithm algorithm) =>
        new(tenantId, KeyOwner.Device(id), KeyName.Default, algorithm, KeyUse.Encryption);

    /// <summary>A device and its keys.</summary>
    /// <exception cref="SealBrokenException">A row does not match its seal.</exception>
    public async Task<DeviceAndKeys> FindAsync(IKmsSession session, TenantId tenantId, DeviceId id)
    {
        Device? device = await devices.FindAsync(session, tenantId, id) is { } stored ? sealer.Open(stored) : null;
        List<KeyAndVersion> newest = [];
        foreach (KeyAlgorithm algorithm in Algorithms)
        {
            if (await rows.FindWithNewestAsync(session, AddressOf(tenantId, id, algorithm)) is { } found)
                newest.Add(found);
        }

        return new DeviceAndKeys(device, newest);
    }
}

/// <summary>A device and the newest version of each of its keys.</summary>
/// <param name="Device">The device; null when it has no key, or none that is not destroyed.</param>
/// <param name="Newest">The versions.</param>
internal sealed record DeviceAndKeys(Device? Device, IReadOnlyList<KeyAndVersion> Newest)
{
    /// <summary>
    /// Whether the device's row is the one that was written with its newest key: an older one, put back, would forget generations. The two
    /// are read one after the other, so that this says something only where both are held.
    /// </summary>
    public bool AgreesWithItself => Device is null
        ? Newest.All(found => found.Key.VersionCount == found.Key.DestroyedCount)
        : Newest.Count > 0 && Newest.Max(found => found.Version.CreatedAt) == Device.NewestGeneration;

    /// <summary>The newest version of an algorithm, or null.</summary>
    public KeyAndVersion? Of(KeyAlgorithm algorithm) => Newest.FirstOrDefault(found => found.Version.Algorithm == algorithm);

    /// <summary>Whether a version is the last one of the device that is not destroyed.</summary>
    public bool IsLast(KeyAndVersion version) =>
        Newest.Sum(found => found.Key.VersionCount - found.Key.DestroyedCount) == 1
        && Newest.Any(found => found.Key.Id == version.Key.Id && found.Key.RowVersion == version.Key.RowVersion);

    /// <summary>The algorithm of the key that was generated last; null when there is none.</summary>
    public KeyAlgorithm? NewestAlgorithm => Newest.MaxBy(found => found.Version.CreatedAt)?.Version.Algorithm;
}
