using Qkms.Core.Tenants;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Tenants;

/// <summary>The rows of a deleted tenant. Every statement names the tenant, and reads an index of its table.</summary>
internal sealed class TenantRemainsRepository : ITenantRemainsRepository
{
    // The first of these that has a row.
    private static readonly string[] _deleteDependents =
    [
        DeleteBy("rotation_jobs", "id"),
        DeleteBy("idempotency", "idempotency_key"),
        DeleteBy("aliases", "name"),
        DeleteBy("key_tags", "key_id"),
    ];

    // Each before what it refers to.
    private static readonly string[] _deleteOthers =
    [
        DeleteBy("key_versions", "id"),
        DeleteBy("keys", "id"),
        DeleteBy("version_counts", "algorithm"),
        DeleteBy("devices", "device_id"),
        DeleteBy("device_counts", "tenant_id"),
        DeleteUsage,
        ForgetSuccessors,
        DeleteBy("credentials", "id"),
        DeleteUses,
    ];

    private static string DeleteBy(string table, string column) =>
        $"""
        DELETE FROM {table}
        WHERE tenant_id = @TenantId
          AND {column} IN (SELECT {column} FROM {table} WHERE tenant_id = @TenantId ORDER BY {column} LIMIT @Limit)
        """;

    // Found by the API keys, which it refers to.
    private const string DeleteUsage =
        """
        DELETE FROM credential_usage
        WHERE tenant_id = @TenantId AND credential_id IN (
          SELECT u.credential_id
          FROM credentials c
          JOIN credential_usage u ON u.credential_id = c.id
          WHERE c.tenant_id = @TenantId
          LIMIT @Limit)
        """;

    private const string ForgetSuccessors =
        """
        UPDATE credentials
        SET successor_id = NULL
        WHERE tenant_id = @TenantId AND id IN (
          SELECT id FROM credentials WHERE tenant_id = @TenantId AND successor_id IS NOT NULL ORDER BY id LIMIT @Limit)
        """;

    // Stream 1, the journal of changes, stays.
    private const string DeleteUses =
        """
        DELETE FROM audit_events
        WHERE tenant_id = @TenantId AND id IN (
          SELECT id
          FROM audit_events
          WHERE tenant_id = @TenantId AND stream > 1 AND position IS NOT NULL
          ORDER BY stream, position
          LIMIT @Limit)
        """;

    /// <inheritdoc/>
    public Task<bool> DeleteDependentsAsync(IKmsSession session, TenantId tenantId, int limit) =>
        DeleteFirstAsync(session, _deleteDependents, tenantId, limit);

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(IKmsSession session, TenantId tenantId, int limit) =>
        DeleteFirstAsync(session, _deleteOthers, tenantId, limit);

    private static async Task<bool> DeleteFirstAsync(IKmsSession session, string[] statements, TenantId tenantId, int limit)
    {
        foreach (string delete in statements)
        {
            if (await session.Sql.ExecuteAsync(delete, new { TenantId = tenantId.Value.ToBytes(), Limit = limit }) > 0)
                return true;
        }

        return false;
    }

    private const string Versions =
        "SELECT id FROM key_versions WHERE tenant_id = @TenantId AND id > @After AND id <= @Last";

    private const string OverwriteMaterial =
        $"UPDATE key_material SET wrapped = zeroblob(length(wrapped)) WHERE tenant_id = @TenantId AND version_id IN ({Versions})";

    // Not a DELETE, as everywhere with private keys: what stays are zeros of nobody.
    private const string DisownMaterial =
        $"""
        UPDATE key_material
        SET tenant_id = NULL, wrapping_key_id = NULL
        WHERE tenant_id = @TenantId AND version_id IN ({Versions})
        """;

    private const string DeleteMaterial = $"DELETE FROM key_material WHERE tenant_id = @TenantId AND version_id IN ({Versions})";

    private const string DeleteCounters = $"DELETE FROM key_usage WHERE tenant_id = @TenantId AND version_id IN ({Versions})";

    private const string ForgetPredecessors =
        "UPDATE key_versions SET previous_kid = NULL WHERE tenant_id = @TenantId AND id > @After AND id <= @Last";

    /// <inheritdoc/>
    public Task<byte[]?> ReleaseVersionsAsync(IKmsSession session, TenantId tenantId, byte[] after, int limit) => EachPieceAsync(
        session,
        "key_versions",
        session.Sql.Dialect.CopiesNeighbours
            ? [OverwriteMaterial, DisownMaterial, DeleteCounters, ForgetPredecessors]
            : [DeleteMaterial, DeleteCounters, ForgetPredecessors],
        tenantId,
        after,
        limit);

    private const string ForgetActive =
        "UPDATE keys SET active_kid = NULL WHERE tenant_id = @TenantId AND id > @After AND id <= @Last AND active_kid IS NOT NULL";

    /// <inheritdoc/>
    public Task<byte[]?> ReleaseKeysAsync(IKmsSession session, TenantId tenantId, byte[] after, int limit) =>
        EachPieceAsync(session, "keys", [ForgetActive], tenantId, after, limit);

    private static async Task<byte[]?> EachPieceAsync(
        IKmsSession session, string table, string[] statements, TenantId tenantId, byte[] after, int limit)
    {
        IReadOnlyList<byte[]> ids = await session.Sql.ListAsync<byte[]>(
            $"SELECT id FROM {table} WHERE tenant_id = @TenantId AND id > @After ORDER BY id LIMIT @Limit",
            new { TenantId = tenantId.Value.ToBytes(), After = after, Limit = limit });
        if (ids.Count == 0)
            return null;

        foreach (string statement in statements)
            await session.Sql.ExecuteAsync(statement, new { TenantId = tenantId.Value.ToBytes(), After = after, Last = ids[^1] });

        return ids[^1];
    }

    // Counters and private keys refer to versions, and last uses to API keys: they cannot be there alone.
    private const string SelectAny =
        """
        SELECT CASE WHEN
          EXISTS (SELECT 1 FROM rotation_jobs WHERE tenant_id = @TenantId)
          OR EXISTS (SELECT 1 FROM idempotency WHERE tenant_id = @TenantId)
          OR EXISTS (SELECT 1 FROM aliases WHERE tenant_id = @TenantId)
          OR EXISTS (SELECT 1 FROM key_tags WHERE tenant_id = @TenantId)
          OR EXISTS (SELECT 1 FROM key_versions WHERE tenant_id = @TenantId)
          OR EXISTS (SELECT 1 FROM keys WHERE tenant_id = @TenantId)
          OR EXISTS (SELECT 1 FROM version_counts WHERE tenant_id = @TenantId)
          OR EXISTS (SELECT 1 FROM devices WHERE tenant_id = @TenantId)
          OR EXISTS (SELECT 1 FROM device_counts WHERE tenant_id = @TenantId)
          OR EXISTS (SELECT 1 FROM credentials WHERE tenant_id = @TenantId)
          OR EXISTS (SELECT 1 FROM audit_events WHERE tenant_id = @TenantId AND stream > 1 AND position IS NOT NULL)
          OR EXISTS (SELECT 1 FROM audit_streams WHERE tenant_id = @TenantId AND stream > 1)
        THEN 1 ELSE 0 END
        """;

    /// <inheritdoc/>
    public async Task<bool> AnyAsync(IKmsSession session, TenantId tenantId) =>
        await session.Sql.ScalarAsync<long>(SelectAny, new { TenantId = tenantId.Value.ToBytes() }) > 0;
}
