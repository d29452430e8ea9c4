using Qkms.Core.Algorithms;

namespace Qkms.Api.Crypto;

/// <summary>Encryption with any encryption key.</summary>
internal static class CryptoEndpoints
{
    /// <summary>The default algorithm.</summary>
    public static readonly KeyAlgorithm DefaultAlgorithm = KeyAlgorithm.Aes256;

    public static IEndpointRouteBuilder MapCrypto(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder crypto = app.MapGroup("/crypto").WithTags("Encryption");
        crypto.MapEncrypt();
        crypto.MapDecrypt();
        crypto.MapReEncrypt();
        return app;
    }
}
