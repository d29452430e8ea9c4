using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Net.Http.Headers;

namespace Qkms.Api.Http;

/// <summary>
/// JSON is UTF-8 (RFC 8259, 8.1). A media type that names another character set is refused as such: the framework would convert it,
/// and fails on one that it does not know.
/// </summary>
internal static class BodyCharset
{
    /// <summary>Adds the check, behind authorization, because strangers learn nothing else.</summary>
    public static IApplicationBuilder UseBodyCharset(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        // What nearly every request says names no character set.
        if (context.Request.ContentType is null or "application/json")
            return next(context);

        bool takesBody = context.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>() is not null;
        if (takesBody && MediaTypeHeaderValue.TryParse(context.Request.ContentType, out MediaTypeHeaderValue? type) && type.Charset.HasValue)
            RequireUtf8(context.Request, type);

        return next(context);
    });

    private static void RequireUtf8(HttpRequest request, MediaTypeHeaderValue type)
    {
        if (!HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            throw KmsErrors.UnsupportedMediaType.With("The body must be JSON in UTF-8.");

        // Said and true, and so of no further interest; the framework would fail on its name in quotes.
        request.ContentType = type.MediaType.ToString();
    }
}
