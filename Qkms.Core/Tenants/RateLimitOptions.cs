namespace Qkms.Core.Tenants;

/// <summary>What is limited besides what the plans say.</summary>
internal sealed record RateLimitOptions
{
    /// <summary>The part of its tenant's cost units that one API key may use, in percent.</summary>
    public int ApiKeyPercent { get; init; } = 80;

    /// <summary>Requests without a valid API key that one address may send each second; 0 = without a limit.</summary>
    public int FailuresPerSecond { get; init; } = 10;

    /// <summary>How many of them it may send at once.</summary>
    public int FailureBurst { get; init; } = 200;

    /// <summary>What an API key may use of a number, at least one.</summary>
    public int PartOf(int whole) => (int)Math.Ceiling(whole * (ApiKeyPercent / 100.0));
}
