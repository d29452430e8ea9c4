using Qkms.Core.Aliases;
using Qkms.Core.Idempotency;
using Qkms.Core.Journal;
using Qkms.Core.Keys;
using Qkms.Core.Rotations;
using Qkms.Core.Tags;
using Qkms.Core.Verification;
using Qkms.Storage.Aliases;
using Qkms.Storage.Devices;
using Qkms.Storage.Idempotency;
using Qkms.Storage.Journal;
using Qkms.Storage.Keys;
using Qkms.Storage.Rotations;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;
using Qkms.Storage.Tags;

namespace Qkms.Storage.Verification;

/// <summary>Reads everything that the verification looks at. Tenants are bytes: somebody may have written what is no id.</summary>
internal sealed class VerificationRepository : IVerificationRepository
{
    private const string CountEvents = "SELECT COUNT(*) FROM audit_events";

    /// <inheritdoc/>
    public Task<long> CountEventsAsync(IKmsSession session) => session.Sql.ScalarAsync<long>(CountEvents);

    private const string SelectNextTenant =
        """
        SELECT tenant_id FROM (
          SELECT * FROM (SELECT tenant_id FROM audit_events WHERE tenant_id > @After ORDER BY tenant_id LIMIT 1) AS e
          UNION
          SELECT * FROM (SELECT tenant_id FROM audit_streams WHERE tenant_id > @After ORDER BY tenant_id LIMIT 1) AS s
          UNION
          SELECT * FROM (SELECT id AS tenant_id FROM tenants WHERE id > @After ORDER BY id LIMIT 1) AS t
        ) AS found
        ORDER BY tenant_id
        LIMIT 1
        """;

    /// <inheritdoc/>
    public Task<byte[]?> FindNextTenantAsync(IKmsSession session, byte[] after) =>
        session.Sql.FindAsync<byte[]>(SelectNextTenant, new { After = after });

    private const string SelectStreams =
        $"""
        SELECT {JournalStreamRow.Columns}
        FROM audit_streams
        WHERE tenant_id = @TenantId
        ORDER BY stream
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Sealed<JournalStream>>> ListStreamsAsync(IKmsSession session, byte[] tenantId) =>
        [.. (await session.Sql.ListAsync<JournalStreamRow>(SelectStreams, new { TenantId = tenantId })).Select(row => row.ToSealed())];

    private const string SelectNextStream =
        """
        SELECT stream
        FROM audit_events
        WHERE tenant_id = @TenantId AND stream > @After AND position IS NOT NULL
        ORDER BY stream
        LIMIT 1
        """;

    /// <inheritdoc/>
    public async Task<long?> FindNextStreamAsync(IKmsSession session, byte[] tenantId, long after) =>
        await session.Sql.ListAsync<long>(SelectNextStream, new { TenantId = tenantId, After = after }) is [long number] ? number : null;

    private const string SelectEvents =
        $"""
        SELECT {JournalColumns.Columns}
        FROM audit_events
        WHERE tenant_id = @TenantId AND stream = @Stream AND position >= @From AND position IS NOT NULL
        ORDER BY position
        LIMIT @Limit
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<StoredEvent>> ListEventsAsync(
        IKmsSession session, byte[] tenantId, long stream, long from, int limit) =>
    [
        .. (await session.Sql.ListAsync<JournalRow>(
            SelectEvents, new { TenantId = tenantId, Stream = stream, From = from, Limit = limit })).Select(row => row.ToEvent()),
    ];

    private const string SelectFormerEvents =
        $"""
        SELECT {JournalColumns.Columns}
        FROM audit_events
        WHERE tenant_id = @TenantId AND position IS NULL AND id > @After
        ORDER BY id
        LIMIT @Limit
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<StoredEvent>> ListFormerEventsAsync(IKmsSession session, byte[] tenantId, byte[] after, int limit) =>
    [
        .. (await session.Sql.ListAsync<JournalRow>(SelectFormerEvents, new { TenantId = tenantId, After = after, Limit = limit }))
            .Select(row => row.ToEvent()),
    ];

    private const string SelectNewestOfKey =
        $"""
        SELECT {JournalColumns.Columns}
        FROM audit_events
        WHERE tenant_id = @TenantId AND stream = 1 AND key_id = @KeyId AND key_id IS NOT NULL AND key_seal IS NOT NULL
        ORDER BY position DESC
        LIMIT 1
        """;

    /// <inheritdoc/>
    public async Task<StoredEvent?> FindNewestOfKeyAsync(IKmsSession session, TenantId tenantId, KeyId keyId) =>
        (await session.Sql.FindAsync<JournalRow>(
            SelectNewestOfKey, new { TenantId = tenantId.Value.ToBytes(), KeyId = keyId.Value.ToBytes() }))?.ToEvent();

    private const string SelectPositionOfSeal =
        """
        SELECT position
        FROM audit_events
        WHERE tenant_id = @TenantId AND stream = 1 AND key_id = @KeyId AND key_id IS NOT NULL AND key_seal = @KeySeal
          AND position IS NOT NULL
        ORDER BY position DESC
        LIMIT 1
        """;

    /// <inheritdoc/>
    public async Task<long?> FindPositionOfSealAsync(IKmsSession session, TenantId tenantId, KeyId keyId, byte[] keySeal) =>
        await session.Sql.ListAsync<long>(
            SelectPositionOfSeal,
            new { TenantId = tenantId.Value.ToBytes(), KeyId = keyId.Value.ToBytes(), KeySeal = keySeal }) is [long position]
            ? position
            : null;

    private const string SelectLostKeys =
        """
        SELECT DISTINCT e.key_id
        FROM audit_events e
        WHERE e.tenant_id = @TenantId AND e.stream = 1 AND e.key_id IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM keys k WHERE k.tenant_id = e.tenant_id AND k.id = e.key_id)
        LIMIT @Limit
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Guid>> ListLostKeysAsync(IKmsSession session, byte[] tenantId, int limit) =>
    [
        .. (await session.Sql.ListAsync<byte[]>(SelectLostKeys, new { TenantId = tenantId, Limit = limit }))
            .Select(id => new StoredRowReader().Id(id)),
    ];

    private const string SelectOrphans =
        """
        SELECT v.kid
        FROM key_versions v
        WHERE NOT EXISTS (SELECT 1 FROM keys k WHERE k.tenant_id = v.tenant_id AND k.id = v.key_id)
        LIMIT @Limit
        """;

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ListOrphansAsync(IKmsSession session, int limit) =>
        session.Sql.ListAsync<string>(SelectOrphans, new { Limit = limit });

    /// <inheritdoc/>
    public Task<Sealed<KeyUsage>?> FindUsageAsync(IKmsSession session, KeyVersion version) =>
        KeyUsageRepository.FindAsync(session, version.TenantId, version.Id);

    private const string SelectLostUsages =
        $"""
        SELECT {KeyUsageRow.Columns}
        FROM key_usage u
        WHERE NOT EXISTS (SELECT 1 FROM key_versions v WHERE v.tenant_id = u.tenant_id AND v.id = u.version_id)
        LIMIT @Limit
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Sealed<KeyUsage>>> ListLostUsagesAsync(IKmsSession session, int limit) =>
        [.. (await session.Sql.ListAsync<KeyUsageRow>(SelectLostUsages, new { Limit = limit })).Select(row => row.ToSealed())];

    private const string SelectJobs =
        $"""
        SELECT {RotationJobRow.Columns}
        FROM rotation_jobs
        WHERE (tenant_id, id) > (@TenantId, @Id)
        ORDER BY tenant_id, id
        LIMIT @Limit
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<(StoredPlace Place, Sealed<RotationJob> Job)>> ListJobsAsync(
        IKmsSession session, StoredPlace after, int limit) =>
    [
        .. (await session.Sql.ListAsync<RotationJobRow>(SelectJobs, new { after.TenantId, after.Id, Limit = limit }))
            .Select(row => (new StoredPlace(row.TenantId, row.Id), row.ToSealed())),
    ];

    private const string SelectAliases =
        $"""
        SELECT {AliasRow.Columns}
        FROM aliases
        WHERE (tenant_id, name) > (@TenantId, @Name)
        ORDER BY tenant_id, name
        LIMIT @Limit
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<(byte[] TenantId, string Name, Sealed<Alias> Alias)>> ListAliasesAsync(
        IKmsSession session, byte[] tenantId, string name, int limit) =>
    [
        .. (await session.Sql.ListAsync<AliasRow>(SelectAliases, new { TenantId = tenantId, Name = name, Limit = limit }))
            .Select(row => (row.TenantId, row.Name, row.ToSealed())),
    ];

    private const string SelectTags =
        $"""
        SELECT {KeyTagRow.Columns}
        FROM key_tags
        WHERE (tenant_id, key_id) > (@TenantId, @Id)
        ORDER BY tenant_id, key_id
        LIMIT @Limit
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<(StoredPlace Place, Sealed<KeyTags> Tags)>> ListTagsAsync(
        IKmsSession session, StoredPlace after, int limit) =>
    [
        .. (await session.Sql.ListAsync<KeyTagRow>(SelectTags, new { after.TenantId, after.Id, Limit = limit }))
            .Select(row => (new StoredPlace(row.TenantId, row.KeyId), row.ToSealed())),
    ];

    private const string SelectDevices =
        $"""
        SELECT {DeviceRow.Columns}, (
          SELECT MAX(v.created_at)
          FROM key_versions v
          WHERE v.tenant_id = d.tenant_id AND v.owner_kind <> '' AND v.owner_kind = 'device' AND v.owner_id = d.device_id) AS newest_key_at
        FROM (
          SELECT {DeviceRow.Columns}
          FROM devices
          WHERE (tenant_id, device_id) > (@TenantId, @DeviceId)
          ORDER BY tenant_id, device_id
          LIMIT @Limit) AS d
        ORDER BY tenant_id, device_id
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<StoredDevice>> ListDevicesAsync(
        IKmsSession session, byte[] tenantId, string deviceId, int limit) =>
    [
        .. (await session.Sql.ListAsync<DeviceWithKeyRow>(
            SelectDevices, new { TenantId = tenantId, DeviceId = deviceId, Limit = limit }))
            .Select(row => new StoredDevice(row.TenantId, row.DeviceId, row.ToSealed(), row.NewestKeyAt)),
    ];

    private const string SelectLostDevices =
        """
        SELECT DISTINCT v.owner_id
        FROM key_versions v
        WHERE v.owner_kind <> '' AND v.owner_kind = 'device' AND v.state <> 4
          AND NOT EXISTS (SELECT 1 FROM devices d WHERE d.tenant_id = v.tenant_id AND d.device_id = v.owner_id)
        LIMIT @Limit
        """;

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ListLostDevicesAsync(IKmsSession session, int limit) =>
        session.Sql.ListAsync<string>(SelectLostDevices, new { Limit = limit });

    private const string SelectDeviceCounts =
        $"""
        SELECT {DeviceCountRow.Columns}, (SELECT COUNT(*) FROM devices d WHERE d.tenant_id = c.tenant_id) AS rows_of_devices
        FROM device_counts c
        WHERE tenant_id > @After
        ORDER BY tenant_id
        LIMIT @Limit
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<StoredDeviceCount>> ListDeviceCountsAsync(IKmsSession session, byte[] after, int limit) =>
    [
        .. (await session.Sql.ListAsync<CountedDevicesRow>(SelectDeviceCounts, new { After = after, Limit = limit }))
            .Select(row => new StoredDeviceCount(row.TenantId, row.ToSealed(), row.RowsOfDevices)),
    ];

    private const string CountUncounted =
        "SELECT COUNT(*) FROM devices d WHERE NOT EXISTS (SELECT 1 FROM device_counts c WHERE c.tenant_id = d.tenant_id)";

    /// <inheritdoc/>
    public Task<long> CountUncountedDevicesAsync(IKmsSession session) => session.Sql.ScalarAsync<long>(CountUncounted);

    private const string SelectKeptResults =
        $"""
        SELECT {IdempotencyRow.Columns}
        FROM idempotency
        WHERE (tenant_id, idempotency_key) > (@TenantId, @Key)
        ORDER BY tenant_id, idempotency_key
        LIMIT @Limit
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<(byte[] TenantId, KeptResult Kept)>> ListKeptResultsAsync(
        IKmsSession session, byte[] tenantId, string key, int limit) =>
    [
        .. (await session.Sql.ListAsync<IdempotencyRow>(
            SelectKeptResults, new { TenantId = tenantId, Key = key, Limit = limit })).Select(row => (row.TenantId, row.ToResult())),
    ];
}

/// <summary>A row of <c>devices</c>, and when the newest key of the device was generated.</summary>
internal sealed class DeviceWithKeyRow : DeviceRow
{
    public long? NewestKeyAt { get; init; }
}

/// <summary>A row of <c>device_counts</c>, and how many rows of devices there are.</summary>
internal sealed class CountedDevicesRow : DeviceCountRow
{
    public long RowsOfDevices { get; init; }
}
