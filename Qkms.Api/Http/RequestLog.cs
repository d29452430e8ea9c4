using System.Diagnostics;

namespace Qkms.Api.Http;

/// <summary>One line per request: the route's template and identifiers. Nothing of path, query, header values or bodies.</summary>
internal sealed class RequestLog(RequestDelegate next, RequestsUnderWay underWay, TimeProvider time, ILogger<RequestLog> logger)
{
    private static readonly EventId _answered = new(2000, "LogRequest");

    public async Task InvokeAsync(HttpContext context)
    {
        long start = time.GetTimestamp();
        underWay.Enter();
        try
        {
            await next(context);
        }
        finally
        {
            underWay.Leave(context);
            if (logger.IsEnabled(LogLevel.Information))
                logger.Log(LogLevel.Information, _answered, Entry(context, time.GetElapsedTime(start)), null, static (entry, _) =>
                    entry.ToString());
        }
    }

    private static RequestLogEntry Entry(HttpContext context, TimeSpan elapsed)
    {
        string template = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "(none)";
        RequestFacts facts = RequestFacts.Of(context);
        string? traceId = Activity.Current is { Recorded: true } trace ? trace.TraceId.ToHexString() : null;
        return new RequestLogEntry(
            MethodWord(context.Request.Method), template, context.Response.StatusCode, elapsed, facts.Caller, facts.RequestId, traceId);
    }

    // A verb is the caller's text too: only known ones are repeated.
    private static string MethodWord(string method) => HttpMethods.GetCanonicalizedValue(method) switch
    {
        "GET" or "POST" or "PUT" or "PATCH" or "DELETE" or "HEAD" or "OPTIONS" => HttpMethods.GetCanonicalizedValue(method),
        _ => "(other)",
    };
}
