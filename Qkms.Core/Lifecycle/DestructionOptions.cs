namespace Qkms.Core.Lifecycle;

/// <summary>When versions whose destruction date has come are destroyed.</summary>
internal sealed record DestructionOptions
{
    // A clock that has kept step for this many intervals is believed.
    private const int SteadyIntervals = 10;

    /// <summary>How often the sweep looks for such versions; a version is destroyed at most this long after its date.</summary>
    public TimeSpan SweepInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long the wall clock must have kept step with the monotonic clock before anything is destroyed: 10 minutes by default.
    /// </summary>
    public TimeSpan SteadyTime => SteadyIntervals * SweepInterval;

    /// <summary>
    /// How far back it has to be known when the service ran: the longest time after which a version is destroyed without an order.
    /// </summary>
    public TimeSpan LongestRetention { get; init; }

    /// <summary>
    /// The time at which an operator found the clock right. It ends a hold of destructions on nodes whose clock is within a day of it; null
    /// when nobody has.
    /// </summary>
    public DateTimeOffset? ClockConfirmedAt { get; init; }
}
