using Qkms.Core.Callers;
using Qkms.Core.Idempotency;
using Qkms.Core.Journal;
using Qkms.Core.Keys;
using Qkms.Core.Uses;

namespace Qkms.Core.Lifecycle;

/// <summary>Orders the destruction of versions, and calls it off. What is due is destroyed by <see cref="DestructionSweep"/>.</summary>
public sealed class KeyDestruction(Changes changes, KeyRows rows, KeyWriter writer, OperationMetrics metrics, TimeProvider time)
{
    /// <summary>The shortest time between order and destruction, in days: enough to notice a mistake.</summary>
    public const int MinWaitingDays = 7;

    /// <summary>The longest.</summary>
    public const int MaxWaitingDays = 30;

    /// <summary>What is waited when the order does not say: the longest, because what is destroyed does not come back.</summary>
    public const int DefaultWaitingDays = MaxWaitingDays;

    /// <summary>Orders the destruction of a retired or revoked version. One that waits already keeps its date.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>, <see cref="KmsErrors.OnlyActiveKey"/> for an active one, <see cref="KmsErrors.KeyDestroyed"/>.</exception>
    public Task<TAnswer> ScheduleAsync<TAnswer>(Caller caller, ScheduleDestructionCommand command, Func<KeyVersion, TAnswer> answer, CancellationToken cancellationToken)
        where TAnswer : notnull
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(command);
        return metrics.MeasureAsync(
            OperationMetrics.Begin(),
            OperationNames.ScheduleDestruction,
            algorithm: null,
            caller,
            ChangeAsync(
                caller,
                command.Kid,
                version => KeyTransitions.ScheduleDestruction(version, time.GetUtcMilliseconds().AddDays(command.WaitingDays)),
                AuditActions.KeyDestructionScheduled,
                command.Reason,
                answer,
                cancellationToken));
    }

    /// <summary>Calls the destruction of a version off: it is again what it was before. One that does not wait stays as it is.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>, <see cref="KmsErrors.KeyDestroyed"/>.</exception>
    public Task<TAnswer> CancelAsync<TAnswer>(Caller caller, Kid kid, string? reason, Func<KeyVersion, TAnswer> answer, CancellationToken cancellationToken)
        where TAnswer : notnull
    {
        ArgumentNullException.ThrowIfNull(caller);
        return metrics.MeasureAsync(
            OperationMetrics.Begin(),
            OperationNames.CancelDestruction,
            algorithm: null,
            caller,
            ChangeAsync(caller, kid, KeyTransitions.CancelDestruction, AuditActions.KeyDestructionCancelled, reason, answer, cancellationToken));
    }

    private async Task<TAnswer> ChangeAsync<TAnswer>(
        Caller caller, Kid kid, Func<KeyVersion, KeyVersion> change, string action, string? reason, Func<KeyVersion, TAnswer> answer, CancellationToken cancellationToken)
        where TAnswer : notnull
    {
        return await changes.WriteAsync(
            caller,
            async session =>
            {
                (Key key, KeyVersion version) = await rows.LockVersionAsync(session, caller, kid);
                KeyVersion changed = change(version);
                if (!ReferenceEquals(changed, version))
                    await writer.ReplaceAsync(session, AuditActor.Of(caller), key, version, changed, action, reason);

                return changed;
            },
            answer,
            cancellationToken);
    }
}
