using Qkms.Core.Callers;
using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Idempotency;

/// <summary>
/// Runs what a request changes. The answer to a request that may be sent again is kept in the very unit that changes something:
/// whoever has the one has the other, whatever is cut or killed in between.
/// </summary>
public sealed class Changes(IKmsStore store, IIdempotencyRepository answers, TenantKeys tenantKeys, TimeProvider time)
{
    private static readonly TimeSpan _retryAfter = TimeSpan.FromSeconds(1);

    /// <summary>Runs <paramref name="work"/> as one unit, and makes the answer of its result.</summary>
    /// <param name="caller">For whom.</param>
    /// <param name="work">What <see cref="IKmsStore.WriteAsync"/> takes.</param>
    /// <param name="answer">Without an effect; it may be called more than once.</param>
    /// <param name="cancellationToken">Honoured until the work is queued.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/>, nothing having been changed: the same request was faster on another way, and its answer can be looked up.</exception>
    public async Task<TAnswer> WriteAsync<TResult, TAnswer>(
        Caller caller, Func<IKmsSession, Task<TResult>> work, Func<TResult, TAnswer> answer, CancellationToken cancellationToken)
        where TAnswer : notnull
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(work);
        ArgumentNullException.ThrowIfNull(answer);
        if (caller.Repeatable is not { } request)
            return answer(await store.WriteAsync(work, cancellationToken));

        using WrappingKey tenantKey = await tenantKeys.OpenAsync(caller.TenantId, cancellationToken);
        return await store.WriteAsync(
            async session =>
            {
                TAnswer made = answer(await work(session));
                KeptAnswer kept = KeptAnswerSeal.Protect(tenantKey, caller, request, request.Encode(made), time.GetUtcMilliseconds());
                return await answers.InsertAsync(session, kept) ? made : throw KmsErrors.Unavailable.RetryAfter(_retryAfter);
            },
            cancellationToken);
    }
}
