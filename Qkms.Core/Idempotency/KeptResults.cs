using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Idempotency;

/// <summary>Looks up what a repeated request did the first time, and forgets it when its time is over.</summary>
internal sealed class KeptResults(
    IKmsStore store, IIdempotencyRepository results, IKeyringRepository keyringRepository, Keyring keyring, TimeProvider time)
{
    private const int PageSize = 500;

    /// <summary>What the request did before, or null when it is new.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.IdempotencyKeyReused"/>: its key stands for another request.</exception>
    /// <exception cref="SealBrokenException">What is kept was changed or damaged.</exception>
    internal async Task<Done<T>?> FindAsync<T>(TenantId tenantId, RepeatableRequest request, CancellationToken cancellationToken)
        where T : IKeepable<T>
    {
        (KeptResult? kept, KeyringEntry? entry) = await store.ReadAsync(
            session => keyringRepository.FindWithTenantKeyAsync(
                session,
                tenantId,
                () => results.FindAsync(session, tenantId, request.Key, time.GetUtcMilliseconds()),
                static found => found.WrappingKeyId),
            cancellationToken);
        if (kept is null)
            return null;

        using WrappingKey tenantKey = keyring.OpenTenantKey(entry ?? throw KeptResultWrap.Broken(kept));
        using SecretBytes record = KeptResultWrap.Open(tenantKey, kept);
        if (!kept.Fingerprint.AsSpan().SequenceEqual(request.Fingerprint))
            throw KmsErrors.IdempotencyKeyReused.Refusal();

        return new Done<T>(ResultRecord.Read<T>(record.Span), kept.CreatedAt, IsRepeated: true);
    }

    /// <summary>Removes what has expired.</summary>
    public async Task ForgetExpiredAsync(CancellationToken cancellationToken)
    {
        int deleted;
        do
        {
            deleted = await store.WriteAsync(
                session => results.DeleteExpiredAsync(session, time.GetUtcMilliseconds(), PageSize), cancellationToken);
        }
        while (deleted == PageSize);
    }
}
