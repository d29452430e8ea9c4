using System.Globalization;

namespace Qkms.Api.Envelopes;

/// <summary>
/// The warnings about limits in the head of a response, for programs: dictionaries of one member with parameters (RFC 9651, section 3.2).
/// Where a request used several versions, the one whose limit is nearest.
/// </summary>
internal static class LimitHeaders
{
    public const string UsageName = "X-Key-Usage-Limit-Warning";
    public const string ExpirationName = "X-Key-Expiration-Warning";

    /// <summary>Writes what the request at hand has met.</summary>
    /// <param name="context">The request.</param>
    /// <param name="facts">Its facts.</param>
    /// <param name="now">The time.</param>
    public static void Write(HttpContext context, RequestFacts facts, DateTimeOffset now)
    {
        if (facts.Caller is not { } caller)
            return;

        if (caller.UsageWarning is { } usage)
            context.Response.Headers[UsageName] = Text(usage);

        if (caller.ExpirationWarning is { } expiration)
            context.Response.Headers[ExpirationName] = Text(expiration, now);
    }

    private static string Text(UsageWarning usage)
    {
        string max = usage.Max is { } most ? string.Create(CultureInfo.InvariantCulture, $"; max={most}") : "";
        return string.Create(CultureInfo.InvariantCulture, $"used={usage.Used}; soft={usage.Soft}{max}; kid=\"{usage.Kid}\"");
    }

    // Whole seconds, and none is left where the time is over.
    private static string Text(ExpirationWarning expiration, DateTimeOffset now)
    {
        string end = expiration.ExpiresAt is { } at
            ? string.Create(
                CultureInfo.InvariantCulture, $"; expires=\"{Utc(at)}\"; seconds={Math.Max(0, (long)(at - now).TotalSeconds)}")
            : "";
        return $"soft=\"{Utc(expiration.Soft)}\"{end}; kid=\"{expiration.Kid}\"";
    }

    private static string Utc(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
