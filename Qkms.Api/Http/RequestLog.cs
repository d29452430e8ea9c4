using Qkms.Api.Auth;
using Qkms.Core;

namespace Qkms.Api.Http;

/// <summary>One line per request: the route's template and identifiers. Nothing of path, query, headers' values or bodies.</summary>
internal sealed partial class RequestLog(RequestDelegate next, TimeProvider time, ILogger<RequestLog> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        long start = time.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            if (logger.IsEnabled(LogLevel.Information))
                Write(context, time.GetElapsedTime(start));
        }
    }

    private void Write(HttpContext context, TimeSpan elapsed)
    {
        string template = (MatchedRoute.Of(context) as RouteEndpoint)?.RoutePattern.RawText ?? "(none)";
        Caller? caller = CallerAccess.TryGet(context);
        LogRequest(
            logger,
            MethodWord(context.Request.Method),
            template,
            context.Response.StatusCode,
            elapsed.TotalMilliseconds,
            caller?.TenantId.ToString() ?? "-",
            caller?.CredentialId.ToString() ?? "-",
            RequestIdentity.Of(context));
    }

    // A verb is the caller's text too: only known ones are repeated.
    private static string MethodWord(string method) => HttpMethods.GetCanonicalizedValue(method) switch
    {
        "GET" or "POST" or "PUT" or "PATCH" or "DELETE" or "HEAD" or "OPTIONS" => HttpMethods.GetCanonicalizedValue(method),
        _ => "(other)",
    };

    [LoggerMessage(2000, LogLevel.Information, "{Method} {Route} {Status} {Milliseconds:0.0} ms tenant {TenantId} api-key {ApiKeyId} request {RequestId}")]
    private static partial void LogRequest(ILogger logger, string method, string route, int status, double milliseconds, string tenantId, string apiKeyId, Guid requestId);
}
