using Microsoft.AspNetCore.Authorization;

namespace Qkms.Api.Http;

/// <summary>
/// Lets through requests whose caller is proven, in the way of their protocol, and has the permission of their route. Everything needs a
/// caller unless its route says otherwise, unknown routes too. Nothing of the body is read before.
/// </summary>
/// <remarks>One rule needs none of what the framework has for many, which costs as much as the rest of the check.</remarks>
internal sealed class Authentication(RequestDelegate next, EndpointDataSource routes, CallerProof proof, FailedLogins failures)
{
    /// <summary>The cost units of every request; what its work costs is added where that is known.</summary>
    public const int CostOfRequest = 1;

    private readonly Lazy<HashSet<string?>> _openPaths = new(() => routes.Endpoints.OfType<RouteEndpoint>()
        .Where(route => route.Metadata.GetMetadata<IAllowAnonymous>() is not null)
        .Select(route => route.RoutePattern.RawText)
        .ToHashSet(StringComparer.OrdinalIgnoreCase));

    public async Task InvokeAsync(HttpContext context)
    {
        Endpoint? endpoint = context.GetEndpoint();
        if (endpoint?.Metadata.GetMetadata<IAllowAnonymous>() is null && !IsOtherVerbOfOpenRoute(context, endpoint))
        {
            if (!await proof.TryProveAsync(context))
            {
                await Refusals.WriteAsync(
                    context,
                    failures.Count(context.Connection.RemoteIpAddress)
                        ?? KmsErrors.Unauthenticated.With(Protocol.Of(context).WantedProof));
                return;
            }

            Caller caller = RequestFacts.Of(context).RequireCaller();
            caller.Budget?.Pay(CostOfRequest);

            // Where routing found no route of ours, it answers by an endpoint of its own: another verb, another path.
            if (endpoint is RouteEndpoint)
                RequirementOf(endpoint).Check(caller);
        }

        await next(context);
    }

    private static RequiredPermission RequirementOf(Endpoint route) =>
        route.Metadata.GetMetadata<RequiredPermission>()
        ?? throw new InvalidOperationException($"Nobody may call {route.DisplayName}: it says neither what it needs nor that it is open.");

    // Routing answers it with an endpoint of its own, which knows nothing of the route.
    private bool IsOtherVerbOfOpenRoute(HttpContext context, Endpoint? endpoint) =>
        endpoint is not (null or RouteEndpoint) && _openPaths.Value.Contains(context.Request.Path.Value?.TrimEnd('/'));
}
