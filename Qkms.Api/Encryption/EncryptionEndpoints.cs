using Qkms.Core.Algorithms;

namespace Qkms.Api.Encryption;

/// <summary>Encryption with any encryption key.</summary>
internal static class EncryptionEndpoints
{
    /// <summary>The default algorithm.</summary>
    public static readonly KeyAlgorithm DefaultAlgorithm = KeyAlgorithm.Aes256;

    public static IEndpointRouteBuilder MapEncryption(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder crypto = app.MapGroup("/crypto")
            .WithTag("Encryption", "Encrypt, decrypt and re-encrypt with any encryption key.");
        crypto.MapEncrypt();
        crypto.MapDecrypt();
        crypto.MapReEncrypt();
        return app;
    }
}
