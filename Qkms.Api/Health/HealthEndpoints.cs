using System.ComponentModel;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Api.Health;

internal sealed record HealthResponse(
    [property: Field(Words = ["live", "ready"]), Description("'live' or 'ready'.")] string Status);

/// <summary>Liveness and readiness for supervisors and load balancers, without an API key.</summary>
internal static class HealthEndpoints
{
    public static IEndpointRouteBuilder MapHealth(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder health = app.MapGroup("/health")
            .WithTag("Health", "For supervisors and load balancers. No API key needed.")
            .AllowAnonymous();
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

    private static async Task<Reply<HealthResponse>> ReadyAsync(IKmsStore store, ITenantRepository tenants, CancellationToken cancellationToken)
    {
        if (!await store.ReadAsync(session => tenants.AnyAsync(session), cancellationToken))
            throw KmsErrors.Unavailable.With("The service is starting.");

        return Reply.Ok(new HealthResponse("ready"));
    }
}
