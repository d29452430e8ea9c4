using Qkms.Core.Algorithms;

namespace Qkms.Api.Encryption;

/// <summary>The main road: encryption with any encryption key.</summary>
internal static class EncryptionEndpoints
{
    /// <summary>The algorithm of requests that name neither one nor a kid.</summary>
    public static readonly KeyAlgorithm DefaultAlgorithm = KeyAlgorithm.Aes256;

    public static IEndpointRouteBuilder MapEncryption(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder crypto = app.MapGroup("/crypto").WithTags("Encryption");
        crypto.MapEncrypt();
        crypto.MapDecrypt();
        crypto.MapReEncrypt();
        return app;
    }
}
