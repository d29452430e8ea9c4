using System.Collections.Concurrent;

namespace Qkms.Tests.Support;

/// <summary>Clocks that tests move: the monotonic one and the wall clock, each by itself.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly bool _runs;
    private readonly ConcurrentQueue<ManualTimer> _timers = [];
    private long _elapsed;
    private long _wallShift;

    private ManualTime(bool runs) => _runs = runs;

    public override long TimestampFrequency => System.TimestampFrequency;

    /// <summary>The monotonic clock stands still unless it is moved; the wall clock is the system's.</summary>
    public static ManualTime Standing() => new(runs: false);

    /// <summary>Both are the system's, and can be moved ahead of it.</summary>
    public static ManualTime Running() => new(runs: true);

    public override long GetTimestamp() => (_runs ? System.GetTimestamp() : 0) + Volatile.Read(ref _elapsed);

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Volatile.Read(ref _wallShift));

    /// <summary>A timer of a standing clock goes off by <see cref="FireTimers"/> only; one of a running clock is the system's.</summary>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (_runs)
            return base.CreateTimer(callback, state, dueTime, period);

        ManualTimer timer = new(callback, state, period);
        _timers.Enqueue(timer);
        return timer;
    }

    /// <summary>The periods of the timers that were made and not disposed of.</summary>
    public IReadOnlyList<TimeSpan> TimerPeriods => [.. _timers.Where(timer => !timer.IsDisposed).Select(timer => timer.Period)];

    /// <summary>Lets every timer go off once.</summary>
    public void FireTimers()
    {
        foreach (ManualTimer timer in _timers.Where(timer => !timer.IsDisposed))
            timer.Fire();
    }

    /// <summary>Moves the monotonic clock.</summary>
    public void Advance(TimeSpan by) => Interlocked.Add(ref _elapsed, (long)(by.TotalSeconds * TimestampFrequency));

    /// <summary>Moves the wall clock.</summary>
    public void ShiftWallClock(TimeSpan by) => Interlocked.Add(ref _wallShift, by.Ticks);

    /// <summary>Lets time go by on both clocks.</summary>
    public void Pass(TimeSpan by)
    {
        Advance(by);
        ShiftWallClock(by);
    }

    /// <summary>Lets everything that is kept in memory grow too old to be used.</summary>
    public void OutliveCaches() => Advance(FreshnessLimit.MaxAge + TimeSpan.FromMilliseconds(1));

    private sealed class ManualTimer(TimerCallback callback, object? state, TimeSpan period) : ITimer
    {
        public TimeSpan Period { get; private set; } = period;

        public bool IsDisposed { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Period = period;
            return !IsDisposed;
        }

        public void Dispose() => IsDisposed = true;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
