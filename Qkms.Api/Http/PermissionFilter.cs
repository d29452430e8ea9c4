namespace Qkms.Api.Http;

/// <summary>The permission that a route needs, readable by tests and by the description of the API.</summary>
internal sealed record RequiredPermission(Permission Permission);

/// <summary>Checks permissions, after the syntax of a request and before any look-up.</summary>
internal static class PermissionFilter
{
    /// <summary>Lets only API keys with a permission through.</summary>
    public static RouteHandlerBuilder Requires(this RouteHandlerBuilder route, Permission permission) => route
        .WithMetadata(new RequiredPermission(permission))
        .AddEndpointFilter((context, next) =>
        {
            RequestFacts.Of(context.HttpContext).RequireCaller().Require(permission);
            return next(context);
        });
}
