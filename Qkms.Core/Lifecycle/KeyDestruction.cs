using Qkms.Core.Callers;
using Qkms.Core.Idempotency;
using Qkms.Core.Journal;
using Qkms.Core.Keys;
using Qkms.Core.Store;
using Qkms.Core.Uses;

namespace Qkms.Core.Lifecycle;

/// <summary>Orders the destruction of versions, and calls it off. What is due is destroyed by <see cref="DestructionSweep"/>.</summary>
internal sealed class KeyDestruction(IKmsStore store, Changes changes, StateChanges states, KeyRows rows, OperationMetrics metrics)
{
    /// <summary>The shortest time between order and destruction, in days: enough to notice a mistake.</summary>
    public const int MinWaitingDays = 7;

    /// <summary>The longest.</summary>
    public const int MaxWaitingDays = 30;

    /// <summary>What is waited when the order does not say: the longest, because what is destroyed does not come back.</summary>
    public const int DefaultWaitingDays = MaxWaitingDays;

    /// <summary>Orders the destruction of a retired or revoked version. One that waits already keeps its date.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>, <see cref="KmsErrors.OnlyActiveKey"/> for an active one,
    /// <see cref="KmsErrors.KeyDestroyed"/>.</exception>
    public Task<Done<KeyVersion>> ScheduleAsync(
        Caller caller, ScheduleDestructionCommand command, RepeatableRequest? request, CancellationToken cancellationToken) =>
        ChangeAsync(
            caller,
            request,
            command.Kid,
            OperationNames.ScheduleDestruction,
            (version, now) => KeyTransitions.ScheduleDestruction(version, now.AddDays(command.WaitingDays), now),
            JournalActions.KeyDestructionScheduled,
            command.Reason,
            cancellationToken);

    /// <summary>Calls the destruction of a version off: it is again what it was before. One that does not wait stays as it is.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>, <see cref="KmsErrors.KeyDestroyed"/>.</exception>
    public Task<Done<KeyVersion>> CancelAsync(
        Caller caller, Kid kid, string? reason, RepeatableRequest? request, CancellationToken cancellationToken) =>
        ChangeAsync(
            caller,
            request,
            kid,
            OperationNames.CancelDestruction,
            (version, _) => KeyTransitions.CancelDestruction(version),
            JournalActions.KeyDestructionCancelled,
            reason,
            cancellationToken);

    private Task<Done<KeyVersion>> ChangeAsync(
        Caller caller,
        RepeatableRequest? request,
        Kid kid,
        string operation,
        Func<KeyVersion, DateTimeOffset, KeyVersion> transition,
        string action,
        string? reason,
        CancellationToken cancellationToken) => changes.OnceAsync(
            caller,
            request,
            () => store.ReadAsync(session => rows.FindWithKeyAsync(session, caller, kid), cancellationToken),
            () => metrics.MeasureAsync(
                OperationMetrics.Begin(),
                operation,
                algorithm: null,
                caller,
                states.MakeAsync(
                    caller,
                    request,
                    session => rows.FindWithKeyAsync(session, caller, kid),
                    transition,
                    version => version,
                    action,
                    (_, _) => reason,
                    cancellationToken)),
            cancellationToken);
}

/// <summary>A version to be destroyed.</summary>
/// <param name="Kid">The version.</param>
/// <param name="WaitingDays">How long it waits: <see cref="KeyDestruction.MinWaitingDays"/> to
/// <see cref="KeyDestruction.MaxWaitingDays"/> days.</param>
/// <param name="Reason">Why, for the journal.</param>
internal sealed record ScheduleDestructionCommand(Kid Kid, int WaitingDays, string? Reason);
