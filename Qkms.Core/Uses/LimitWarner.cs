using Qkms.Core.Callers;
using Qkms.Core.Keys;

namespace Qkms.Core.Uses;

/// <summary>Warns whoever uses a version whose soft limit is reached.</summary>
internal static class LimitWarner
{
    /// <summary>The warnings for people; the caller keeps the most urgent of each kind for the head of the answer.</summary>
    /// <param name="caller">Who uses the version.</param>
    /// <param name="version">The version, with its uses.</param>
    /// <param name="now">The time.</param>
    public static IReadOnlyList<string> Warn(Caller caller, KeyVersion version, DateTimeOffset now)
    {
        UsageWarning? usage = version.SoftUsageLimit is { } soft && version.Used >= soft
            ? new UsageWarning(version.Kid, version.Used, soft, version.MaxUsageLimit)
            : null;
        ExpirationWarning? expiration = version.SoftLimitExpiration is { } at && at <= now
            ? new ExpirationWarning(version.Kid, at, version.ExpiresAt)
            : null;
        if (usage is not null && !(caller.UsageWarning?.Left < usage.Left))
            caller.UsageWarning = usage;

        if (expiration is not null && !(caller.ExpirationWarning?.ExpiresAt < expiration.ExpiresAt))
            caller.ExpirationWarning = expiration;

        return (usage, expiration) switch
        {
            (null, null) => [],
            ({ } one, null) => [one.Text],
            (null, { } other) => [other.Text],
            ({ } one, { } other) => [one.Text, other.Text],
        };
    }
}
