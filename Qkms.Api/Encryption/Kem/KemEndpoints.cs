using Qkms.Core.Algorithms;

namespace Qkms.Api.Encryption.Kem;

/// <summary>What ML-KEM keys do: shared secrets, and the shapes of encryption and wrapping that existing clients know.</summary>
internal static class KemEndpoints
{
    /// <summary>The longest associated data, in bytes.</summary>
    public const int MaxAad = 8192;

    /// <summary>The longest key that is wrapped, in bytes.</summary>
    public const int MaxWrappedKey = 1024;

    /// <summary>How keys are wrapped: a KEM makes a key, with which the wrapped key is encrypted.</summary>
    public const string WrappingMethod = "KEM-DEM";

    /// <summary>The algorithm of requests that name neither one nor a kid.</summary>
    public static readonly KeyAlgorithm DefaultAlgorithm = KeyAlgorithm.MLKem768;

    public static IEndpointRouteBuilder MapKem(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder kem = app.MapGroup("/kem").WithTags("KEM");
        kem.MapEncapsulate();
        kem.MapDecapsulate();
        kem.MapKemEncrypt();
        kem.MapKemDecrypt();
        kem.MapWrapKey();
        kem.MapUnwrapKey();
        return app;
    }
}
