using Qkms.Core.Algorithms;

namespace Qkms.Api.Encryption.Kem;

/// <summary>The operations of ML-KEM keys: shared secrets, and encryption and wrapping as existing clients know them.</summary>
internal static class KemEndpoints
{
    /// <summary>The longest associated data, in bytes.</summary>
    public const int MaxAad = 8192;

    /// <summary>The longest key that is wrapped, in bytes.</summary>
    public const int MaxWrappedKey = 1024;

    /// <summary>More than the longest encapsulated key, alone or before the longest key that it wraps, in bytes.</summary>
    public const int MaxEncapsulated = 8192;

    /// <summary>The wrapping method: a KEM makes a key that encrypts the wrapped key.</summary>
    public const string WrappingMethod = "KEM-DEM";

    /// <summary>The default algorithm.</summary>
    public static readonly KeyAlgorithm DefaultAlgorithm = KeyAlgorithm.MLKem768;

    public static IEndpointRouteBuilder MapKem(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder kem = app.MapGroup("/kem").WithTag("KEM", "Shared secrets, HPKE and key wrapping with ML-KEM keys.");
        kem.MapEncapsulate();
        kem.MapDecapsulate();
        kem.MapKemEncrypt();
        kem.MapKemDecrypt();
        kem.MapWrapKey();
        kem.MapUnwrapKey();
        return app;
    }
}
