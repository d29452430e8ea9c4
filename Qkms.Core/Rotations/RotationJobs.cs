using Qkms.Core.Callers;
using Qkms.Core.Idempotency;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Store;

namespace Qkms.Core.Rotations;

/// <summary>Shows jobs, and calls them off.</summary>
internal sealed class RotationJobs(
    IKmsStore store,
    IRotationJobRepository jobs,
    RotationOrders orders,
    Changes changes,
    RowSealer sealer,
    KeyRows rows,
    ListCursor cursors,
    TimeProvider time)
{
    private const string List = "rotation-jobs";

    /// <summary>A job of the caller's tenant.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.NotFound"/>: there is none that the caller may know of.</exception>
    /// <exception cref="Sealing.SealBrokenException">Its row does not match its seal.</exception>
    public Task<RotationJob> GetAsync(Caller caller, RotationJobId id, CancellationToken cancellationToken) =>
        store.ReadAsync(session => FindAsync(session, caller, id), cancellationToken);

    /// <summary>
    /// One page of the jobs that the caller may know of, newest first. A row whose seal is broken is named apart and hides no other.
    /// </summary>
    /// <param name="caller">Whose jobs.</param>
    /// <param name="filter">Which of them.</param>
    /// <param name="cursor">Where the page before ended; null = from the newest.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.KeyVersionNotFound"/> for a kid that is not the caller's, <see cref="KmsErrors.Invalid"/> for a cursor that is
    /// not this list's.
    /// </exception>
    public async Task<RotationJobPage> ListAsync(
        Caller caller, RotationJobFilter filter, string? cursor, int limit, CancellationToken cancellationToken)
    {
        RotationJobId? before = cursor is null ? null : new RotationJobId(cursors.Read(List, caller.TenantId, cursor));
        IReadOnlyList<Sealed<RotationJob>> found = await store.ReadAsync(
            async session =>
            {
                if (filter.Kid is { } kid)
                    await rows.FindWithKeyAsync(session, caller, kid);

                return await jobs.ListAsync(session, caller.TenantId, filter, caller.Access.Scope, before, limit + 1);
            },
            cancellationToken);
        Sealed<RotationJob>[] page = [.. found.Take(limit)];
        RotationJob?[] opened = Array.ConvertAll(page, sealer.TryOpen);
        return new RotationJobPage(
            [.. opened.OfType<RotationJob>()],
            [.. page.Where((_, i) => opened[i] is null).Select(row => row.UnverifiedRow.Id)],
            found.Count > limit ? cursors.Write(List, caller.TenantId, page[^1].UnverifiedRow.Id.Value) : null);
    }

    /// <summary>
    /// Calls a job off that waits, or that is running and has not made its version yet; one that was called off stays so.
    /// </summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.NotFound"/>; <see cref="KmsErrors.RotationJobOver"/>.</exception>
    public Task<Done<RotationJob>> CancelAsync(
        Caller caller, RotationJobId id, string? reason, RepeatableRequest? request, CancellationToken cancellationToken)
    {
        return changes.OnceAsync(
            caller,
            request,
            () => GetAsync(caller, id, cancellationToken),
            async () => await changes.WriteAsync(caller, request, await PlanAsync(), PlanAsync, cancellationToken),
            cancellationToken);

        async Task<PlannedChange<RotationJob>> PlanAsync()
        {
            RotationJob job = await GetAsync(caller, id, cancellationToken);
            DateTimeOffset now = time.GetUtcMilliseconds();
            if (job.State == RotationJobState.Cancelled)
                return new PlannedChange<RotationJob>(job, now, _ => Task.FromResult(true));

            if (!job.IsWaiting)
                throw KmsErrors.RotationJobOver.With(
                    $"The rotation job is {RotationOrders.NameOf(job.State)}: it can no longer be cancelled.");

            RotationJob cancelled = job.End(RotationJobState.Cancelled, now) with { Reason = reason ?? "Cancelled by request." };
            Sealed<RotationJob> row = sealer.Seal(cancelled);
            JournalEvent happened = orders.EndedEvent(JournalActor.Of(caller), JournalActions.RotationCancelled, job, cancelled);
            return new PlannedChange<RotationJob>(cancelled, now, session => TryWriteAsync(session, job, row, happened));
        }
    }

    private async Task<bool> TryWriteAsync(IKmsSession session, RotationJob before, Sealed<RotationJob> after, JournalEvent happened)
    {
        if (!await orders.HoldsAsync(session, before))
            return false;

        await orders.WriteAsync(session, after, happened);
        return true;
    }

    private async Task<RotationJob> FindAsync(IKmsSession session, Caller caller, RotationJobId id)
    {
        if (await jobs.FindAsync(session, caller.TenantId, id) is not { } row)
            throw NotFound();

        RotationJob job = sealer.Open(row);
        return caller.Access.Covers(job.Name) ? job : throw NotFound();
    }

    /// <summary>The refusal of a job that is not there for the caller.</summary>
    public static KmsException NotFound() => KmsErrors.NotFound.With("There is no such rotation job.");
}

/// <summary>One page of jobs.</summary>
/// <param name="Jobs">The jobs, newest first.</param>
/// <param name="Unreadable">Those of the page whose row's seal does not hold.</param>
/// <param name="NextCursor">Where the next page begins; null = this is the last.</param>
internal sealed record RotationJobPage(
    IReadOnlyList<RotationJob> Jobs, IReadOnlyList<RotationJobId> Unreadable, string? NextCursor);
