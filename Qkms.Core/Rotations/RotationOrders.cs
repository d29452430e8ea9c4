using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Store;
using Qkms.Core.Telemetry;

namespace Qkms.Core.Rotations;

/// <summary>Adds jobs and ends them, inside the unit of whatever makes it necessary, with the journal entry that belongs to it.</summary>
internal sealed class RotationOrders(
    IRotationJobRepository jobs, JournalWriter journal, RowSealer sealer, IdGenerator ids, TimeProvider time)
{
    private const string JobWord = "job ";
    private const int IdLength = 36;

    /// <summary>The part of the service that orders rotations, as the journal names it.</summary>
    public static readonly JournalActor Service = JournalActor.System("rotation");

    /// <summary>
    /// Orders the rotation of a version for a cause that the service found by itself; it is due at once. The caller holds the version's
    /// key, or has seen in this unit that the version is active.
    /// </summary>
    /// <param name="session">The unit.</param>
    /// <param name="version">The version.</param>
    /// <param name="cause">Anything but <see cref="RotationCause.Request"/>.</param>
    /// <param name="now">The time.</param>
    /// <returns>
    /// False, and nothing is written, when the version waits for such a job already; also when its limit had one that failed, which is not
    /// tried again with every use.
    /// </returns>
    public async Task<bool> OrderAsync(IKmsSession session, KeyVersion version, RotationCause cause, DateTimeOffset now)
    {
        if (cause != RotationCause.Period && await jobs.AnyAsync(session, version.TenantId, version.Kid, cause))
            return false;

        RotationJob job = new()
        {
            Id = new RotationJobId(ids.Next()),
            TenantId = version.TenantId,
            Kid = version.Kid,
            Name = version.Address.Name,
            Cause = cause,
            ScheduledAt = now,
            State = RotationJobState.Scheduled,
            NextAttemptAt = now,
            ActorKind = Service.Kind,
            ActorId = Service.Id,
            CreatedAt = now,
        };
        return await TryAddAsync(session, sealer.Seal(job), ScheduledEvent(Service, job));
    }

    /// <summary>Adds a job, and its journal entry; false when the version waits for one already.</summary>
    internal async Task<bool> TryAddAsync(IKmsSession session, Sealed<RotationJob> job, JournalEvent scheduled)
    {
        if (!await jobs.InsertAsync(session, job))
            return false;

        await journal.AppendAsync(session, scheduled);
        return true;
    }

    /// <summary>Locks a job, and says whether it is still as it was read.</summary>
    internal async Task<bool> HoldsAsync(IKmsSession session, RotationJob read) =>
        await jobs.LockAsync(session, read.TenantId, read.Id) is { Seal.Length: > 0 } row
        && RowSealer.SayTheSame(read, row.UnverifiedRow);

    /// <summary>Cancels what a version waits for that is not rotated any more. The caller holds the version's key.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="version">The version as it will be.</param>
    /// <param name="actor">Whose change it is.</param>
    /// <param name="except">The job that makes the change, if one does.</param>
    /// <param name="reason">Why; null where the version says so.</param>
    /// <returns>The journal entries, which the caller writes in this unit.</returns>
    internal async Task<IReadOnlyList<JournalEvent>> CancelAllAsync(
        IKmsSession session, KeyVersion version, JournalActor actor, RotationJobId? except, string? reason = null)
    {
        List<JournalEvent> happened = [];
        foreach (Sealed<RotationJob> row in await jobs.LockWaitingAsync(session, version.TenantId, version.Kid))
        {
            // A row that somebody planted or edited holds nobody up, and rotates nothing: the scheduler says what it is.
            if (row.UnverifiedRow.Id == except || sealer.TryOpen(row) is not { } job)
                continue;

            RotationJob cancelled = job.End(RotationJobState.Cancelled, time.GetUtcMilliseconds()) with
            {
                Reason = reason ?? ReasonOf(version),
            };
            await WriteAsync(session, sealer.Seal(cancelled), happened: null);
            happened.Add(EndedEvent(actor, JournalActions.RotationCancelled, job, cancelled));
        }

        return happened;
    }

    private static string ReasonOf(KeyVersion version) => version switch
    {
        { State: KeyState.Revoked } => "The key was revoked.",
        { DestroyAt: not null } => "The destruction of the key was ordered.",
        { NextKid: { } successor } => $"The key was rotated: '{successor}' replaced it.",
        _ => "A newer version of the key was generated.",
    };

    /// <summary>Writes the next row of a job that the unit holds, and the journal entry, if there is one.</summary>
    internal async Task WriteAsync(IKmsSession session, Sealed<RotationJob> next, JournalEvent? happened)
    {
        if (!await jobs.UpdateAsync(session, next))
            throw new Sealing.SealBrokenException(next.UnverifiedRow.LogName);

        if (!next.UnverifiedRow.IsWaiting)
            session.OnCommitted(() => KmsMeter.RotationJobs.Add(1, StateLabel(next.UnverifiedRow.State)));

        if (happened is not null)
            await journal.AppendAsync(session, happened);
    }

    /// <summary>The entry of a job that was made.</summary>
    internal JournalEvent ScheduledEvent(JournalActor actor, RotationJob job) =>
        About(actor, JournalActions.RotationScheduled, job, from: null, NameOf(job.State), $"{JobWord}{job.Id}");

    /// <summary>The entry of a job that has ended.</summary>
    internal JournalEvent EndedEvent(JournalActor actor, string action, RotationJob before, RotationJob after) => About(
        actor,
        action,
        after,
        NameOf(before.State),
        NameOf(after.State),
        after switch
        {
            { NewKid: { } successor } => $"{JobWord}{after.Id}: successor {successor}",
            { Reason: { } reason } => $"{JobWord}{after.Id}: {reason}",
            _ => $"{JobWord}{after.Id}",
        });

    /// <summary>The job that a journal entry is about, from its reason; null when that names none.</summary>
    internal static RotationJobId? ReadJobId(string? reason) =>
        reason is not null
        && reason.Length >= JobWord.Length + IdLength
        && reason.StartsWith(JobWord, StringComparison.Ordinal)
        && Guid.TryParseExact(reason.AsSpan(JobWord.Length, IdLength), "D", out Guid id)
            ? new RotationJobId(id)
            : null;

    private static KeyValuePair<string, object?> StateLabel(RotationJobState state) =>
        KeyValuePair.Create<string, object?>(KmsMeter.RotationJobStateLabel, NameOf(state));

    /// <summary>The word of a state, as callers see it.</summary>
    public static string NameOf(RotationJobState state) => state switch
    {
        RotationJobState.Scheduled => "SCHEDULED",
        RotationJobState.Running => "RUNNING",
        RotationJobState.Succeeded => "SUCCEEDED",
        RotationJobState.Failed => "FAILED",
        RotationJobState.Cancelled => "CANCELLED",
        _ => throw new InvalidOperationException("A rotation job has a state that this version of Qkms does not know."),
    };

    private JournalEvent About(JournalActor actor, string action, RotationJob job, string? from, string to, string reason) => new()
    {
        Id = ids.Next(),
        TenantId = job.TenantId,
        Time = time.GetUtcMilliseconds(),
        Action = action,
        ActorKind = actor.Kind,
        ActorId = actor.Id,
        Kid = job.Kid,
        From = from,
        To = to,
        Reason = reason.Length <= JournalEvent.MaxReasonLength ? reason : reason[..JournalEvent.MaxReasonLength],
        RequestId = actor.RequestId,
        ServerRequestId = actor.ServerRequestId,
    };
}
