using Qkms.Core.Sealing;

namespace Qkms.Core.Idempotency;

/// <summary>Seals records of results under their tenant's key, bound to everything else of their row, and opens them.</summary>
internal static class KeptResultWrap
{
    // 1 was bound to the status of an HTTP answer; no row of it is left.
    private const byte Format = 2;

    public static KeptResult Protect(
        WrappingKey tenantKey, TenantId tenantId, RepeatableRequest request, ReadOnlySpan<byte> record, DateTimeOffset now)
    {
        KeptResult kept = new()
        {
            TenantId = tenantId,
            Key = request.Key,
            Fingerprint = request.Fingerprint,
            WrappingKeyId = tenantKey.Id,
            Sealed = [],
            CreatedAt = now,
            ExpiresAt = now + RepeatableRequest.Lifetime,
        };
        return kept with { Sealed = KeyWrap.Protect(KeyWrapPurpose.KeptResult, tenantKey, BindingOf(kept), record) };
    }

    /// <summary>The same result under another key of its tenant.</summary>
    /// <exception cref="SealBrokenException">It was changed, moved or damaged.</exception>
    public static KeptResult WrapAnew(WrappingKey oldKey, WrappingKey newKey, KeptResult kept)
    {
        using SecretBytes record = Open(oldKey, kept);
        return kept with
        {
            WrappingKeyId = newKey.Id,
            Sealed = KeyWrap.Protect(KeyWrapPurpose.KeptResult, newKey, BindingOf(kept), record.Span),
        };
    }

    /// <summary>The record, to be disposed of by the caller.</summary>
    /// <exception cref="SealBrokenException">It was changed, moved or damaged.</exception>
    public static SecretBytes Open(WrappingKey tenantKey, KeptResult kept) =>
        KeyWrap.TryOpen(KeyWrapPurpose.KeptResult, tenantKey, BindingOf(kept), kept.Sealed) ?? throw Broken(kept);

    // The key is the caller's text, and not repeated in logs.
    public static SealBrokenException Broken(KeptResult kept) => new($"an answer that is kept for tenant {kept.TenantId}");

    private static ReadOnlySpan<byte> BindingOf(KeptResult kept) => new CanonicalWriter(Format)
        .Add(kept.TenantId.Value).Add(kept.Key).Add(kept.Fingerprint).Add(kept.CreatedAt).Add(kept.ExpiresAt)
        .Written;
}
