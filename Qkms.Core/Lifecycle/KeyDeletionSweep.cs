using Microsoft.Extensions.Logging;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Telemetry;
using Qkms.Core.Tenants;
using Qkms.Core.Uses;

namespace Qkms.Core.Lifecycle;

/// <summary>
/// Deletes the keys whose time has come: destroys their versions one by one, each as <see cref="DestructionSweep"/> does. With the first of
/// them the deletion can no longer be cancelled; the unit that destroys the last one takes the date off the key. What was cut off in
/// between goes on with the next sweep.
/// </summary>
internal sealed partial class KeyDeletionSweep(
    IKmsStore store,
    IKeyRepository keys,
    KeyRows rows,
    KeyPlanner planner,
    VersionDestruction destruction,
    IJournalRepository journal,
    RowSealer sealer,
    Keyring keyring,
    ObservedTime observed,
    TenantStates tenants,
    IntegrityAlarm alarm,
    OperationMetrics metrics,
    TimeProvider time,
    ILogger<KeyDeletionSweep> logger)
    : VersionSweep<DueVersion>(store, alarm, metrics)
{
    private const string Reason = "deletion of the key";

    private static readonly JournalActor _actor = JournalActor.System("destruction");

    /// <summary>Destroys what is due, and has the database erase what it left in its files; the number of versions destroyed.</summary>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.Unavailable"/>, after every version was tried; the next sweep takes what this one left.
    /// </exception>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        // What is due is asked of the clock that was just found right, not of one that may jump in between.
        DateTimeOffset now = time.GetUtcMilliseconds();
        return await SweepAsync(
            await observed.LookAsync(cancellationToken) ? ListAsync : null,
            (tenantId, versionId) => DestroyAsync(tenantId, versionId, now, cancellationToken),
            cancellationToken);

        Task<IReadOnlyList<DueVersion>> ListAsync(IKmsSession session, DueVersion? last, int limit) =>
            keys.ListDueForDeletionAsync(session, now, last?.StoredId, limit);
    }

    /// <inheritdoc/>
    protected override DueVersion VersionOf(DueVersion due) => due;

    /// <inheritdoc/>
    protected override void TellDestroyed(KeyVersion destroyed) =>
        LogDestroyed(logger, destroyed.Kid.Value, destroyed.KeyId.Value, destroyed.TenantId.Value);

    /// <inheritdoc/>
    protected override void TellNotDestroyed(TenantId tenantId, KeyVersionId versionId, Exception exception) =>
        LogNotDestroyed(logger, versionId.Value, tenantId.Value, exception);

    // Null when the time of its key has not come, not any more, or when something else was faster; then the next sweep looks again.
    private async Task<KeyVersion?> DestroyAsync(
        TenantId tenantId, KeyVersionId versionId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        KeyAndVersion? found = await Store.ReadAsync(
            async session => await rows.FindWithKeyAsync(session, tenantId, versionId) is { } version
                && await tenants.IsActiveAsync(session, tenantId)
                && await HasWaitedAsync(session, version.Key, now) ? version : null,
            cancellationToken);
        if (found is null || KeyTransitions.DestroyWithKey(found, now) is not { } destroyed)
            return null;

        KeyPlan plan = planner.Change(
            _actor, found.Key, found.Version, destroyed, JournalActions.KeyDestroyed, Reason, isWithKey: true);
        return await destruction.TryDestroyAsync(found, plan, cancellationToken) ? destroyed : null;
    }

    // One whose deletion has begun has waited.
    private async Task<bool> HasWaitedAsync(IKmsSession session, Key key, DateTimeOffset now)
    {
        if (key is not { Enablement: KeyEnablement.PendingDeletion, DeleteAt: { } at } || at > now)
            return false;

        if (key.DeleteOrderedAt is { } ordered && !await observed.HasWaitedAsync(session, ordered, at, now))
            return false;

        Sealed<JournalStream>? stream = await journal.FindStreamAsync(session, key.TenantId, JournalStream.LifecycleNumber);
        StoredEvent? newest = await journal.FindNewestOfKeyAsync(session, key.TenantId, key.Id);
        if (await keys.FindKeyAsync(session, key.TenantId, key.Id) is not { Key: var row } || !RowSealer.SayTheSame(key, row.UnverifiedRow))
            return false;

        // An order that was called off, and whose row somebody has put back, is none. The key is the same before and after this look at
        // the journal, whose newest event about it so has to tell of it.
        return stream is not null && newest is not null && Tells(sealer.Open(stream), newest, row.Seal)
            ? true
            : throw new SealBrokenException($"{key.LogName}, whose journal does not say that its deletion is ordered");
    }

    private bool Tells(JournalStream stream, StoredEvent newest, byte[] seal) =>
        JournalChain.Holds(
            newest, JournalChain.LeafHash(new CanonicalWriter(JournalChain.Format), stream, newest), keyring.FindJournalKey)
        && seal.AsSpan().SequenceEqual(newest.Event.KeySeal);

    [LoggerMessage(CoreEvents.KeyVersionDestroyedWithKey, LogLevel.Information,
        "Key version {Kid} of tenant {TenantId} was destroyed: the time to delete its key {KeyId} had come.")]
    private static partial void LogDestroyed(ILogger logger, string kid, Guid keyId, Guid tenantId);

    [LoggerMessage(CoreEvents.KeyVersionNotDestroyedWithKey, LogLevel.Error,
        "The key version with the id {VersionId} of tenant {TenantId} could not be destroyed with its key; the next sweep retries it.")]
    private static partial void LogNotDestroyed(ILogger logger, Guid versionId, Guid tenantId, Exception exception);
}
