using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Idempotency;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Rotations;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Uses;

namespace Qkms.Core.Lifecycle;

/// <summary>Rotates the version that a kid names, now or at a time.</summary>
internal sealed class KeyRotations(
    IKmsStore store,
    Changes changes,
    KeyRows rows,
    RowSealer sealer,
    Successors successors,
    RotationOrders orders,
    KeyQuota quota,
    KeyWriter writer,
    TenantKeys tenantKeys,
    OperationMetrics metrics,
    IdGenerator ids,
    TimeProvider time)
{
    /// <summary>How far ahead a rotation can be scheduled, in days: ten years.</summary>
    public const int MaxDaysAhead = 3650;

    /// <summary>Makes the successor of a version; the version is retired if it was active.</summary>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.KeyVersionNotFound"/>, <see cref="KmsErrors.QuotaExceeded"/>, or as <see cref="Successors.FindAsync"/>.
    /// </exception>
    public Task<Done<KeyRotation>> RotateAsync(
        Caller caller, RotationOrder order, RepeatableRequest? request, CancellationToken cancellationToken) =>
        changes.OnceAsync(
            caller,
            request,
            () => store.ReadAsync(session => rows.FindWithKeyAsync(session, caller, order.Kid), cancellationToken),
            () => metrics.MeasureAsync(
                OperationMetrics.Begin(),
                OperationNames.RotateKey,
                order.Algorithm,
                caller,
                RotateNowAsync(caller, order, request, cancellationToken)),
            cancellationToken);

    /// <summary>Schedules the rotation of a version. What would refuse it now refuses it here.</summary>
    /// <exception cref="KmsException">
    /// As above; <see cref="KmsErrors.Invalid"/> for a time
    /// that is past or more than <see cref="MaxDaysAhead"/> ahead; <see cref="KmsErrors.KeyChanged"/> when one is scheduled already.
    /// </exception>
    public Task<Done<RotationJob>> ScheduleAsync(
        Caller caller, RotationOrder order, DateTimeOffset at, RepeatableRequest? request, CancellationToken cancellationToken)
    {
        return changes.OnceAsync(
            caller,
            request,
            () => store.ReadAsync(session => rows.FindWithKeyAsync(session, caller, order.Kid), cancellationToken),
            async () => await changes.WriteAsync(caller, request, await PlanAsync(), PlanAsync, cancellationToken),
            cancellationToken);

        async Task<PlannedChange<RotationJob>> PlanAsync()
        {
            DateTimeOffset now = time.GetUtcMilliseconds();
            RequireAhead(at, now);
            Succession found = await store.ReadAsync(
                async session =>
                {
                    Succession found = await successors.FindAsync(
                        session, await rows.FindWithKeyAsync(session, caller, order.Kid), order, at);
                    await quota.RequireRoomLaterAsync(session, caller.TenantId, found.Home);
                    return found;
                },
                cancellationToken);
            JournalActor actor = JournalActor.Of(caller);
            RotationJob job = new()
            {
                Id = new RotationJobId(ids.Next()),
                TenantId = caller.TenantId,
                Kid = order.Kid,
                Name = found.Address.Name,
                Cause = RotationCause.Request,
                RequestedKid = order.NewKid,
                RequestedAlgorithm = order.Spelling,
                Limits = LimitRecord.Write(order.Limits),
                ScheduledAt = at,
                State = RotationJobState.Scheduled,
                NextAttemptAt = at,
                ActorKind = actor.Kind,
                ActorId = actor.Id,
                CreatedAt = now,
            };
            Sealed<RotationJob> row = sealer.Seal(job);
            JournalEvent happened = orders.ScheduledEvent(actor, job);

            // Nothing of the key changes. It is locked, so that a revocation at the same time finds the job, or this finds the revocation.
            KeyPlan plan = new() { Key = found.Old.Key, Version = found.Old.Version };
            return new PlannedChange<RotationJob>(job, now, async session =>
                await writer.TryWriteAsync(session, plan)
                && (await orders.TryAddAsync(session, row, happened) ? true : throw AlreadyScheduled(order.Kid)));
        }
    }

    private static void RequireAhead(DateTimeOffset at, DateTimeOffset now)
    {
        if (at <= now)
            throw Blame("must be in the future");

        if (at > now.AddDays(MaxDaysAhead))
            throw Blame($"must be within {MaxDaysAhead} days");
    }

    private static KmsException Blame(string problem) =>
        KmsErrors.Invalid.With($"'scheduled_at' {problem}.", new FieldError("scheduled_at", problem));

    private static KmsException AlreadyScheduled(Kid kid) =>
        KmsErrors.KeyChanged.With($"A rotation of key '{kid}' is scheduled already: cancel that job first.");

    private async Task<Done<KeyRotation>> RotateNowAsync(
        Caller caller, RotationOrder order, RepeatableRequest? request, CancellationToken cancellationToken)
    {
        (Succession found, KeyringEntry tenantKeyEntry) = await store.ReadAsync(
            async session =>
            {
                Succession found = await FindAsync(session);
                await quota.RequireRoomAsync(session, caller.TenantId, found.Home);
                return (found, await tenantKeys.FindAsync(session, caller.TenantId));
            },
            cancellationToken);
        KeyAlgorithm algorithm = found.Address.Algorithm;
        caller.Budget?.Pay(algorithm.Family.GenerationCostOf(algorithm));
        using NewKeyMaterial pair = await successors.GenerateAsync(found, cancellationToken);
        using WrappingKey tenantKey = tenantKeys.Open(tenantKeyEntry);

        return await changes.WriteAsync(
            caller,
            request,
            Plan(found),
            async () => Plan(await store.ReadAsync(FindAsync, cancellationToken)),
            cancellationToken);

        async Task<Succession> FindAsync(IKmsSession session) =>
            await successors.FindAsync(
                session, await rows.FindWithKeyAsync(session, caller, order.Kid), order, time.GetUtcMilliseconds());

        PlannedChange<KeyRotation> Plan(Succession found)
        {
            PlannedRotation planned = successors.Plan(JournalActor.Of(caller), found, order, pair, tenantKey);
            caller.Touch(planned.Rotation.Active);
            return new PlannedChange<KeyRotation>(
                planned.Rotation, planned.At, session => writer.TryWriteAsync(session, planned.Plans));
        }
    }
}
