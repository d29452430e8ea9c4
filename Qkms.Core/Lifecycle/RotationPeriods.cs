using Qkms.Core.Callers;
using Qkms.Core.Journal;
using Qkms.Core.Keys;
using Qkms.Core.Store;
using Qkms.Core.Uses;

namespace Qkms.Core.Lifecycle;

/// <summary>
/// Sets how often a key rotates by itself, for protocols that know keys and not their versions. It is the same period as
/// <see cref="KeyUpdate"/> sets.
/// </summary>
internal sealed class RotationPeriods(StateChanges states, KeyRows rows, OperationMetrics metrics)
{
    /// <summary>Sets the period of a key that may be used, counted from now; one that it has already goes on.</summary>
    /// <param name="caller">Whose key.</param>
    /// <param name="id">The key.</param>
    /// <param name="period">The period; null = it no longer rotates by itself.</param>
    /// <param name="cancellationToken">Honoured until the work is queued.</param>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.KeyVersionNotFound"/>, <see cref="KmsErrors.KeyDisabled"/>, <see cref="KmsErrors.KeyDestroyed"/> for a key that
    /// waits for that, <see cref="KmsErrors.KeyRevoked"/> where the newest version is and none is active.
    /// </exception>
    public async Task SetAsync(Caller caller, KeyId id, TimeSpan? period, CancellationToken cancellationToken)
    {
        KeyLimitChanges changes = new() { RotationPeriod = new Given<TimeSpan>(IsGiven: true, period) };
        await metrics.MeasureAsync(
            OperationMetrics.Begin(),
            OperationNames.UpdateKey,
            algorithm: null,
            caller,
            states.MakeAsync(
                caller,
                request: null,
                FindEnabledAsync,
                (version, now) => KeyTransitions.Update(version, changes, default, now),
                version => version,
                JournalActions.KeyUpdated,
                KeyUpdate.Describe,
                cancellationToken));

        async Task<KeyAndVersion> FindEnabledAsync(IKmsSession session)
        {
            KeyAndVersion found = await rows.FindCurrentAsync(session, caller, id);
            return found.Key.Enablement switch
            {
                KeyEnablement.Enabled => found,
                KeyEnablement.PendingDeletion => throw KmsErrors.KeyDestroyed.With($"Key '{id}' is pending deletion."),
                _ => throw KmsErrors.KeyDisabled.With($"Key '{id}' is disabled."),
            };
        }
    }
}
