using Qkms.Core.Idempotency;
using Qkms.Storage.Rows;

namespace Qkms.Storage.Idempotency;

/// <summary>A row of <c>idempotency</c>.</summary>
internal sealed class IdempotencyRow
{
    /// <summary>The columns in the order in which they are read.</summary>
    public const string Columns = "tenant_id, idempotency_key, request_hash, wrapping_key_id, response, created_at, expires_at";

    public byte[] TenantId { get; init; } = [];

    public string IdempotencyKey { get; init; } = "";

    public byte[] RequestHash { get; init; } = [];

    public byte[] WrappingKeyId { get; init; } = [];

    public byte[] Response { get; init; } = [];

    public long CreatedAt { get; init; }

    public long ExpiresAt { get; init; }

    public static IdempotencyRow From(KeptResult result) => new()
    {
        TenantId = result.TenantId.Value.ToBytes(),
        IdempotencyKey = result.Key,
        RequestHash = result.Fingerprint,
        WrappingKeyId = result.WrappingKeyId.ToBytes(),
        Response = result.Sealed,
        CreatedAt = result.CreatedAt.ToStored(),
        ExpiresAt = result.ExpiresAt.ToStored(),
    };

    public KeptResult ToResult()
    {
        StoredRowReader read = new();
        KeptResult result = new()
        {
            TenantId = new TenantId(read.Id(TenantId)),
            Key = IdempotencyKey,
            Fingerprint = RequestHash,
            WrappingKeyId = read.Id(WrappingKeyId),
            Sealed = Response,
            CreatedAt = read.Time(CreatedAt),
            ExpiresAt = read.Time(ExpiresAt),
        };
        return read.IsDamaged ? result with { Sealed = [] } : result;
    }
}
