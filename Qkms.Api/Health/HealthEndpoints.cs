using System.ComponentModel;

namespace Qkms.Api.Health;

internal sealed record HealthResponse(
    [property: Field(Words = ["live", "ready"]), Description("'live' or 'ready'.")] string Status);

/// <summary>Liveness and readiness for supervisors and load balancers, without an API key.</summary>
internal static class HealthEndpoints
{
    public static WebApplicationBuilder AddQkmsHealth(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton(new ReadinessLimits());
        builder.Services.AddSingleton<Readiness>();
        return builder;
    }

    public static IEndpointRouteBuilder MapHealth(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder health = app.MapGroup("/health")
            .WithTag("Health", "For supervisors and load balancers. No API key needed.");
        health.MapGet("/live", Live)
            .WithName("GetLiveness")
            .WithSummary("Reports whether the process is running.");
        health.MapGet("/ready", ReadyAsync)
            .WithName("GetReadiness")
            .WithSummary("Reports whether the service can handle requests: the database answers.")
            .Refuses(KmsErrors.Unavailable);
        return app;
    }

    private static Reply<HealthResponse> Live() => Reply.Ok(new HealthResponse("live"));

    private static async Task<Reply<HealthResponse>> ReadyAsync(Readiness readiness, CancellationToken cancellationToken)
    {
        await readiness.CheckAsync(cancellationToken);
        return Reply.Ok(new HealthResponse("ready"));
    }
}
