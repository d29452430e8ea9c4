using Qkms.Core.Idempotency;
using Qkms.Storage.Rows;

namespace Qkms.Storage.Idempotency;

/// <summary>A row of <c>idempotency</c>.</summary>
internal sealed class IdempotencyRow
{
    /// <summary>The columns in the order in which they are read.</summary>
    public const string Columns = "tenant_id, idempotency_key, request_hash, status, wrapping_key_id, response, created_at, expires_at";

    public byte[] TenantId { get; init; } = [];

    public string IdempotencyKey { get; init; } = "";

    public byte[] RequestHash { get; init; } = [];

    public int Status { get; init; }

    public byte[] WrappingKeyId { get; init; } = [];

    public byte[] Response { get; init; } = [];

    public long CreatedAt { get; init; }

    public long ExpiresAt { get; init; }

    public static IdempotencyRow From(KeptAnswer answer) => new()
    {
        TenantId = answer.TenantId.Value.ToBytes(),
        IdempotencyKey = answer.Key,
        RequestHash = answer.Fingerprint,
        Status = answer.Status,
        WrappingKeyId = answer.WrappingKeyId.ToBytes(),
        Response = answer.Sealed,
        CreatedAt = answer.CreatedAt.ToStored(),
        ExpiresAt = answer.ExpiresAt.ToStored(),
    };

    public KeptAnswer ToAnswer()
    {
        StoredRowReader read = new();
        KeptAnswer answer = new()
        {
            TenantId = new TenantId(read.Id(TenantId)),
            Key = IdempotencyKey,
            Fingerprint = RequestHash,
            Status = Status,
            WrappingKeyId = read.Id(WrappingKeyId),
            Sealed = Response,
            CreatedAt = read.Time(CreatedAt),
            ExpiresAt = read.Time(ExpiresAt),
        };
        return read.IsDamaged ? answer with { Sealed = [] } : answer;
    }
}
