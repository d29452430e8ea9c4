using Qkms.Api.Fields;

namespace Qkms.Api.Keys;

/// <summary>The life of keys.</summary>
internal static class KeyEndpoints
{
    /// <summary>The address of what a route creates.</summary>
    public static readonly LocationMetadata NewVersion = new("The address of what was made.", $"/kms/keys/{KidFieldAttribute.Current}");

    public static IEndpointRouteBuilder MapKeys(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder keys = app.MapGroup("/kms/keys")
            .WithTag("Keys", "Generate, list, show, change, rotate, retire, revoke and destroy versioned keys.");
        keys.MapGenerateKey();
        keys.MapListKeys();
        keys.MapGetActiveKey();
        keys.MapGetJsonWebKeySet();
        keys.MapGetPublicKey();
        keys.MapRotateKey();
        keys.MapRetireKey();
        keys.MapRevokeKey();
        keys.MapCancelKeyDeletion();

        // Last in the description, where operations of one path stand together: the page is read from top to bottom.
        keys.MapGetKey();
        keys.MapUpdateKey();
        keys.MapDestroyKey();
        return app;
    }
}
