using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Qkms.Core.Algorithms;
using Qkms.Core.Cryptography;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Rotations;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Telemetry;
using Qkms.Core.Tenants;
using Qkms.Core.Uses;

namespace Qkms.Core.Lifecycle;

/// <summary>
/// Does the rotations whose time has come. Any number of nodes may do so at once. The unit that makes the successor also writes that the
/// job has succeeded, and a version has at most one successor: a job is done at most once, whoever was killed in the middle or thought to
/// be dead.
/// </summary>
internal sealed partial class RotationScheduler(
    IKmsStore store,
    IRotationJobRepository jobs,
    RotationOrders orders,
    IKeyRepository keys,
    KeyRows rows,
    RowSealer sealer,
    Successors successors,
    KeyPlanner planner,
    KeyQuota quota,
    KeyWriter writer,
    TenantKeys tenantKeys,
    TenantStates tenants,
    IntegrityAlarm alarm,
    OperationMetrics metrics,
    RotationOptions options,
    TimeProvider time,
    ILogger<RotationScheduler> logger)
{
    private const int PageSize = 100;

    // A plan fails only because another change of the same keys was faster.
    private const int MaxPlans = 100;

    // Beyond so many broken rows, one more is alarmed of again and again.
    private const int MostRemembered = 10_000;

    private const int MostCounted = 10_000;

    private readonly WallClockWatch _clock = new(time);
    private readonly ConcurrentDictionary<string, byte> _alarmed = new(StringComparer.Ordinal);

    /// <summary>Orders the rotations that keys and versions have come to, and does those that are due.</summary>
    /// <returns>The number of successors made.</returns>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.Unavailable"/>, after everything was tried; the next look takes what this one left.
    /// </exception>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (KmsMeter.WaitingRotationJobs.Enabled)
            KmsMeter.WaitingRotationJobs.Record(
                await store.ReadAsync(session => jobs.CountWaitingAsync(session, MostCounted), cancellationToken));

        // What is due is asked of the clock that was just found right. One that jumped is not believed at once: a rotation is not undone.
        DateTimeOffset now = time.GetUtcMilliseconds();
        if (_clock.Look() < options.SteadyTime)
            return 0;

        Tally tally = new();
        await EachAsync(jobs.ListDueKeysAsync, "key", OrderForKeyAsync);
        await EachAsync(jobs.ListDueVersionsAsync, "key version", OrderForVersionAsync);
        await EachAsync(jobs.ListDueAsync, "rotation job", TryRotateAsync);
        return tally.Refusal is null ? tally.Rotated : throw tally.Refusal;

        async Task EachAsync(ListDue list, string what, Func<TenantId, Guid, DateTimeOffset, CancellationToken, Task<bool>> work)
        {
            DueRow? last = null;
            IReadOnlyList<DueRow> page;
            do
            {
                page = await store.ReadAsync(session => list(session, now, last, PageSize), cancellationToken);
                foreach (DueRow due in page)
                {
                    last = due;
                    await TryAsync(due, what, work, now, tally, cancellationToken);
                }
            }
            while (page.Count == PageSize);
        }
    }

    private delegate Task<IReadOnlyList<DueRow>> ListDue(IKmsSession session, DateTimeOffset now, DueRow? after, int limit);

    // Rows are judged one by one: one that is broken keeps nobody else's waiting.
    private async Task TryAsync(
        DueRow due,
        string what,
        Func<TenantId, Guid, DateTimeOffset, CancellationToken, Task<bool>> work,
        DateTimeOffset now,
        Tally tally,
        CancellationToken cancellationToken)
    {
        if (due.Ids is not { } ids)
        {
            string row = $"the row of a {what} with the id {Convert.ToHexString(due.StoredId)}";
            if (IsNews(row))
                await alarm.RaiseAsync(caller: null, row);

            return;
        }

        try
        {
            tally.Rotated += await work(ids.TenantId, ids.Id, now, cancellationToken) ? 1 : 0;
        }
        catch (SealBrokenException e)
        {
            // It stays due until somebody mends it, and is met at every look.
            if (IsNews(e.What))
                await alarm.RaiseAsync(ids.TenantId, e.What);
        }
        catch (KmsException e)
        {
            // Somebody holds the row, or the database is away, which the others will find too.
            tally.Refusal = e;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogNotDone(logger, what, ids.Id, ids.TenantId.Value, e);
        }
    }

    private bool IsNews(string what) => _alarmed.Count >= MostRemembered || _alarmed.TryAdd(what, 0);

    // The next date is moved on in the unit that orders the rotation: a rotation that fails is ordered again a period later, not at once.
    private async Task<bool> OrderForKeyAsync(TenantId tenantId, Guid id, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await store.WriteAsync(
            async session =>
            {
                if (await keys.LockKeyAsync(session, tenantId, new KeyId(id)) is not { } row
                    || !await tenants.IsActiveAsync(session, tenantId))
                    return false;

                Key key = sealer.Open(row);
                if (key is not { Enablement: KeyEnablement.Enabled, ActiveKid: { } active, RotationPeriod: { } period }
                    || !(key.NextRotationAt <= now))
                    return false;

                KeyAndVersion found = await rows.FindWithKeyAsync(session, tenantId, active)
                    ?? throw new SealBrokenException($"key version {active}");

                // The job first: the journal is locked last.
                bool isNew = await orders.OrderAsync(session, found.Version, RotationCause.Period, now);
                await writer.TryWriteAsync(session, planner.RotateNextAt(RotationOrders.Service, found, now + period));
                return isNew;
            },
            cancellationToken);
        return false;
    }

    private async Task<bool> OrderForVersionAsync(TenantId tenantId, Guid id, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // One whose rotation failed, or whose key is switched off, stays due; it is looked at, and not written for.
        KeyAndVersion? seen = await store.ReadAsync(
            session => rows.FindWithKeyAsync(session, tenantId, new KeyVersionId(id)), cancellationToken);
        if (seen is null or { Key.Enablement: not KeyEnablement.Enabled }
            || await store.ReadAsync(
                session => jobs.AnyAsync(session, tenantId, seen.Version.Kid, RotationCause.Expiration), cancellationToken))
            return false;

        await store.WriteAsync(
            async session =>
            {
                // Held, so that a rotation by hand at the same time finds the job, or this finds its successor.
                await rows.LockKeysAsync(session, [seen.Version]);
                KeyAndVersion found = await rows.FindAgainAsync(session, seen.Version);
                return found is { Key.Enablement: KeyEnablement.Enabled, Version: { State: KeyState.Active, AutoRotate: true } version }
                    && version.SoftLimitExpiration <= now
                    && await tenants.IsActiveAsync(session, tenantId)
                    && await orders.OrderAsync(session, version, RotationCause.Expiration, now);
            },
            cancellationToken);
        return false;
    }

    private async Task<bool> TryRotateAsync(TenantId tenantId, Guid id, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (await BeginAsync(tenantId, new RotationJobId(id), now, cancellationToken) is not { } job)
            return false;

        long begun = OperationMetrics.Begin();
        string outcome = Outcomes.Ok;
        try
        {
            if (await RotateAsync(job, cancellationToken) is not { } successor)
                return false;

            LogRotated(logger, job.Id.Value, job.Kid.Value, successor.Value, tenantId.Value);
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            outcome = Outcomes.Of(e);
            await FailAsync(job, e, cancellationToken);
            return false;
        }
        finally
        {
            metrics.Record(begun, OperationNames.RotateKey, algorithm: null, tenantId, outcome);
        }
    }

    // Null when it is not due any more, or somebody else has begun it. An attempt counts from its beginning, so that a job by which a
    // process dies does not kill one after the other.
    private Task<RotationJob?> BeginAsync(TenantId tenantId, RotationJobId id, DateTimeOffset now, CancellationToken cancellationToken) =>
        store.WriteAsync(
            async session =>
            {
                if (await jobs.LockAsync(session, tenantId, id) is not { } row || !await tenants.IsActiveAsync(session, tenantId))
                    return null;

                RotationJob job = sealer.Open(row);
                if (!job.IsWaiting || !(job.NextAttemptAt <= now))
                    return null;

                if (job.Attempts >= options.MaxAttempts)
                {
                    await EndAsync(session, job, KmsErrors.Internal.Code, "Every attempt was cut off.");
                    return null;
                }

                RotationJob running = job with
                {
                    State = RotationJobState.Running,
                    Attempts = job.Attempts + 1,
                    NextAttemptAt = now + options.Lease,
                    RowVersion = job.RowVersion + 1,
                };
                await orders.WriteAsync(session, sealer.Seal(running), happened: null);
                return running;
            },
            cancellationToken);

    // Null when the job was cancelled meanwhile, or another node was faster: then nothing is written.
    private async Task<Kid?> RotateAsync(RotationJob job, CancellationToken cancellationToken)
    {
        RotationOrder order = OrderOf(job);
        (Succession found, KeyringEntry tenantKeyEntry) = await store.ReadAsync(
            async session =>
            {
                Succession found = await FindAsync(session);
                await quota.RequireRoomAsync(session, job.TenantId, found.Home);
                return (found, await tenantKeys.FindAsync(session, job.TenantId));
            },
            cancellationToken);
        using NewKeyMaterial pair = await successors.GenerateAsync(found, cancellationToken);
        using WrappingKey tenantKey = tenantKeys.Open(tenantKeyEntry);
        for (int plans = 1; plans <= MaxPlans; plans++)
        {
            PlannedRotation planned = successors.Plan(RotationOrders.Service, found, order, pair, tenantKey);
            Kid successor = planned.Rotation.Active.Kid;
            RotationJob succeeded = job.End(RotationJobState.Succeeded, planned.At) with
            {
                NewKid = successor,
                ErrorCode = null,
                Reason = null,
            };
            Sealed<RotationJob> row = sealer.Seal(succeeded);
            JournalEvent happened = orders.EndedEvent(RotationOrders.Service, JournalActions.RotationSucceeded, job, succeeded);
            bool isWritten = await store.WriteAsync(
                async session =>
                {
                    if (!await writer.TryWriteAsync(session, planned.Plans, own: job))
                        return false;

                    await orders.WriteAsync(session, row, happened);
                    await tenants.RequireActiveAsync(session, job.TenantId);
                    return true;
                },
                cancellationToken);
            if (isWritten)
                return successor;

            if (!await store.ReadAsync(async session => IsSame(await jobs.FindAsync(session, job.TenantId, job.Id)), cancellationToken))
                return null;

            found = await store.ReadAsync(FindAsync, cancellationToken);
        }

        throw KmsErrors.Unavailable.Refusal();

        async Task<Succession> FindAsync(IKmsSession session) => await rows.FindWithKeyAsync(session, job.TenantId, job.Kid) is { } old
            ? await successors.FindAsync(session, old, order, time.GetUtcMilliseconds())
            : throw KmsErrors.KeyVersionNotFound.Refusal();

        bool IsSame(Sealed<RotationJob>? row) => row is not null && RowSealer.SayTheSame(job, row.UnverifiedRow);
    }

    // What the state of the keys refuses stays refused: it is not tried again. What broke down is, after a growing time. A job whose tenant
    // was suspended meanwhile waits as if it had not begun.
    private async Task FailAsync(RotationJob job, Exception failure, CancellationToken cancellationToken)
    {
        KmsError error = failure is KmsException refusal ? refusal.Error : KmsErrors.Internal;
        string reason = failure is KmsException ? failure.Message : error.Message;
        if (failure is SealBrokenException broken)
            await alarm.RaiseAsync(job.TenantId, broken.What);
        else if (failure is EngineFaultException fault)
            await alarm.RaiseAsync(caller: null, fault);

        bool isSuspended = error == KmsErrors.TenantSuspended;
        bool isOver = !isSuspended
            && (error.Kind is not (KmsErrorKind.Unavailable or KmsErrorKind.Internal) || job.Attempts >= options.MaxAttempts);
        bool isWritten = await store.WriteAsync(
            async session =>
            {
                if (!await orders.HoldsAsync(session, job))
                    return false;

                if (isOver)
                {
                    await EndAsync(session, job, error.Code, reason);
                    return true;
                }

                DateTimeOffset now = time.GetUtcMilliseconds();
                RotationJob again = isSuspended
                    ? job with { Attempts = job.Attempts - 1, NextAttemptAt = now }
                    : job with
                    {
                        NextAttemptAt = now + options.DelayAfter(job.Attempts),
                        ErrorCode = error.Code,
                        Reason = Cut(reason),
                    };
                again = again with { State = RotationJobState.Scheduled, RowVersion = job.RowVersion + 1 };
                await orders.WriteAsync(session, sealer.Seal(again), happened: null);
                return true;
            },
            cancellationToken);
        if (isWritten)
        {
            Exception? unexpected = failure is KmsException ? null : failure;
            LogFailed(logger, job.Id.Value, job.Kid.Value, job.TenantId.Value, error.Code, isOver, unexpected);
        }
    }

    private Task EndAsync(IKmsSession session, RotationJob job, string code, string reason)
    {
        RotationJob failed =
            job.End(RotationJobState.Failed, time.GetUtcMilliseconds()) with { ErrorCode = code, Reason = Cut(reason) };
        return orders.WriteAsync(
            session, sealer.Seal(failed), orders.EndedEvent(RotationOrders.Service, JournalActions.RotationFailed, job, failed));
    }

    private static string Cut(string reason) =>
        reason.Length <= JournalEvent.MaxReasonLength ? reason : reason[..JournalEvent.MaxReasonLength];

    // Whether the algorithm may change was asked when the job was made.
    private static RotationOrder OrderOf(RotationJob job)
    {
        KeyAlgorithm? algorithm = null;
        string? spelling = null;
        if (job.RequestedAlgorithm is { } requested && !KeyAlgorithm.TryParse(requested, out algorithm, out spelling))
            throw new InvalidOperationException($"Rotation job {job.Id} names an algorithm that this version of Qkms does not know.");

        return new RotationOrder(
            job.Kid, job.RequestedKid, algorithm, spelling, AllowAlgorithmChange: true, LimitRecord.Read(job.Limits));
    }

    [LoggerMessage(CoreEvents.RotationJobDone, LogLevel.Information,
        "Rotation job {JobId}: key version {Kid} of tenant {TenantId} was rotated, its successor is {Successor}.")]
    private static partial void LogRotated(ILogger logger, Guid jobId, string kid, string successor, Guid tenantId);

    [LoggerMessage(CoreEvents.RotationJobFailed, LogLevel.Warning,
        "Rotation job {JobId}: key version {Kid} of tenant {TenantId} was not rotated ({Code}); that was the last attempt: {IsOver}.")]
    private static partial void LogFailed(
        ILogger logger, Guid jobId, string kid, Guid tenantId, string code, bool isOver, Exception? exception);

    [LoggerMessage(CoreEvents.RotationNotDone, LogLevel.Error,
        "The {What} with the id {Id} of tenant {TenantId} is due for a rotation and could not be looked at; the next interval retries.")]
    private static partial void LogNotDone(ILogger logger, string what, Guid id, Guid tenantId, Exception exception);

    private sealed class Tally
    {
        public int Rotated { get; set; }

        public KmsException? Refusal { get; set; }
    }
}
