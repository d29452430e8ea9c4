namespace Qkms.Core.Time;

/// <summary>The promise on how old what is kept in memory may be.</summary>
public static class FreshnessLimit
{
    /// <summary>How old a read may be when it is used: 500 ms, so that what another node revoked is refused here within a second.</summary>
    public static TimeSpan MaxAge => TimeSpan.FromMilliseconds(500);
}
