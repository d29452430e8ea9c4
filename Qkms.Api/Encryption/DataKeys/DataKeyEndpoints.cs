using Qkms.Core.Algorithms;

namespace Qkms.Api.Encryption.DataKeys;

/// <summary>Envelope encryption: keys for callers to encrypt with themselves.</summary>
internal static class DataKeyEndpoints
{
    /// <summary>The default algorithm.</summary>
    public static readonly KeyAlgorithm DefaultAlgorithm = KeyAlgorithm.Aes256;

    public static IEndpointRouteBuilder MapDataKeys(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder dataKeys = app.MapGroup("/data-keys")
            .WithTag("Data keys", "Envelope encryption: plaintext and wrapped data keys.");
        dataKeys.MapGenerateDataKey();
        dataKeys.MapDecryptDataKey();
        return app;
    }
}
