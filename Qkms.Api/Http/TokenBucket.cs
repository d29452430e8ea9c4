using System.Threading.RateLimiting;

namespace Qkms.Api.Http;

/// <summary>How much can be spent at once, and how fast it comes back.</summary>
/// <param name="PerSecond">What becomes free each second.</param>
/// <param name="Burst">The most that can be spent at once.</param>
internal readonly record struct TokenBucket(int PerSecond, int Burst)
{
    // Of the limiter's own clock, which its owner's timer drives ten times a second.
    private static readonly TimeSpan _period = TimeSpan.FromSeconds(1);

    /// <summary>The same for the platform's limiter; whoever partitions it fills it again.</summary>
    public TokenBucketRateLimiterOptions ToOptions() => new()
    {
        TokenLimit = Burst,
        TokensPerPeriod = PerSecond,
        ReplenishmentPeriod = _period,
        AutoReplenishment = false,
    };

    /// <summary>How long so much takes to become free.</summary>
    public TimeSpan TimeFor(long units) => TimeSpan.FromSeconds((double)Math.Max(1, units) / PerSecond);
}
