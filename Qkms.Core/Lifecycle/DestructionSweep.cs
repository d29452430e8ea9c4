using Microsoft.Extensions.Logging;
using Qkms.Core.Journal;
using Qkms.Core.Keys;
using Qkms.Core.Store;
using Qkms.Core.Telemetry;
using Qkms.Core.Tenants;
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
    TenantStates tenants,
    IntegrityAlarm alarm,
    OperationMetrics metrics,
    TimeProvider time,
    ILogger<DestructionSweep> logger)
    : VersionSweep<DueVersion>(store, alarm, metrics)
{
    private static readonly JournalActor _actor = JournalActor.System("destruction");

    /// <summary>Destroys what is due, and has the database erase what they left in its files; the number of versions destroyed.</summary>
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
            keys.ListDueForDestructionAsync(session, now, last?.StoredId, limit);
    }

    /// <inheritdoc/>
    protected override DueVersion VersionOf(DueVersion due) => due;

    /// <inheritdoc/>
    protected override void TellDestroyed(KeyVersion destroyed) =>
        LogDestroyed(logger, destroyed.Kid.Value, destroyed.TenantId.Value);

    /// <inheritdoc/>
    protected override void TellNotDestroyed(TenantId tenantId, KeyVersionId versionId, Exception exception) =>
        LogNotDestroyed(logger, versionId.Value, tenantId.Value, exception);

    // Null when its time has not come, not any more, or when something else was faster; then the next sweep looks again.
    private async Task<KeyVersion?> DestroyAsync(
        TenantId tenantId, KeyVersionId versionId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        (KeyAndVersion? found, bool hasWaited) = await Store.ReadAsync(
            async session =>
            {
                KeyAndVersion? version = await rows.FindWithKeyAsync(session, tenantId, versionId);
                return (
                    version,
                    version is not null
                        && await tenants.IsActiveAsync(session, tenantId)
                        && await observed.HasWaitedAsync(session, version.Version, now));
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
