using Microsoft.Extensions.Logging;
using Qkms.Core.Journal;
using Qkms.Core.Keys;
using Qkms.Core.Store;
using Qkms.Core.Telemetry;
using Qkms.Core.Tenants;

namespace Qkms.Core.Lifecycle;

/// <summary>
/// Sees to it that what waits for its destruction waits in earnest, whatever the clock says. Every look notes the hours in which this node
/// ran and its wall clock kept step with the monotonic one; a waiting time is over when as many hours of it were seen, by whatever node.
/// After a gap of more than a day, a jump of the clock or a service that stood still, nothing is destroyed until an operator has confirmed
/// the time.
/// </summary>
internal sealed partial class ObservedTime(
    IKmsStore store,
    IObservedTimeRepository hours,
    IKeyRepository keys,
    ITenantRepository tenants,
    DestructionOptions options,
    AuditOptions audit,
    TimeProvider time,
    ILogger<ObservedTime> logger)
{
    // An hour that begins when another ends: a gap of more than a day is of 25 and more.
    private const int LongestGap = 25;

    // A confirmation speaks of the clock as it is today.
    private static readonly TimeSpan _validity = TimeSpan.FromDays(1);

    // Longer than anything waits, also on an installation that stands still on every other day.
    private readonly TimeSpan _kept = TimeSpan.FromDays(2 * Math.Max(
        KeyDestruction.MaxWaitingDays, Math.Max(audit.KeepUses.TotalDays, options.LongestRetention.TotalDays) + 1));

    private readonly WallClockWatch _clock = new(time);
    private readonly Lock _lock = new();
    private long? _noted;

    /// <summary>Looks at the clocks, and notes the time that this node saw go by.</summary>
    /// <returns>Whether the clock is to be believed.</returns>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/>.</exception>
    public async Task<bool> LookAsync(CancellationToken cancellationToken)
    {
        TimeSpan steady = _clock.Look();
        DateTimeOffset now = time.GetUtcMilliseconds();
        return !await NoteAsync(now, steady, cancellationToken) && steady >= options.SteadyTime;
    }

    /// <summary>Whether the waiting time of a version that is due was seen to go by.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="version">A version that waits.</param>
    /// <param name="now">The time.</param>
    public async Task<bool> HasWaitedAsync(IKmsSession session, KeyVersion version, DateTimeOffset now) =>
        version.DestroyAt is { } at
        && await HasWaitedAsync(session, version.DestroyOrderedAt ?? at.AddDays(-KeyDestruction.MinWaitingDays), at, now);

    /// <summary>Whether the waiting time of what is due was seen to go by.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="orderedAt">When it was ordered.</param>
    /// <param name="at">For when.</param>
    /// <param name="now">The time.</param>
    public async Task<bool> HasWaitedAsync(IKmsSession session, DateTimeOffset orderedAt, DateTimeOffset at, DateTimeOffset now)
    {
        long ordered = HourOf(orderedAt);
        return await hours.CountAsync(session, ordered, HourOf(now)) >= HourOf(at) - ordered;
    }

    /// <summary>
    /// The time that lies so far back that as many days were seen since, by whatever node; null when there were not so many. A clock that
    /// jumps ahead does not move it: between then and now the service has to have run on each of that many days.
    /// </summary>
    /// <param name="session">The unit.</param>
    /// <param name="span">How far back.</param>
    /// <param name="now">The time.</param>
    public async Task<DateTimeOffset?> FindBackAsync(IKmsSession session, TimeSpan span, DateTimeOffset now)
    {
        if (await hours.FindDayBeforeAsync(session, (int)Math.Ceiling(span.TotalDays), HourOf(now)) is not { } day)
            return null;

        DateTimeOffset seen = DateTimeOffset.UnixEpoch.AddDays(day);
        return seen < now - span ? seen : now - span;
    }

    // True while destructions are held.
    private async Task<bool> NoteAsync(DateTimeOffset now, TimeSpan steady, CancellationToken cancellationToken)
    {
        long last = HourOf(now);
        long first = HourOf(now - (steady < _kept ? steady : _kept));
        lock (_lock)
        {
            if (_noted is { } noted && noted >= first && noted <= last)
                first = noted + 1;
        }

        DateTimeOffset? held = await store.ReadAsync(hours.FindHoldAsync, cancellationToken);
        bool isConfirmed = options.ClockConfirmedAt is { } at && (now - at).Duration() <= _validity;
        if (held is not null && isConfirmed)
        {
            await store.WriteAsync(
                async session =>
                {
                    await hours.ReleaseAsync(session);
                    return true;
                },
                cancellationToken);
            LogReleased(logger, options.ClockConfirmedAt!.Value);
            held = null;
        }

        if (first > last)
            return held is not null;

        bool isLongGap = await store.WriteAsync(session => NoteAsync(session, first, last, now, isConfirmed), cancellationToken);
        lock (_lock)
            _noted = last;

        if (isLongGap || held is not null)
            LogHeld(logger, held ?? now, now);

        return isLongGap || held is not null;
    }

    private async Task<bool> NoteAsync(IKmsSession session, long first, long last, DateTimeOffset now, bool isConfirmed)
    {
        // Where nothing waits, a clock that is set right, or a service that stood still, is nobody's concern.
        bool isLongGap = !isConfirmed
            && await hours.FindLastAsync(session, first) is { } before
            && first - before >= LongestGap
            && (await keys.AnyWaitsForDestructionAsync(session) || await tenants.AnyWaitsForDeletionAsync(session));
        if (isLongGap)
            await hours.HoldAsync(session, now);

        await hours.AddAsync(session, first, last);
        await hours.DeleteBeforeAsync(session, HourOf(now - _kept));
        return isLongGap;
    }

    private static long HourOf(DateTimeOffset at) => Math.Max(0, at.ToUnixTimeSeconds() / 3600);

    [LoggerMessage(CoreEvents.DestructionHeld, LogLevel.Warning,
        "Nothing is destroyed: at {HeldAt} the clock had jumped, or the service had not run, for more than a day while keys waited for "
        + "their destruction. Check the clock, which says {Now}, and confirm it: docs/destruction.md.")]
    private static partial void LogHeld(ILogger logger, DateTimeOffset heldAt, DateTimeOffset now);

    [LoggerMessage(CoreEvents.DestructionReleased, LogLevel.Warning,
        "An operator has confirmed the clock at {ConfirmedAt}: keys are destroyed again on their dates.")]
    private static partial void LogReleased(ILogger logger, DateTimeOffset confirmedAt);
}
