using Microsoft.Extensions.Logging;
using Qkms.Core.Journal;
using Qkms.Core.Keys;
using Qkms.Core.Lifecycle;
using Qkms.Core.Store;
using Qkms.Core.Telemetry;
using Qkms.Core.Tenants;
using Qkms.Core.Uses;

namespace Qkms.Core.Devices;

/// <summary>
/// Destroys keys of devices that nothing is decrypted with any more: retired ones when their retention ends, and others as long after their
/// end, because the next key of the device would bring them back for that time. A device goes with its last key. Any number of nodes may do
/// so at once, as <see cref="DestructionSweep"/>, and nothing is destroyed that was not seen to wait.
/// </summary>
internal sealed partial class DeviceSweep(
    IKmsStore store,
    IDeviceRepository devices,
    DeviceRows deviceRows,
    DeviceWriter writer,
    KeyRows rows,
    KeyPlanner planner,
    VersionDestruction destruction,
    ObservedTime observed,
    TenantStates tenants,
    DeviceOptions options,
    IntegrityAlarm alarm,
    OperationMetrics metrics,
    TimeProvider time,
    ILogger<DeviceSweep> logger)
    : VersionSweep<DueDeviceKey>(store, alarm, metrics)
{
    private const string Reason = "its retention has ended";

    private static readonly JournalActor _actor = JournalActor.System("device retention");

    /// <summary>Destroys what is due; the number of keys destroyed.</summary>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.Unavailable"/>, after every key was tried; the next sweep takes what this one left.
    /// </exception>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        // What is due is asked of the clock that was just found right, not of one that may jump in between.
        DateTimeOffset now = time.GetUtcMilliseconds();
        DateTimeOffset? before = await observed.LookAsync(cancellationToken)
            ? await Store.ReadAsync(session => observed.FindBackAsync(session, options.Retention, now), cancellationToken)
            : null;
        DateTimeOffset ended = before.GetValueOrDefault();
        return await SweepAsync(
            before is null ? null : ListAsync,
            (tenantId, versionId) => DestroyAsync(tenantId, versionId, now, ended, cancellationToken),
            cancellationToken);

        Task<IReadOnlyList<DueDeviceKey>> ListAsync(IKmsSession session, DueDeviceKey? last, int limit) =>
            devices.ListDueAsync(session, now, ended, last, limit);
    }

    /// <inheritdoc/>
    protected override DueVersion VersionOf(DueDeviceKey due) => due.Version;

    /// <inheritdoc/>
    protected override void TellDestroyed(KeyVersion destroyed) =>
        LogDestroyed(logger, destroyed.Kid.Value, destroyed.TenantId.Value);

    /// <inheritdoc/>
    protected override void TellNotDestroyed(TenantId tenantId, KeyVersionId versionId, Exception exception) =>
        LogNotDestroyed(logger, versionId.Value, tenantId.Value, exception);

    // Null when it is not due, or when something else was faster; then the next sweep looks again.
    private async Task<KeyVersion?> DestroyAsync(
        TenantId tenantId, KeyVersionId versionId, DateTimeOffset now, DateTimeOffset before, CancellationToken cancellationToken)
    {
        KeyAndVersion? found = await Store.ReadAsync(
            async session => await tenants.IsActiveAsync(session, tenantId)
                ? await rows.FindWithKeyAsync(session, tenantId, versionId)
                : null,
            cancellationToken);
        if (found?.Version.Address.Owner.DeviceId is not { } owner || !IsDue(found.Version, now, before))
            return null;

        DeviceId deviceId = DeviceId.FromStored(owner);
        DeviceAndKeys device = await Store.ReadAsync(session => deviceRows.FindAsync(session, tenantId, deviceId), cancellationToken);
        KeyVersion destroyed = KeyTransitions.EndRetention(found.Version, now);
        KeyPlan plan = planner.Change(_actor, found.Key, found.Version, destroyed, JournalActions.KeyDestroyed, Reason);
        KeyMaterial material = await destruction.FindOpenableAsync(found.Version, cancellationToken);
        return await Store.WriteAsync(
            session => writer.TryDestroyAsync(session, device, found, DestroyIt), cancellationToken) ? destroyed : null;

        Task<bool> DestroyIt(IKmsSession session) => destruction.TryDestroyAsync(session, found.Version, plan, material);
    }

    private static bool IsDue(KeyVersion version, DateTimeOffset now, DateTimeOffset before) => version switch
    {
        { State: KeyState.Destroyed } => false,
        { State: KeyState.Retired, RetiredAt: { } retired } => version.ProcessUntil <= now && retired <= before,
        _ => version.ProcessUntil <= before,
    };

    [LoggerMessage(CoreEvents.DeviceKeyDestroyed, LogLevel.Information,
        "Key {Kid} of a device of tenant {TenantId} was destroyed: its retention has ended.")]
    private static partial void LogDestroyed(ILogger logger, string kid, Guid tenantId);

    [LoggerMessage(CoreEvents.DeviceKeyNotDestroyed, LogLevel.Error,
        "The key of a device with the id {VersionId} of tenant {TenantId} could not be destroyed; the next sweep retries it.")]
    private static partial void LogNotDestroyed(ILogger logger, Guid versionId, Guid tenantId, Exception exception);
}
