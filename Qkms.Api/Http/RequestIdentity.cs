using System.Buffers;
using Qkms.Core.Time;

namespace Qkms.Api.Http;

/// <summary>Gives every request its id and every response its headers.</summary>
internal sealed class RequestIdentity(RequestDelegate next, IdGenerator ids)
{
    public const string HeaderName = "X-Request-ID";

    private static readonly SearchValues<char> _uuidCharacters = SearchValues.Create("0123456789abcdefABCDEF-");

    /// <summary>The id of the current request.</summary>
    public static Guid Of(HttpContext context) => RequestFacts.Of(context).RequestId;

    /// <summary>Writes the headers of every response, again if a response is started over.</summary>
    public static void WriteHeaders(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers[HeaderName] = Of(context).ToString();
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
    }

    public Task InvokeAsync(HttpContext context)
    {
        // Anything but one UUID in its usual form is replaced and never reflected.
        Guid serverRequestId = ids.Next();
        if (!TryParse(context.Request.Headers[HeaderName], out Guid requestId))
            requestId = serverRequestId;

        RequestFacts.Begin(context, requestId, serverRequestId);
        WriteHeaders(context);
        return next(context);
    }

    // Guid alone would also take a '+' or '0x' in a group, and white space around.
    private static bool TryParse(string? text, out Guid id)
    {
        id = default;
        return text?.Length == 36 && !text.AsSpan().ContainsAnyExcept(_uuidCharacters) && Guid.TryParseExact(text, "D", out id);
    }
}
