using Qkms.Core.Idempotency;
using Qkms.Storage.Keyrings;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Idempotency;

/// <summary>What requests that may be sent again did the first time.</summary>
internal sealed class IdempotencyRepository : IIdempotencyRepository
{
    private const string SelectResult =
        $"""
        SELECT {IdempotencyRow.Columns}
        FROM idempotency
        WHERE tenant_id = @TenantId AND idempotency_key = @IdempotencyKey AND expires_at > @Now
        """;

    /// <inheritdoc/>
    public async Task<KeptResult?> FindAsync(IKmsSession session, TenantId tenantId, string key, DateTimeOffset now) =>
        (await session.Sql.FindAsync<IdempotencyRow>(
            SelectResult,
            new { TenantId = tenantId.Value.ToBytes(), IdempotencyKey = key, Now = now.ToStored() }))?.ToResult();

    private const string DeleteOlder =
        "DELETE FROM idempotency WHERE tenant_id = @TenantId AND idempotency_key = @IdempotencyKey AND expires_at <= @CreatedAt";

    private const string InsertResult =
        $"""
        INSERT INTO idempotency ({IdempotencyRow.Columns})
        VALUES (@TenantId, @IdempotencyKey, @RequestHash, @WrappingKeyId, @Response, @CreatedAt, @ExpiresAt)
        ON CONFLICT DO NOTHING
        """;

    /// <inheritdoc/>
    public async Task<bool> InsertAsync(IKmsSession session, KeptResult result)
    {
        IdempotencyRow row = IdempotencyRow.From(result);
        session.Sql.MustStand(TenantKeyInUse.Of(result.WrappingKeyId));
        await session.Sql.ExecuteAsync(DeleteOlder, row);
        return await session.Sql.ExecuteAsync(InsertResult, row) == 1;
    }

    // No tenant here: what has expired has expired for all.
    private const string DeleteExpired =
        """
        DELETE FROM idempotency
        WHERE (tenant_id, idempotency_key) IN (
          SELECT tenant_id, idempotency_key FROM idempotency WHERE expires_at <= @Now ORDER BY expires_at LIMIT @Limit)
        """;

    /// <inheritdoc/>
    public Task<int> DeleteExpiredAsync(IKmsSession session, DateTimeOffset now, int limit) =>
        session.Sql.ExecuteAsync(DeleteExpired, new { Now = now.ToStored(), Limit = limit });
}
