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
/// whether it is still as it was when its destruction was planned, and the second to come finds that it is not. What is called destroyed
/// was there until then: its private key was found, opened, and written over.
/// </summary>
internal sealed partial class DestructionSweep(
    IKmsStore store,
    IKeyRepository keys,
    KeyRows rows,
    KeyPlanner planner,
    VersionDestruction destruction,
    ObservedTime observed,
    IntegrityAlarm alarm,
    OperationMetrics metrics,
    TimeProvider time,
    ILogger<DestructionSweep> logger)
{
    private const int PageSize = 100;

    private static readonly JournalActor _actor = JournalActor.System("destruction");

    // True at first: the process before this one may have been killed between a destruction and this.
    private volatile bool _mayHaveLeftTraces = true;

    /// <summary>Destroys what is due, and has the database erase what they left in its files; the number of versions destroyed.</summary>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.Unavailable"/>, after every version was tried; the next sweep takes what this one left.
    /// </exception>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        // What is due is asked of the clock that was just found right, not of one that may jump in between.
        DateTimeOffset now = time.GetUtcMilliseconds();
        bool isRight = await observed.LookAsync(cancellationToken);
        (int destroyed, KmsException? refusal) = isRight ? await DestroyDueAsync(now, cancellationToken) : (0, null);
        if (_mayHaveLeftTraces)
            _mayHaveLeftTraces = !await store.EraseRemainsAsync(cancellationToken);

        return refusal is null ? destroyed : throw refusal;
    }

    private async Task<(int Destroyed, KmsException? Refusal)> DestroyDueAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        int destroyed = 0;
        KmsException? refusal = null;
        byte[]? last = null;
        IReadOnlyList<DueVersion> page;
        do
        {
            page = await store.ReadAsync(session => keys.ListDueForDestructionAsync(session, now, last, PageSize), cancellationToken);
            foreach (DueVersion due in page)
            {
                last = due.StoredId;
                try
                {
                    destroyed += await TryDestroyAsync(due, now, cancellationToken) ? 1 : 0;
                }
                catch (KmsException e)
                {
                    // Somebody holds its row, or the database is away, which the others will find too.
                    refusal = e;
                }
            }
        }
        while (page.Count == PageSize);

        return (destroyed, refusal);
    }

    // Rows are judged one by one: one that cannot be destroyed keeps nobody else's version waiting.
    private async Task<bool> TryDestroyAsync(DueVersion due, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (due.Ids is not { } ids)
        {
            await alarm.RaiseAsync(caller: null, $"the row of a key version with the id {Convert.ToHexString(due.StoredId)}");
            return false;
        }

        try
        {
            long begun = OperationMetrics.Begin();
            KeyVersion? destroyed = await DestroyAsync(ids.TenantId, ids.VersionId, now, cancellationToken);
            if (destroyed is null)
                return false;

            _mayHaveLeftTraces = true;
            metrics.Record(begun, OperationNames.DestroyKey, destroyed.Algorithm, ids.TenantId, Outcomes.Ok);
            LogDestroyed(logger, destroyed.Kid.Value, ids.TenantId.Value);
            return true;
        }
        catch (SealBrokenException e)
        {
            await alarm.RaiseAsync(ids.TenantId, e.What);
            return false;
        }
        catch (Exception e) when (e is not (KmsException or OperationCanceledException))
        {
            LogNotDestroyed(logger, ids.VersionId.Value, ids.TenantId.Value, e);
            return false;
        }
    }

    // Null when its time has not come, not any more, or when something else was faster; then the next sweep looks again.
    private async Task<KeyVersion?> DestroyAsync(
        TenantId tenantId, KeyVersionId versionId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        (KeyAndVersion? found, bool hasWaited) = await store.ReadAsync(
            async session =>
            {
                KeyAndVersion? version = await rows.FindWithKeyAsync(session, tenantId, versionId);
                return (version, version is not null && await observed.HasWaitedAsync(session, version.Version, now));
            },
            cancellationToken);
        if (found is null || !hasWaited || KeyTransitions.Destroy(found.Version, now) is not { } destroyed)
            return null;

        return await destruction.TryDestroyAsync(
            found,
            planner.Change(_actor, found.Key, found.Version, destroyed, JournalActions.KeyDestroyed, reason: null),
            cancellationToken) ? destroyed : null;
    }

    [LoggerMessage(CoreEvents.KeyVersionDestroyed, LogLevel.Information,
        "Key version {Kid} of tenant {TenantId} was destroyed: its date had come.")]
    private static partial void LogDestroyed(ILogger logger, string kid, Guid tenantId);

    [LoggerMessage(CoreEvents.KeyVersionNotDestroyed, LogLevel.Error,
        "The key version with the id {VersionId} of tenant {TenantId} could not be destroyed; the next sweep retries it.")]
    private static partial void LogNotDestroyed(ILogger logger, Guid versionId, Guid tenantId, Exception exception);
}
