namespace Qkms.Api.Health;

/// <summary>How patient <see cref="Readiness"/> is.</summary>
internal sealed record ReadinessLimits
{
    /// <summary>How long a look may take before those who wait for it are told that the database does not answer.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(2);
}
