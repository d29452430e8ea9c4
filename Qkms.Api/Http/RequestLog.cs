using System.Diagnostics;
using Qkms.Api.Logging;

namespace Qkms.Api.Http;

/// <summary>
/// One line per request, of strangers only some: the route's template and identifiers. Nothing of path, query, header values or bodies.
/// </summary>
internal sealed class RequestLog(
    RequestDelegate next, RequestsUnderWay underWay, StrangerLog strangers, TimeProvider time, ILogger<RequestLog> logger)
{
    private const string NoRoute = "(no such route)";
    private const string WrongVerb = "(verb not allowed)";
    private const string Pages = "/swagger";

    private static readonly EventId _answered = new(ApiEvents.RequestAnswered, "RequestAnswered");

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
            if (logger.IsEnabled(LogLevel.Information) && RequestFacts.Of(context) is var facts && IsLogged(facts))
                Log(Entry(context, facts, time.GetElapsedTime(start)));
        }
    }

    private bool IsLogged(RequestFacts facts) => facts.Caller is not null || strangers.Admits(facts.Stranger);

    private void Log(RequestLogEntry answered) =>
        logger.Log(LogLevel.Information, _answered, answered, null, static (entry, _) => entry.ToString());

    private static RequestLogEntry Entry(HttpContext context, RequestFacts facts, TimeSpan elapsed)
    {
        string? traceId = Activity.Current is { Recorded: true } trace ? trace.TraceId.ToHexString() : null;
        return new RequestLogEntry(
            MethodWord(context), Template(context), context.Response.StatusCode, elapsed, facts, traceId);
    }

    /// <summary>The template of the request's route, without anything that the caller sent.</summary>
    public static string Template(HttpContext context) => (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText
        ?? (context.Response.StatusCode == StatusCodes.Status405MethodNotAllowed ? WrongVerb
            : context.Response.StatusCode < 400 && IsPage(context.Request.Path) ? Pages
            : NoRoute);

    private static bool IsPage(PathString path) => path.StartsWithSegments(Pages, StringComparison.OrdinalIgnoreCase);

    /// <summary>The request's verb. It is the caller's text too: only known ones are repeated.</summary>
    public static string MethodWord(HttpContext context) => HttpMethods.GetCanonicalizedValue(context.Request.Method) switch
    {
        "GET" or "POST" or "PUT" or "PATCH" or "DELETE" or "HEAD" or "OPTIONS" => HttpMethods.GetCanonicalizedValue(context.Request.Method),
        _ => "(other)",
    };
}
