namespace Qkms.Core.Time;

/// <summary>
/// Knows for how long the wall clock has kept step with the monotonic one. What cannot be undone waits until that is a while: a clock
/// that jumped by a month, or a machine that started with the wrong date, is usually set right within minutes.
/// </summary>
/// <remarks>A machine that slept looks like a jump too, because the monotonic clock sleeps with it.</remarks>
internal sealed class WallClockWatch
{
    // More than a look takes, less than anybody's waiting time depends on.
    private static readonly TimeSpan _tolerance = TimeSpan.FromMinutes(1);

    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private DateTimeOffset _wall;
    private long _monotonic;
    private long _steadySince;

    /// <summary>Begins to watch.</summary>
    public WallClockWatch(TimeProvider time)
    {
        _time = time;
        (_wall, _monotonic) = (time.GetUtcNow(), time.GetTimestamp());
        _steadySince = _monotonic;
    }

    /// <summary>Looks at both clocks: for how long they have kept step, at every look.</summary>
    public TimeSpan Look()
    {
        lock (_lock)
        {
            (DateTimeOffset wall, long monotonic) = (_time.GetUtcNow(), _time.GetTimestamp());
            TimeSpan ahead = wall - _wall - _time.GetElapsedTime(_monotonic, monotonic);
            if (ahead.Duration() > _tolerance)
                _steadySince = monotonic;

            (_wall, _monotonic) = (wall, monotonic);
            return _time.GetElapsedTime(_steadySince, monotonic);
        }
    }
}
