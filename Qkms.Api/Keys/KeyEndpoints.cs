using Qkms.Api.Fields;

namespace Qkms.Api.Keys;

/// <summary>The life of keys.</summary>
internal static class KeyEndpoints
{
    /// <summary>The address of what a route creates.</summary>
    public static readonly LocationMetadata NewVersion = new("The address of the new version.", $"/kms/keys/{KidFieldAttribute.Current}");

    public static IEndpointRouteBuilder MapKeys(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder keys = app.MapGroup("/kms/keys")
            .WithTag("Keys", "Generate, list, show, rotate, retire, revoke and destroy versioned keys.");
        keys.MapGenerateKey();
        keys.MapListKeys();
        keys.MapGetActiveKey();
        keys.MapGetJsonWebKeySet();
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
