namespace Qkms.Api.Keys;

/// <summary>The life of keys.</summary>
internal static class KeyEndpoints
{
    public static IEndpointRouteBuilder MapKeys(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder keys = app.MapGroup("/kms/keys").WithTags("Keys");
        keys.MapGenerateKey();
        keys.MapListKeys();
        keys.MapGetActiveKey();
        keys.MapGetKey();
        keys.MapGetPublicKey();
        keys.MapRotateKey();
        keys.MapRetireKey();
        keys.MapRevokeKey();
        keys.MapDestroyKey();
        keys.MapCancelKeyDeletion();
        return app;
    }
}
