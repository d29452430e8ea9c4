using Qkms.Core.Aliases;
using Qkms.Core.Devices;
using Qkms.Core.Idempotency;
using Qkms.Core.Journal;
using Qkms.Core.Keys;
using Qkms.Core.Rotations;
using Qkms.Core.Store;
using Qkms.Core.Tags;

namespace Qkms.Core.Verification;

/// <summary>What only the verification asks of the database, of one moment.</summary>
internal interface IVerificationRepository
{
    /// <summary>How many events there are.</summary>
    Task<long> CountEventsAsync(IKmsSession session);

    /// <summary>The smallest tenant id behind another that an event or a stream names; null when there is none.</summary>
    Task<byte[]?> FindNextTenantAsync(IKmsSession session, byte[] after);

    /// <summary>Streams of a tenant by their numbers.</summary>
    Task<IReadOnlyList<Sealed<JournalStream>>> ListStreamsAsync(IKmsSession session, byte[] tenantId);

    /// <summary>The smallest number behind another that an event with a position names as its stream; null when there is none.</summary>
    Task<long?> FindNextStreamAsync(IKmsSession session, byte[] tenantId, long after);

    /// <summary>Events of a stream by their positions.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="stream">The number of the stream.</param>
    /// <param name="from">Only those with this position or a greater one.</param>
    /// <param name="limit">At most so many.</param>
    Task<IReadOnlyList<StoredEvent>> ListEventsAsync(IKmsSession session, byte[] tenantId, long stream, long from, int limit);

    /// <summary>Events without a position by their ids.</summary>
    Task<IReadOnlyList<StoredEvent>> ListFormerEventsAsync(IKmsSession session, byte[] tenantId, byte[] after, int limit);

    /// <summary>The newest event of a key that names the seal of its row; null when there is none.</summary>
    Task<StoredEvent?> FindNewestOfKeyAsync(IKmsSession session, TenantId tenantId, KeyId keyId);

    /// <summary>The position of the newest event of a key that names this seal; null when there is none.</summary>
    Task<long?> FindPositionOfSealAsync(IKmsSession session, TenantId tenantId, KeyId keyId, byte[] keySeal);

    /// <summary>Ids of keys that the life cycle names and that have no row, at most so many.</summary>
    Task<IReadOnlyList<Guid>> ListLostKeysAsync(IKmsSession session, byte[] tenantId, int limit);

    /// <summary>Kids of versions without a key, at most so many.</summary>
    Task<IReadOnlyList<string>> ListOrphansAsync(IKmsSession session, int limit);

    /// <summary>The counter of a version; null when there is none.</summary>
    Task<Sealed<KeyUsage>?> FindUsageAsync(IKmsSession session, KeyVersion version);

    /// <summary>Counters without a version, at most so many.</summary>
    Task<IReadOnlyList<Sealed<KeyUsage>>> ListLostUsagesAsync(IKmsSession session, int limit);

    /// <summary>Rotation jobs of every tenant, by tenant and id.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="after">Only those behind this one: what its columns hold.</param>
    /// <param name="limit">At most so many.</param>
    Task<IReadOnlyList<(StoredPlace Place, Sealed<RotationJob> Job)>> ListJobsAsync(IKmsSession session, StoredPlace after, int limit);

    /// <summary>Aliases of every tenant, by tenant and name.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="tenantId">Only what is behind this tenant, or this tenant's behind <paramref name="name"/>.</param>
    /// <param name="name">The name of that.</param>
    /// <param name="limit">At most so many.</param>
    Task<IReadOnlyList<(byte[] TenantId, string Name, Sealed<Alias> Alias)>> ListAliasesAsync(
        IKmsSession session, byte[] tenantId, string name, int limit);

    /// <summary>Tags of the keys of every tenant, by tenant and key.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="after">Only those behind this one: what its columns hold.</param>
    /// <param name="limit">At most so many.</param>
    Task<IReadOnlyList<(StoredPlace Place, Sealed<KeyTags> Tags)>> ListTagsAsync(IKmsSession session, StoredPlace after, int limit);

    /// <summary>Devices of every tenant, by tenant and id.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="tenantId">Only what is behind this tenant, or this tenant's behind <paramref name="deviceId"/>.</param>
    /// <param name="deviceId">The id of that.</param>
    /// <param name="limit">At most so many.</param>
    Task<IReadOnlyList<StoredDevice>> ListDevicesAsync(IKmsSession session, byte[] tenantId, string deviceId, int limit);

    /// <summary>Devices without a row that have keys which are not destroyed, as text, at most so many.</summary>
    Task<IReadOnlyList<string>> ListLostDevicesAsync(IKmsSession session, int limit);

    /// <summary>How many devices each tenant has by its count, and how many rows of devices; at most so many tenants.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="after">Only those behind this tenant.</param>
    /// <param name="limit">At most so many.</param>
    Task<IReadOnlyList<StoredDeviceCount>> ListDeviceCountsAsync(IKmsSession session, byte[] after, int limit);

    /// <summary>How many devices have a tenant without a count.</summary>
    Task<long> CountUncountedDevicesAsync(IKmsSession session);

    /// <summary>What is kept for an <c>Idempotency-Key</c>, of every tenant, by tenant and key.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="tenantId">Only what is behind this tenant, or this tenant's behind <paramref name="key"/>.</param>
    /// <param name="key">The key of that.</param>
    /// <param name="limit">At most so many.</param>
    Task<IReadOnlyList<(byte[] TenantId, KeptResult Kept)>> ListKeptResultsAsync(
        IKmsSession session, byte[] tenantId, string key, int limit);
}

/// <summary>The key of a row as its columns hold it: somebody may have written what is no id.</summary>
internal readonly record struct StoredPlace(byte[] TenantId, byte[] Id);

/// <summary>A device as its row says, and when the newest of its keys was generated.</summary>
/// <param name="TenantId">The tenant as its column holds it.</param>
/// <param name="DeviceId">The id as its column holds it.</param>
/// <param name="Device">The device.</param>
/// <param name="NewestKeyAt">When its newest key was generated, in UTC milliseconds; null when it has none.</param>
internal sealed record StoredDevice(byte[] TenantId, string DeviceId, Sealed<Device> Device, long? NewestKeyAt);

/// <summary>How many devices a tenant has.</summary>
/// <param name="TenantId">The tenant as its column holds it.</param>
/// <param name="Count">By its count.</param>
/// <param name="Rows">By the rows of devices.</param>
internal sealed record StoredDeviceCount(byte[] TenantId, Sealed<DeviceCount> Count, long Rows);
