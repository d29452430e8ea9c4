using Qkms.Core.Keys;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Keys;

/// <summary>Counters of uses.</summary>
internal sealed class KeyUsageRepository : IKeyUsageRepository
{
    private const string Select =
        $"""
        SELECT {KeyUsageRow.Columns}
        FROM key_usage
        WHERE tenant_id = @TenantId AND version_id = @VersionId
        """;

    /// <inheritdoc/>
    public Task<Sealed<KeyUsage>?> LockAsync(IKmsSession session, TenantId tenantId, KeyVersionId versionId) =>
        FindAsync(session, Select + session.Sql.Dialect.LockRow, tenantId, versionId);

    /// <summary>The counter of a version, which nobody waits for; null when there is none.</summary>
    public static Task<Sealed<KeyUsage>?> FindAsync(IKmsSession session, TenantId tenantId, KeyVersionId versionId) =>
        FindAsync(session, Select, tenantId, versionId);

    private static async Task<Sealed<KeyUsage>?> FindAsync(
        IKmsSession session, string sql, TenantId tenantId, KeyVersionId versionId) =>
        (await session.Sql.FindAsync<KeyUsageRow>(
            sql, new { TenantId = tenantId.Value.ToBytes(), VersionId = versionId.Value.ToBytes() }))?.ToSealed();

    private const string SelectNewest =
        $"""
        SELECT {KeyUsageRow.Columns}
        FROM key_usage
        WHERE tenant_id = @TenantId AND last_used_at IS NOT NULL AND version_id IN (
          SELECT id FROM key_versions WHERE tenant_id = @TenantId AND key_id = @KeyId)
        ORDER BY last_used_at DESC
        LIMIT 1
        """;

    /// <inheritdoc/>
    public async Task<Sealed<KeyUsage>?> FindNewestAsync(IKmsSession session, TenantId tenantId, KeyId keyId) =>
        (await session.Sql.FindAsync<KeyUsageRow>(
            SelectNewest, new { TenantId = tenantId.Value.ToBytes(), KeyId = keyId.Value.ToBytes() }))?.ToSealed();

    private const string Insert =
        $"""
        INSERT INTO key_usage ({KeyUsageRow.Columns})
        VALUES (@VersionId, @TenantId, @Used, @LastUsedAt, @RowVersion, @Seal, @SealKeyId)
        ON CONFLICT DO NOTHING
        """;

    /// <inheritdoc/>
    public async Task<bool> InsertAsync(IKmsSession session, Sealed<KeyUsage> usage)
    {
        KeyUsageRow row = KeyUsageRow.From(usage);
        return Stands(session, usage, row, await session.Sql.ExecuteAsync(Insert, row));
    }

    // In the order in which the statement has them: it runs with every batch of uses.
    private static readonly string[] _updated = ["@Used", "@LastUsedAt", "@RowVersion", "@Seal", "@SealKeyId", "@TenantId", "@VersionId"];

    private const string Update =
        """
        UPDATE key_usage
        SET used = @Used, last_used_at = @LastUsedAt, row_version = @RowVersion, seal = @Seal, seal_key_id = @SealKeyId
        WHERE tenant_id = @TenantId AND version_id = @VersionId AND row_version = @RowVersion - 1
        """;

    /// <inheritdoc/>
    public async Task<bool> UpdateAsync(IKmsSession session, Sealed<KeyUsage> usage)
    {
        KeyUsageRow row = KeyUsageRow.From(usage);
        return Stands(session, usage, row, await session.Sql.ExecuteEachAsync(
            Update,
            _updated,
            [[row.Used, row.LastUsedAt, row.RowVersion, row.Seal, row.SealKeyId, row.TenantId, row.VersionId]]));
    }

    private static bool Stands(IKmsSession session, Sealed<KeyUsage> usage, KeyUsageRow row, int written)
    {
        if (written != 1)
            return false;

        session.Sql.MustStand(WrittenRow.Of(
            usage.UnverifiedRow.LogName, "key_usage", row, [nameof(KeyUsageRow.TenantId), nameof(KeyUsageRow.VersionId)]));
        return true;
    }
}

/// <summary>A row of <c>key_usage</c>.</summary>
internal sealed class KeyUsageRow
{
    /// <summary>The columns in the order in which they are read.</summary>
    public const string Columns = "version_id, tenant_id, used, last_used_at, row_version, seal, seal_key_id";

    public byte[] VersionId { get; init; } = [];

    public byte[] TenantId { get; init; } = [];

    public long Used { get; init; }

    public long? LastUsedAt { get; init; }

    public long RowVersion { get; init; }

    public byte[]? Seal { get; init; }

    public byte[]? SealKeyId { get; init; }

    public static KeyUsageRow From(Sealed<KeyUsage> stored)
    {
        KeyUsage usage = stored.UnverifiedRow;
        return new KeyUsageRow
        {
            VersionId = usage.VersionId.Value.ToBytes(),
            TenantId = usage.TenantId.Value.ToBytes(),
            Used = usage.Used,
            LastUsedAt = usage.LastUsedAt.ToStored(),
            RowVersion = usage.RowVersion,
            Seal = StoredSeal.WithoutKeyId(stored.Seal),
            SealKeyId = StoredSeal.KeyId(stored.Seal),
        };
    }

    public Sealed<KeyUsage> ToSealed()
    {
        StoredRowReader read = new();
        KeyUsage usage = new()
        {
            VersionId = new KeyVersionId(read.Id(VersionId)),
            TenantId = new TenantId(read.Id(TenantId)),
            Used = Used,
            LastUsedAt = read.OptionalTime(LastUsedAt),
            RowVersion = RowVersion,
        };
        return read.Seal(usage, Seal ?? [], SealKeyId);
    }
}
