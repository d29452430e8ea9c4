using Qkms.Core.Devices;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Devices;

/// <summary>Devices, and how many a tenant has.</summary>
internal sealed class DeviceRepository : IDeviceRepository
{
    private const string Select =
        $"""
        SELECT {DeviceRow.Columns}
        FROM devices
        WHERE tenant_id = @TenantId AND device_id = @DeviceId
        """;

    /// <inheritdoc/>
    public Task<Sealed<Device>?> FindAsync(IKmsSession session, TenantId tenantId, DeviceId id) =>
        FindAsync(session, Select, tenantId, id);

    /// <inheritdoc/>
    public Task<Sealed<Device>?> LockAsync(IKmsSession session, TenantId tenantId, DeviceId id) =>
        FindAsync(session, Select + session.Sql.Dialect.LockRow, tenantId, id);

    private static async Task<Sealed<Device>?> FindAsync(IKmsSession session, string sql, TenantId tenantId, DeviceId id) =>
        (await session.Sql.FindAsync<DeviceRow>(sql, new { TenantId = tenantId.Value.ToBytes(), DeviceId = id.Value }))?.ToSealed();

    private const string Insert =
        $"""
        INSERT INTO devices ({DeviceRow.Columns})
        VALUES (@TenantId, @DeviceId, @Generations, @CreatedAt, @RowVersion, @Seal, @SealKeyId)
        ON CONFLICT DO NOTHING
        """;

    /// <inheritdoc/>
    public Task<bool> InsertAsync(IKmsSession session, Sealed<Device> device) => WriteAsync(session, Insert, device);

    private const string Update =
        """
        UPDATE devices
        SET generations = @Generations, row_version = @RowVersion, seal = @Seal, seal_key_id = @SealKeyId
        WHERE tenant_id = @TenantId AND device_id = @DeviceId AND row_version = @RowVersion - 1
        """;

    /// <inheritdoc/>
    public Task<bool> UpdateAsync(IKmsSession session, Sealed<Device> device) => WriteAsync(session, Update, device);

    private static async Task<bool> WriteAsync(IKmsSession session, string sql, Sealed<Device> device)
    {
        DeviceRow row = DeviceRow.From(device);
        if (await session.Sql.ExecuteAsync(sql, row) != 1)
            return false;

        session.Sql.MustStand(WrittenRow.Of(
            device.UnverifiedRow.LogName, "devices", row, [nameof(DeviceRow.TenantId), nameof(DeviceRow.DeviceId)]));
        return true;
    }

    private const string Delete =
        "DELETE FROM devices WHERE tenant_id = @TenantId AND device_id = @DeviceId AND row_version = @RowVersion";

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(IKmsSession session, Device device) => await session.Sql.ExecuteAsync(
        Delete, new { TenantId = device.TenantId.Value.ToBytes(), DeviceId = device.Id.Value, device.RowVersion }) == 1;

    // No tenant here: what is due is due for all, and each row says whose it is.
    private static string SelectDue(SqlDialect dialect) =>
        $"""
        SELECT process_until AS until, CAST(tenant_id AS {dialect.Bytes}) AS tenant_id, CAST(id AS {dialect.Bytes}) AS id
        FROM key_versions
        WHERE owner_kind = 'device' AND state <> 4
          AND process_until <= CASE state WHEN 2 THEN @Now ELSE @Ended END AND process_until <= @Now
          AND (process_until, id) > (@Until, @Id) AND {OfActiveTenants.In("key_versions")}
        ORDER BY process_until, id
        LIMIT @Limit
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<DueDeviceKey>> ListDueAsync(
        IKmsSession session, DateTimeOffset now, DateTimeOffset ended, DueDeviceKey? after, int limit) =>
    [
        .. (await session.Sql.ListAsync<DueDeviceKeyRow>(
            SelectDue(session.Sql.Dialect),
            new
            {
                Now = now.ToStored(),
                Ended = ended.ToStored(),
                Until = after?.Until ?? long.MinValue,
                Id = after?.Version.StoredId ?? [],
                Limit = limit,
            })).Select(row => new DueDeviceKey(row.Until, row.ToDue())),
    ];

    private const string SelectCount =
        $"""
        SELECT {DeviceCountRow.Columns}
        FROM device_counts
        WHERE tenant_id = @TenantId
        """;

    /// <inheritdoc/>
    public Task<Sealed<DeviceCount>?> FindCountAsync(IKmsSession session, TenantId tenantId) =>
        FindCountAsync(session, SelectCount, tenantId);

    /// <inheritdoc/>
    public Task<Sealed<DeviceCount>?> LockCountAsync(IKmsSession session, TenantId tenantId) =>
        FindCountAsync(session, SelectCount + session.Sql.Dialect.LockRow, tenantId);

    private static async Task<Sealed<DeviceCount>?> FindCountAsync(IKmsSession session, string sql, TenantId tenantId) =>
        (await session.Sql.FindAsync<DeviceCountRow>(sql, new { TenantId = tenantId.Value.ToBytes() }))?.ToSealed();

    // The condition of the index of versions by their owner stands here word for word.
    private const string SelectHadAny =
        """
        SELECT CASE
          WHEN EXISTS (SELECT 1 FROM devices WHERE tenant_id = @TenantId)
            OR EXISTS (SELECT 1 FROM key_versions WHERE tenant_id = @TenantId AND owner_kind <> '' AND owner_kind = 'device')
          THEN 1 ELSE 0 END
        """;

    /// <inheritdoc/>
    public async Task<bool> HadAnyAsync(IKmsSession session, TenantId tenantId) =>
        await session.Sql.ScalarAsync<long>(SelectHadAny, new { TenantId = tenantId.Value.ToBytes() }) == 1;

    private const string InsertCount =
        $"""
        INSERT INTO device_counts ({DeviceCountRow.Columns})
        VALUES (@TenantId, @Devices, @RowVersion, @Seal, @SealKeyId)
        ON CONFLICT DO NOTHING
        """;

    /// <inheritdoc/>
    public Task<bool> InsertCountAsync(IKmsSession session, Sealed<DeviceCount> count) => WriteCountAsync(session, InsertCount, count);

    private const string UpdateCount =
        """
        UPDATE device_counts
        SET devices = @Devices, row_version = @RowVersion, seal = @Seal, seal_key_id = @SealKeyId
        WHERE tenant_id = @TenantId AND row_version = @RowVersion - 1
        """;

    /// <inheritdoc/>
    public Task<bool> UpdateCountAsync(IKmsSession session, Sealed<DeviceCount> count) => WriteCountAsync(session, UpdateCount, count);

    private static async Task<bool> WriteCountAsync(IKmsSession session, string sql, Sealed<DeviceCount> count)
    {
        DeviceCountRow row = DeviceCountRow.From(count);
        if (await session.Sql.ExecuteAsync(sql, row) != 1)
            return false;

        session.Sql.MustStand(WrittenRow.Of(
            count.UnverifiedRow.LogName, "device_counts", row, [nameof(DeviceCountRow.TenantId)]));
        return true;
    }
}
