namespace Qkms.Api.Logging;

/// <summary>How long a log waits for what.</summary>
internal sealed record LogTimes
{
    /// <summary>For further lines, before it writes one that is not urgent.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>For a reader that is only slow, and so keeps those who log: once, and nobody while it is known to stall.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// For the last lines to be written, which is what a reader that stalls may cost a service that stops. The thread of the writer does
    /// not keep the process alive.
    /// </summary>
    public TimeSpan End { get; init; } = TimeSpan.FromSeconds(2);
}
