namespace Qkms.Api.Http;

/// <summary>
/// Lets requests in once the service has started, and refuses those that arrive on open connections after it was told to stop; new
/// connections are refused soon after. While the service is sealed, all are refused.
/// Readiness is refused too, so that a load balancer moves on; liveness is not, so that nobody kills a service that is about to end.
/// </summary>
internal sealed class StopGate(RequestDelegate next, IHostApplicationLifetime lifetime, Entrance entrance)
{
    private const string Liveness = "/health/live";

    private static readonly TimeSpan _retryAfter = TimeSpan.FromSeconds(5);

    private readonly CancellationToken _stopping = lifetime.ApplicationStopping;

    public Task InvokeAsync(HttpContext context) =>
        entrance.Decision.IsCompletedSuccessfully && entrance.Decision.Result ? LetInAsync(context) : WaitAsync(context);

    private async Task WaitAsync(HttpContext context)
    {
        if (entrance.IsSealed)
        {
            await (context.Request.Path == Liveness ? next(context) : Refusals.WriteAsync(context, Sealed()));
            return;
        }

        if (await entrance.Decision.WaitAsync(context.RequestAborted))
            await LetInAsync(context);
        else
            await RefuseAsync(context);
    }

    private Task LetInAsync(HttpContext context) =>
        _stopping.IsCancellationRequested && context.Request.Path != Liveness ? RefuseAsync(context) : next(context);

    private static KmsException Sealed() =>
        new(KmsErrors.Unavailable, "The service is sealed: whoever holds shares of its root key has to unseal it.")
        {
            RetryAfter = _retryAfter,
        };

    private static Task RefuseAsync(HttpContext context)
    {
        // Later versions say it by themselves, and forbid the header.
        if (HttpProtocol.IsHttp11(context.Request.Protocol) || HttpProtocol.IsHttp10(context.Request.Protocol))
            context.Response.Headers.Connection = "close";

        return Refusals.WriteAsync(context, KmsErrors.Unavailable.RetryAfter(_retryAfter));
    }
}
