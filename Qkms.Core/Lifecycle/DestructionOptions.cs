namespace Qkms.Core.Lifecycle;

/// <summary>When versions whose time has come are destroyed.</summary>
public sealed record DestructionOptions
{
    // A clock that has kept step for so many intervals is believed.
    private const int SteadyIntervals = 10;

    /// <summary><c>Qkms:Destruction:SweepInterval</c>: how often it is looked for them, 100 milliseconds to 1 hour; at most so much later than its date a version is destroyed.</summary>
    public TimeSpan SweepInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Nothing is destroyed before the wall clock has kept step with the monotonic clock for so long: ten intervals, 10 minutes as a rule.</summary>
    public TimeSpan SteadyTime => SteadyIntervals * SweepInterval;

    /// <summary>Refuses what is out of range.</summary>
    /// <exception cref="SettingsException">The message names the setting.</exception>
    public void Validate()
    {
        if (SweepInterval < TimeSpan.FromMilliseconds(100) || SweepInterval > TimeSpan.FromHours(1))
            throw new SettingsException("Qkms:Destruction:SweepInterval must be from 00:00:00.100 to 01:00:00.");
    }
}
