using Microsoft.Net.Http.Headers;
using Qkms.Api.Envelopes;
using Qkms.Api.Idempotency;

namespace Qkms.Api.Hosting;

/// <summary>Lets scripts of other origins call the service from a browser (CORS), if the operator names these origins.</summary>
internal static class CrossOrigins
{
    private static readonly TimeSpan _preflightAge = TimeSpan.FromMinutes(10);

    /// <summary>Without origins nothing is registered: a preflight is then a request like any other, and needs an API key.</summary>
    public static WebApplicationBuilder AddQkmsCrossOrigins(this WebApplicationBuilder builder, IReadOnlyList<string> origins)
    {
        if (origins.Count == 0)
            return builder;

        // No credentials: the API key is a header that a script sets, and no browser sends by itself.
        builder.Services.AddCors(options => options.AddDefaultPolicy(policy => policy
            .WithOrigins([.. origins])
            .WithMethods(HttpMethods.Get, HttpMethods.Post, HttpMethods.Patch, HttpMethods.Delete)
            .WithHeaders(
                EnvelopeProtocol.HeaderName, HeaderNames.ContentType, HeaderNames.Accept, HeaderNames.IfNoneMatch, HeaderNames.TraceParent,
                RequestIdentity.HeaderName, IdempotencyKeys.HeaderName)
            .WithExposedHeaders(
                RequestIdentity.HeaderName, HeaderNames.Location, HeaderNames.RetryAfter, HeaderNames.WWWAuthenticate, HeaderNames.Allow,
                HeaderNames.ETag, IdempotencyKeys.RepeatedHeaderName)
            .SetPreflightMaxAge(_preflightAge)));
        return builder;
    }

    /// <summary>
    /// Whether a text is an origin as browsers send it (RFC 6454, 6.2): scheme, host, and port if it is not the usual one. Without TLS only
    /// this machine: elsewhere somebody on the way could change the script that holds the API key.
    /// </summary>
    public static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? uri)
        && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback))
        && uri.GetLeftPart(UriPartial.Authority) == text
        && uri.UserInfo.Length == 0;
}
