namespace Qkms.Api.Http;

/// <summary>The permission that a route needs, readable by tests and by the description of the API.</summary>
internal sealed record RequiredPermission(Permission Permission);

/// <summary>Says what routes need; <see cref="Authentication"/> checks it before the body is read.</summary>
internal static class RequiredPermissions
{
    /// <summary>Lets only API keys with a permission through.</summary>
    public static RouteHandlerBuilder Requires(this RouteHandlerBuilder route, Permission permission) =>
        route.WithMetadata(new RequiredPermission(permission));
}
