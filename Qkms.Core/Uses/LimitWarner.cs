using Qkms.Core.Callers;
using Qkms.Core.Keys;

namespace Qkms.Core.Uses;

/// <summary>Warns whoever uses a version whose soft limit is reached.</summary>
internal static class LimitWarner
{
    /// <summary>A key that was used, with its warnings.</summary>
    /// <param name="caller">Who used it.</param>
    /// <param name="key">The key.</param>
    /// <param name="used">How many uses its version has now.</param>
    /// <param name="time">The clock.</param>
    public static ChosenKey Warned(Caller caller, ChosenKey key, long used, TimeProvider time)
    {
        // Nearly every version has neither, and asks for no time.
        KeyVersion version = key.Version;
        return version is { SoftUsageLimit: null, SoftLimitExpiration: null }
            ? key
            : key with { LimitWarnings = Warn(caller, version with { Used = used }, time.GetUtcMilliseconds()) };
    }

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

        if (expiration is not null && !(caller.ExpirationWarning?.End < expiration.End))
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
