using Microsoft.Extensions.Logging;
using Qkms.Core.Journal;
using Qkms.Core.Keys;
using Qkms.Core.Lifecycle;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Telemetry;
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
    DeviceOptions options,
    IntegrityAlarm alarm,
    OperationMetrics metrics,
    TimeProvider time,
    ILogger<DeviceSweep> logger)
{
    private const int PageSize = 100;
    private const string Reason = "its retention has ended";

    private static readonly JournalActor _actor = JournalActor.System("device retention");

    // True at first: the process before this one may have been killed between a destruction and this.
    private volatile bool _mayHaveLeftTraces = true;

    /// <summary>Destroys what is due; the number of keys destroyed.</summary>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.Unavailable"/>, after every key was tried; the next sweep takes what this one left.
    /// </exception>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        // What is due is asked of the clock that was just found right, not of one that may jump in between.
        DateTimeOffset now = time.GetUtcMilliseconds();
        DateTimeOffset? before = await observed.LookAsync(cancellationToken)
            ? await store.ReadAsync(session => observed.FindBackAsync(session, options.Retention, now), cancellationToken)
            : null;
        (int destroyed, KmsException? refusal) = before is { } seen
            ? await DestroyDueAsync(now, seen, cancellationToken)
            : (0, null);
        if (_mayHaveLeftTraces)
            _mayHaveLeftTraces = !await store.EraseRemainsAsync(cancellationToken);

        return refusal is null ? destroyed : throw refusal;
    }

    private async Task<(int Destroyed, KmsException? Refusal)> DestroyDueAsync(
        DateTimeOffset now, DateTimeOffset before, CancellationToken cancellationToken)
    {
        int destroyed = 0;
        KmsException? refusal = null;
        DueDeviceKey? last = null;
        IReadOnlyList<DueDeviceKey> page;
        do
        {
            page = await store.ReadAsync(session => devices.ListDueAsync(session, now, before, last, PageSize), cancellationToken);
            foreach (DueDeviceKey due in page)
            {
                last = due;
                try
                {
                    destroyed += await TryDestroyAsync(due.Version, now, before, cancellationToken) ? 1 : 0;
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

    // Rows are judged one by one: one that cannot be destroyed keeps nobody else's key.
    private async Task<bool> TryDestroyAsync(
        DueVersion due, DateTimeOffset now, DateTimeOffset before, CancellationToken cancellationToken)
    {
        if (due.Ids is not { } ids)
        {
            await alarm.RaiseAsync(caller: null, $"the row of a key version with the id {Convert.ToHexString(due.StoredId)}");
            return false;
        }

        try
        {
            long begun = OperationMetrics.Begin();
            KeyVersion? destroyed = await DestroyAsync(ids.TenantId, ids.VersionId, now, before, cancellationToken);
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

    // Null when it is not due, or when something else was faster; then the next sweep looks again.
    private async Task<KeyVersion?> DestroyAsync(
        TenantId tenantId, KeyVersionId versionId, DateTimeOffset now, DateTimeOffset before, CancellationToken cancellationToken)
    {
        KeyAndVersion? found = await store.ReadAsync(session => rows.FindWithKeyAsync(session, tenantId, versionId), cancellationToken);
        if (found?.Version.Address.Owner.DeviceId is not { } owner || !IsDue(found.Version, now, before))
            return null;

        DeviceId deviceId = DeviceId.FromStored(owner);
        DeviceAndKeys device = await store.ReadAsync(session => deviceRows.FindAsync(session, tenantId, deviceId), cancellationToken);
        KeyVersion destroyed = KeyTransitions.EndRetention(found.Version, now);
        KeyPlan plan = planner.Change(_actor, found.Key, found.Version, destroyed, JournalActions.KeyDestroyed, Reason);
        KeyMaterial material = await destruction.FindOpenableAsync(found.Version, cancellationToken);
        return await store.WriteAsync(
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
