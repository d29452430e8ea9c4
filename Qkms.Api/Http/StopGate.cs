namespace Qkms.Api.Http;

/// <summary>
/// Refuses what arrives after the service was told to stop, on connections that are still open; new connections are refused soon after.
/// Readiness is among it, so that a load balancer looks elsewhere; liveness is not, so that nobody kills what is about to end by itself.
/// </summary>
internal sealed class StopGate(RequestDelegate next, IHostApplicationLifetime lifetime)
{
    private const string Liveness = "/health/live";

    private static readonly TimeSpan _retryAfter = TimeSpan.FromSeconds(5);

    private readonly CancellationToken _stopping = lifetime.ApplicationStopping;

    public Task InvokeAsync(HttpContext context) =>
        _stopping.IsCancellationRequested && context.Request.Path != Liveness ? RefuseAsync(context) : next(context);

    private static Task RefuseAsync(HttpContext context)
    {
        // Later versions say it by themselves, and forbid the header.
        if (HttpProtocol.IsHttp11(context.Request.Protocol) || HttpProtocol.IsHttp10(context.Request.Protocol))
            context.Response.Headers.Connection = "close";

        return Refusals.WriteAsync(context, KmsErrors.Unavailable.RetryAfter(_retryAfter));
    }
}
