using Qkms.Core.Idempotency;
using Qkms.Core.Keys;
using Qkms.Core.Lifecycle;
using Qkms.Storage.Idempotency;
using Qkms.Storage.Keyrings;
using Qkms.Storage.Keys;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Lifecycle;

/// <summary>What the keys of a tenant wrap. Private keys are found by their versions, which have an index by tenant.</summary>
internal sealed class WrappedRowRepository : IWrappedRowRepository
{
    private const string SelectMaterials =
        """
        SELECT m.version_id, m.tenant_id, m.wrapping_key_id, m.format, m.wrapped
        FROM key_versions v
        JOIN key_material m ON m.version_id = v.id
        WHERE v.tenant_id = @TenantId AND v.id > @After AND m.tenant_id = @TenantId AND m.wrapping_key_id <> @KeyId
        ORDER BY v.id
        LIMIT @Limit
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<KeyMaterial>> ListMaterialsAsync(
        IKmsSession session, TenantId tenantId, Guid keyId, KeyVersionId after, int limit) =>
    [
        .. (await session.Sql.ListAsync<KeyMaterialRow>(
            SelectMaterials,
            new { TenantId = tenantId.Value.ToBytes(), KeyId = keyId.ToBytes(), After = after.Value.ToBytes(), Limit = limit }))
            .Select(row => row.ToMaterial()),
    ];

    private const string UpdateMaterial =
        """
        UPDATE key_material
        SET wrapping_key_id = @WrappingKeyId, wrapped = @Wrapped
        WHERE tenant_id = @TenantId AND version_id = @VersionId AND wrapping_key_id = @FoundKeyId AND wrapped = @Found
        """;

    /// <inheritdoc/>
    public async Task<bool> ReplaceAsync(IKmsSession session, KeyMaterial found, KeyMaterial replacement)
    {
        KeyMaterialRow row = KeyMaterialRow.From(replacement);
        int written = await session.Sql.ExecuteAsync(
            UpdateMaterial,
            new
            {
                row.TenantId,
                row.VersionId,
                row.WrappingKeyId,
                row.Wrapped,
                FoundKeyId = found.WrappingKeyId.ToBytes(),
                Found = found.Wrapped,
            });
        if (written != 1)
            return false;

        session.Sql.MustStand(TenantKeyInUse.Of(replacement.WrappingKeyId));
        session.Sql.MustStand(WrittenRow.Of(
            $"the private key of version {replacement.VersionId.Value}", "key_material", row, [nameof(KeyMaterialRow.VersionId)]));
        return true;
    }

    private const string SelectKeptResults =
        $"""
        SELECT {IdempotencyRow.Columns}
        FROM idempotency
        WHERE tenant_id = @TenantId AND idempotency_key > @After AND wrapping_key_id <> @KeyId
        ORDER BY idempotency_key
        LIMIT @Limit
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<KeptResult>> ListKeptResultsAsync(
        IKmsSession session, TenantId tenantId, Guid keyId, string after, int limit) =>
    [
        .. (await session.Sql.ListAsync<IdempotencyRow>(
            SelectKeptResults,
            new { TenantId = tenantId.Value.ToBytes(), KeyId = keyId.ToBytes(), After = after, Limit = limit }))
            .Select(row => row.ToResult()),
    ];

    private const string UpdateKeptResult =
        """
        UPDATE idempotency
        SET wrapping_key_id = @WrappingKeyId, response = @Response
        WHERE tenant_id = @TenantId AND idempotency_key = @IdempotencyKey AND wrapping_key_id = @FoundKeyId AND response = @Found
        """;

    /// <inheritdoc/>
    public async Task<bool> ReplaceAsync(IKmsSession session, KeptResult found, KeptResult replacement)
    {
        IdempotencyRow row = IdempotencyRow.From(replacement);
        int written = await session.Sql.ExecuteAsync(
            UpdateKeptResult,
            new
            {
                row.TenantId,
                row.IdempotencyKey,
                row.WrappingKeyId,
                row.Response,
                FoundKeyId = found.WrappingKeyId.ToBytes(),
                Found = found.Sealed,
            });
        if (written != 1)
            return false;

        session.Sql.MustStand(TenantKeyInUse.Of(replacement.WrappingKeyId));
        return true;
    }

    private const string SelectAny =
        """
        SELECT CASE WHEN
          EXISTS (
            SELECT 1
            FROM key_versions v
            JOIN key_material m ON m.version_id = v.id
            WHERE v.tenant_id = @TenantId AND m.tenant_id = @TenantId AND m.wrapping_key_id = @KeyId)
          OR EXISTS (SELECT 1 FROM idempotency WHERE tenant_id = @TenantId AND wrapping_key_id = @KeyId)
        THEN 1 ELSE 0 END
        """;

    /// <inheritdoc/>
    public async Task<bool> AnyAsync(IKmsSession session, TenantId tenantId, Guid keyId) =>
        await session.Sql.ScalarAsync<long>(SelectAny, new { TenantId = tenantId.Value.ToBytes(), KeyId = keyId.ToBytes() }) > 0;
}
