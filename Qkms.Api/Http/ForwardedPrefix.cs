using System.Net;
using System.Text.RegularExpressions;

namespace Qkms.Api.Http;

/// <summary>
/// Takes <c>X-Forwarded-Prefix</c> from trusted proxies: the path below which callers reach the service, and which the proxy has cut off.
/// <c>Location</c> then leads back through the proxy. From anybody else the header says nothing.
/// </summary>
/// <remarks>
/// Not ASP.NET Core's middleware for forwarded headers, which serves for the caller's address: it would take <c>//elsewhere.example</c>.
/// </remarks>
internal sealed partial class ForwardedPrefix(RequestDelegate next, IReadOnlyList<IPNetwork> trusted)
{
    public const string HeaderName = "X-Forwarded-Prefix";

    public Task InvokeAsync(HttpContext context)
    {
        if (context.Request.Headers[HeaderName] is [string prefix]
            && IsTrusted(context.Connection.RemoteIpAddress)
            && Prefix().IsMatch(prefix))
            context.Request.PathBase = prefix;

        return next(context);
    }

    private bool IsTrusted(IPAddress? address)
    {
        if (address?.IsIPv4MappedToIPv6 == true)
            address = address.MapToIPv4();

        return address is not null && trusted.Any(network => network.Contains(address));
    }

    // Segments of unreserved characters (RFC 3986, 2.3); no empty ones, which would make the rest a host.
    [GeneratedRegex(@"^(/[A-Za-z0-9._~-]+)+\z")]
    private static partial Regex Prefix();
}
