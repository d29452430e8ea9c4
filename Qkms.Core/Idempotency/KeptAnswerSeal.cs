using Qkms.Core.Callers;
using Qkms.Core.Sealing;

namespace Qkms.Core.Idempotency;

/// <summary>Seals answers under their tenant's key, bound to everything else of their row, and opens them.</summary>
internal static class KeptAnswerSeal
{
    private const byte Format = 1;

    public static KeptAnswer Protect(WrappingKey tenantKey, Caller caller, RepeatableRequest request, AnswerToKeep answer, DateTimeOffset now)
    {
        KeptAnswer kept = new()
        {
            TenantId = caller.TenantId,
            Key = request.Key,
            Fingerprint = request.Fingerprint,
            Status = answer.Status,
            WrappingKeyId = tenantKey.Id,
            Sealed = [],
            CreatedAt = now,
            ExpiresAt = now + RepeatableRequest.Lifetime,
        };
        return kept with { Sealed = Seal.Protect(SealPurpose.KeptAnswer, tenantKey, BindingOf(kept), answer.Content) };
    }

    /// <exception cref="SealBrokenException">It was changed, moved or damaged.</exception>
    public static AnswerToKeep Open(WrappingKey tenantKey, KeptAnswer kept)
    {
        using SecretBytes content = Seal.TryOpen(SealPurpose.KeptAnswer, tenantKey, BindingOf(kept), kept.Sealed) ?? throw Broken(kept);
        return new AnswerToKeep(kept.Status, content.Span.ToArray());
    }

    // The key is the caller's text, and not repeated in logs.
    public static SealBrokenException Broken(KeptAnswer kept) => new($"an answer that is kept for tenant {kept.TenantId}");

    private static ReadOnlySpan<byte> BindingOf(KeptAnswer kept) => new CanonicalWriter(Format)
        .Add(kept.TenantId.Value).Add(kept.Key).Add(kept.Fingerprint).Add((long)kept.Status).Add(kept.CreatedAt).Add(kept.ExpiresAt)
        .Written;
}
