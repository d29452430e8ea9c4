using Qkms.Core.Algorithms;

namespace Qkms.Api.Signatures;

/// <summary>Signatures by ML-DSA, RSA, ECDSA and Ed25519 keys.</summary>
internal static class SignatureEndpoints
{
    /// <summary>The kind of signature: separate from the message.</summary>
    public const string SignatureType = "detached";

    /// <summary>The default algorithm.</summary>
    public static readonly KeyAlgorithm DefaultAlgorithm = KeyAlgorithm.MLDsa65;

    public static IEndpointRouteBuilder MapSignatures(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder signatures = app.MapGroup("/signature")
            .WithTag("Signatures", "Sign and verify with ML-DSA, RSA, ECDSA and Ed25519 keys.");
        signatures.MapSign();
        signatures.MapVerify();
        signatures.MapSignHash();
        signatures.MapVerifyHash();
        signatures.MapSignMu();
        signatures.MapVerifyMu();
        return app;
    }
}
