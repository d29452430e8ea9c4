using System.Globalization;

namespace Qkms.Api.Envelopes;

/// <summary>
/// The warning that the API key of a request will end: a dictionary of one member with a parameter (RFC 9651, section 3.2), like those of
/// <see cref="LimitHeaders"/>. Every answer has it, refusals too.
/// </summary>
internal static class ApiKeyHeaders
{
    public const string ExpirationName = "X-Api-Key-Expiration-Warning";

    /// <summary>How long before the end it begins.</summary>
    public static readonly TimeSpan WarnedBefore = TimeSpan.FromDays(14);

    /// <summary>Writes it, if the end of the API key is near.</summary>
    public static void Write(HttpContext context, Caller caller, DateTimeOffset now)
    {
        if (caller.ApiKeyEndsAt is { } end && end - now <= WarnedBefore)
            context.Response.Headers[ExpirationName] = string.Create(
                CultureInfo.InvariantCulture,
                $"expires=\"{end.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}\"; seconds={Math.Max(0, (long)(end - now).TotalSeconds)}");
    }
}
