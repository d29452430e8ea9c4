using Microsoft.Extensions.Logging;
using Qkms.Core.Journal;
using Qkms.Core.Keys;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Telemetry;
using Qkms.Core.Uses;

namespace Qkms.Core.Lifecycle;

/// <summary>
/// Destroys the versions whose time has come. Any number of nodes may do so at once: the unit that destroys a version locks it and looks
/// whether it is still as it was when its destruction was planned, and the second to come finds that it is not.
/// </summary>
internal sealed partial class DestructionSweep(
    IKmsStore store,
    IKeyRepository keys,
    KeyRows rows,
    KeyPlanner planner,
    KeyWriter writer,
    IntegrityAlarm alarm,
    OperationMetrics metrics,
    DestructionOptions options,
    TimeProvider time,
    ILogger<DestructionSweep> logger)
{
    private const int PageSize = 100;

    private static readonly JournalActor _actor = JournalActor.System("destruction");

    private readonly WallClockWatch _clock = new(time);

    // True at first: the process before this one may have been killed between a destruction and this.
    private volatile bool _mayHaveLeftTraces = true;

    /// <summary>Destroys what is due, and has the database erase what they left in its files; the number of versions destroyed.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/>; the next sweep goes on where this one stopped.</exception>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        // What is due is asked of the clock that was just found steady, not of one that may jump in between.
        DateTimeOffset now = time.GetUtcMilliseconds();
        int destroyed = _clock.Look() >= options.SteadyTime ? await DestroyDueAsync(now, cancellationToken) : 0;
        _mayHaveLeftTraces |= destroyed > 0;
        if (_mayHaveLeftTraces)
            _mayHaveLeftTraces = !await store.EraseRemainsAsync(cancellationToken);

        return destroyed;
    }

    private async Task<int> DestroyDueAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        int destroyed = 0;
        KeyVersionId? last = null;
        IReadOnlyList<(TenantId TenantId, KeyVersionId VersionId)> page;
        do
        {
            page = await store.ReadAsync(session => keys.ListDueForDestructionAsync(session, now, last, PageSize), cancellationToken);
            foreach ((TenantId tenantId, KeyVersionId versionId) in page)
            {
                last = versionId;
                destroyed += await TryDestroyAsync(tenantId, versionId, now, cancellationToken) ? 1 : 0;
            }
        }
        while (page.Count == PageSize);

        return destroyed;
    }

    // A row whose seal is broken is no reason to destroy anything, and keeps nobody else's version waiting.
    private async Task<bool> TryDestroyAsync(
        TenantId tenantId, KeyVersionId versionId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        try
        {
            long begun = OperationMetrics.Begin();
            KeyVersion? destroyed = await DestroyAsync(tenantId, versionId, now, cancellationToken);
            if (destroyed is null)
                return false;

            metrics.Record(begun, OperationNames.DestroyKey, destroyed.Algorithm, tenantId, Outcomes.Ok);
            LogDestroyed(logger, destroyed.Kid.Value, tenantId.Value);
            return true;
        }
        catch (SealBrokenException e)
        {
            await alarm.RaiseAsync(tenantId, e.What);
            return false;
        }
    }

    // Null when its time has not come, not any more, or when something else was faster; then the next sweep looks again.
    private async Task<KeyVersion?> DestroyAsync(
        TenantId tenantId, KeyVersionId versionId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        KeyAndVersion? found = await store.ReadAsync(
            session => rows.FindWithKeyAsync(session, tenantId, versionId), cancellationToken);
        if (found is null || KeyTransitions.Destroy(found.Version, now) is not { } destroyed)
            return null;

        KeyPlan plan = planner.Change(_actor, found.Key, found.Version, destroyed, JournalActions.KeyDestroyed, reason: null);
        return await store.WriteAsync(
            async session =>
            {
                if (!await writer.TryWriteAsync(session, plan))
                    return null;

                await keys.EraseMaterialAsync(session, tenantId, versionId);
                return destroyed;
            },
            cancellationToken);
    }

    [LoggerMessage(CoreEvents.KeyVersionDestroyed, LogLevel.Information,
        "Key version {Kid} of tenant {TenantId} was destroyed: its date had come.")]
    private static partial void LogDestroyed(ILogger logger, string kid, Guid tenantId);
}
