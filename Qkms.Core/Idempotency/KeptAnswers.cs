using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Idempotency;

/// <summary>Looks up what a repeated request was answered the first time, and forgets it when its time is over.</summary>
public sealed class KeptAnswers(IKmsStore store, IIdempotencyRepository answers, IKeyringRepository keyringRepository, Keyring keyring, TimeProvider time)
{
    private const int PageSize = 500;

    /// <summary>What the request was answered before, or null when it is new.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.IdempotencyKeyReused"/>: its key stands for another request.</exception>
    /// <exception cref="SealBrokenException">What is kept was changed or damaged.</exception>
    public async Task<AnswerToKeep?> FindAsync(TenantId tenantId, RepeatableRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        (KeptAnswer? kept, KeyringEntry? entry) = await store.ReadAsync(
            async session =>
            {
                KeptAnswer? found = await answers.FindAsync(session, tenantId, request.Key, time.GetUtcMilliseconds());
                return (found, found is null ? null : await keyringRepository.FindTenantKeyAsync(session, tenantId, found.WrappingKeyId));
            },
            cancellationToken);
        if (kept is null)
            return null;

        using WrappingKey tenantKey = keyring.OpenTenantKey(entry ?? throw KeptAnswerSeal.Broken(kept));
        AnswerToKeep answer = KeptAnswerSeal.Open(tenantKey, kept);
        return kept.Fingerprint.AsSpan().SequenceEqual(request.Fingerprint) ? answer : throw KmsErrors.IdempotencyKeyReused.Refusal();
    }

    /// <summary>Removes what has expired.</summary>
    public async Task ForgetExpiredAsync(CancellationToken cancellationToken)
    {
        int deleted;
        do
        {
            deleted = await store.WriteAsync(session => answers.DeleteExpiredAsync(session, time.GetUtcMilliseconds(), PageSize), cancellationToken);
        }
        while (deleted == PageSize);
    }
}
