namespace Qkms.Api.ApiKeys;

/// <summary>The API keys of a tenant.</summary>
internal static class ApiKeyEndpoints
{
    private const string Tag = "API keys";
    private const string Purpose = "Make, list, show, change, disable, rotate and revoke the API keys of your tenant.";

    /// <summary>The address of what a route creates.</summary>
    public static readonly LocationMetadata NewApiKey =
        new("The address of what was made.", "/api-keys/0198f5c2-7d1b-7a6d-95b4-cf3e2d10a978");

    public static IEndpointRouteBuilder MapApiKeys(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder apiKeys = app.MapGroup("/api-keys").WithTag(Tag, Purpose);
        apiKeys.MapCreateApiKey();
        apiKeys.MapListApiKeys();
        apiKeys.MapGetApiKey();
        apiKeys.MapUpdateApiKey();
        apiKeys.MapApiKeyActions();
        app.MapGroup("/tenants").WithTag(Tag, Purpose).MapRotateApiKey();

        // A group of its own: operations are described by groups, and after this one nothing is left to be done.
        app.MapGroup("/api-keys").WithTag(Tag, Purpose).MapRevokeApiKey();
        return app;
    }
}
