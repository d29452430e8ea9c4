using Qkms.Core.Callers;
using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Core.Idempotency;

/// <summary>
/// Makes the changes that requests ask for, each of a repeatable request once. Its result is kept in the very unit that changes something:
/// the one is there if the other is, whatever is cut or killed in between.
/// </summary>
internal sealed class Changes(
    IKmsStore store, IIdempotencyRepository results, KeptResults kept, TenantKeys tenantKeys, TenantStates tenants)
{
    // A plan fails only because another change of the same key was faster, so somebody always gets on.
    private const int MaxPlans = 100;

    private static readonly TimeSpan _retryAfter = TimeSpan.FromSeconds(1);

    /// <summary>What the request did the first time, or else what <paramref name="work"/> does now.</summary>
    /// <param name="caller">For whom.</param>
    /// <param name="request">The request, if its sender may repeat it.</param>
    /// <param name="admit">
    /// Refuses, as the work would, what the caller may not touch: his API key may be limited to other key names since the first time.
    /// </param>
    /// <param name="work">Makes the change by <see cref="WriteAsync"/>.</param>
    /// <param name="cancellationToken">Cancels the look-up.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.IdempotencyKeyReused"/>: its key stands for another request.</exception>
    internal async Task<Done<T>> OnceAsync<T>(
        Caller caller,
        RepeatableRequest? request,
        Func<Task> admit,
        Func<Task<Done<T>>> work,
        CancellationToken cancellationToken)
        where T : IKeepable<T>
    {
        if (request is null)
            return await work();

        await admit();

        if (await kept.FindAsync<T>(caller.TenantId, request, cancellationToken) is { } earlier)
            return earlier;

        try
        {
            return await work();
        }
        catch (KmsException)
        {
            // Perhaps only because the same request was faster on another connection or node; then its result is that of this one too.
            if (await kept.FindAsync<T>(caller.TenantId, request, cancellationToken) is { } meanwhile)
                return meanwhile;

            throw;
        }
    }

    /// <summary>
    /// Writes a change, and with it the result that is kept for the request. The record is made and sealed before the write begins.
    /// </summary>
    /// <param name="caller">For whom.</param>
    /// <param name="request">The request, if its sender may repeat it.</param>
    /// <param name="plan">The change.</param>
    /// <param name="planAgain">Plans it for what the database holds now, when that is not what the plan was made for.</param>
    /// <param name="cancellationToken">Honoured until the work is queued.</param>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.Unavailable"/>, nothing having been changed: the same request was faster on another way and its result can be
    /// looked up, or other changes were faster again and again. <see cref="KmsErrors.TenantSuspended"/>: since the request was let in.
    /// </exception>
    internal async Task<Done<T>> WriteAsync<T>(
        Caller caller,
        RepeatableRequest? request,
        PlannedChange<T> plan,
        Func<Task<PlannedChange<T>>> planAgain,
        CancellationToken cancellationToken)
        where T : IKeepable<T>
    {
        for (int plans = 1; plans <= MaxPlans; plans++)
        {
            PlannedChange<T> change = plans == 1 ? plan : await planAgain();
            KeptResult? result = request is null ? null : await SealAsync(caller, request, change, cancellationToken);
            if (await store.WriteAsync(session => TryWriteAsync(session, caller, change, result), cancellationToken) is { } done)
                return done;
        }

        throw KmsErrors.Unavailable.RetryAfter(_retryAfter);
    }

    /// <summary>
    /// Makes a change that nobody repeats by an <c>Idempotency-Key</c>; false when the plan says that there is nothing to be changed.
    /// </summary>
    /// <param name="caller">For whom.</param>
    /// <param name="plan">
    /// Plans it for what the database holds now: a write as that of a <see cref="PlannedChange{T}"/>, or null for none.
    /// </param>
    /// <param name="cancellationToken">Honoured until the work is queued.</param>
    /// <exception cref="KmsException">As above.</exception>
    internal async Task<bool> TryMakeAsync(
        Caller caller, Func<Task<Func<IKmsSession, Task<bool>>?>> plan, CancellationToken cancellationToken)
    {
        for (int plans = 1; plans <= MaxPlans; plans++)
        {
            if (await plan() is not { } tryWriteAsync)
                return false;

            PlannedChange<Nothing> change = new(default, default, tryWriteAsync);
            if (await store.WriteAsync(session => TryWriteAsync(session, caller, change, result: null), cancellationToken) is not null)
                return true;
        }

        throw KmsErrors.Unavailable.RetryAfter(_retryAfter);
    }

    private async Task<KeptResult> SealAsync<T>(
        Caller caller, RepeatableRequest request, PlannedChange<T> change, CancellationToken cancellationToken)
        where T : IKeepable<T>
    {
        using WrappingKey tenantKey = await tenantKeys.OpenAsync(caller.TenantId, cancellationToken);
        return KeptResultWrap.Protect(tenantKey, caller.TenantId, request, ResultRecord.Write(change.Result), change.At);
    }

    private async Task<Done<T>?> TryWriteAsync<T>(IKmsSession session, Caller caller, PlannedChange<T> change, KeptResult? result)
    {
        if (!await change.TryWriteAsync(session))
            return null;

        if (result is not null && !await results.InsertAsync(session, result))
            throw KmsErrors.Unavailable.RetryAfter(_retryAfter);

        await tenants.RequireActiveAsync(session, caller.TenantId);
        return new Done<T>(change.Result, change.At, IsRepeated: false);
    }
}
