using Microsoft.AspNetCore.Diagnostics;

namespace Qkms.Api.Http;

/// <summary>The route that a request met.</summary>
internal static class MatchedRoute
{
    /// <summary>The route, also after a failure: by then the exception handler has taken it off the context.</summary>
    public static Endpoint? Of(HttpContext context) =>
        context.Features.Get<IExceptionHandlerFeature>()?.Endpoint ?? context.GetEndpoint();
}
