namespace Qkms.Core.Lifecycle;

/// <summary>When rotations that are due are done, and how often one that fails is tried.</summary>
internal sealed record RotationOptions
{
    // A clock that has kept step for this many intervals is believed; a node that has not finished in as many is taken for dead.
    private const int SteadyIntervals = 10;

    /// <summary>How often the scheduler looks for what is due.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a rotation is tried before it has failed.</summary>
    public int MaxAttempts { get; init; } = 10;

    /// <summary>How long the second attempt waits; each further one waits twice as long as the one before.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest that an attempt waits for the next.</summary>
    public static TimeSpan MaxRetryDelay { get; } = TimeSpan.FromHours(1);

    /// <summary>
    /// How long the wall clock must have kept step with the monotonic one before anything is rotated: 100 seconds by default.
    /// </summary>
    public TimeSpan SteadyTime => SteadyIntervals * Interval;

    /// <summary>
    /// How long a node has for an attempt before another one begins it too. Nothing is rotated twice by that: the second finds the
    /// successor of the first.
    /// </summary>
    public TimeSpan Lease => SteadyIntervals * Interval;

    /// <summary>How long the attempt after this many waits.</summary>
    public TimeSpan DelayAfter(int attempts)
    {
        // Doubled at most until it is longer than anything waits, so that no number overflows.
        double factor = Math.Pow(2, Math.Min(attempts - 1, 30));
        TimeSpan delay = RetryDelay * factor;
        return delay < MaxRetryDelay ? delay : MaxRetryDelay;
    }
}
