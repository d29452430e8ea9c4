namespace Qkms.Core.Algorithms;

/// <summary>The names that AWS KMS has for what a key is.</summary>
internal static class AwsNames
{
    public const string Symmetric = "SYMMETRIC_DEFAULT";
    public const string MLDsaSigning = "ML_DSA_SHAKE_256";
    public const string Ed25519Signing = "ED25519_SHA_512";
    public const string Encapsulation = "ML_KEM";

    // In AWS's order: cosign signs with the first, and verifies by the public key with PKCS #1 v1.5 whatever that was.
    private static readonly string[] _rsaSigning =
    [
        "RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512",
        "RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512",
    ];

    /// <summary>The KeySpec of an algorithm; its own name in AWS's form where AWS has none.</summary>
    public static string KeySpecOf(KeyAlgorithm algorithm) => algorithm.Name switch
    {
        "AES-256" => Symmetric,
        "Ed25519" => "ECC_NIST_EDWARDS25519",
        ['E', 'C', '-', .. string curve] => $"ECC_NIST_{curve}",
        string name => name.Replace('-', '_').ToUpperInvariant(),
    };

    /// <summary>The KeyUsage of a key.</summary>
    public static string KeyUsageOf(KeyAlgorithm algorithm, KeyUse use) =>
        algorithm.Family.Operations.Contains(KeyOperation.GenerateMac) ? "GENERATE_VERIFY_MAC"
        : use == KeyUse.Signature ? "SIGN_VERIFY"
        : algorithm.Family.Operations.Contains(KeyOperation.Encapsulate) ? "ENCAPSULATE_DECAPSULATE"
        : "ENCRYPT_DECRYPT";

    /// <summary>The signing algorithms of a key; none where it does not sign.</summary>
    public static IReadOnlyList<string>? SigningAlgorithmsOf(KeyAlgorithm algorithm, KeyUse use) =>
        use != KeyUse.Signature || MacAlgorithmsOf(algorithm) is not null ? null
        : algorithm.ModulusBits is not null ? _rsaSigning
        : algorithm.SignatureHash is { } hash ? [$"ECDSA_{hash.Name.Replace('-', '_')}"]
        : algorithm.Name.StartsWith("ML-DSA", StringComparison.Ordinal) ? [MLDsaSigning]
        : algorithm.Name == "Ed25519" ? [Ed25519Signing]
        : null;

    /// <summary>The encryption algorithms of a key; none where it does not encrypt.</summary>
    public static IReadOnlyList<string>? EncryptionAlgorithmsOf(KeyAlgorithm algorithm, KeyUse use, string? oaepHash) =>
        KeyUsageOf(algorithm, use) != "ENCRYPT_DECRYPT" ? null
        : algorithm.ModulusBits is null ? [Symmetric]
        : oaepHash is null ? []
        : [$"RSAES_OAEP_{oaepHash.Replace('-', '_').ToUpperInvariant()}"];

    /// <summary>The MAC algorithms of a key; none where it makes none.</summary>
    public static IReadOnlyList<string>? MacAlgorithmsOf(KeyAlgorithm algorithm) =>
        algorithm.Family.Operations.Contains(KeyOperation.GenerateMac)
            ? [algorithm.Name.Replace("HMAC-", "HMAC_SHA_", StringComparison.Ordinal)]
            : null;

    /// <summary>The encapsulation algorithms of a key; none where it has none.</summary>
    public static IReadOnlyList<string>? EncapsulationAlgorithmsOf(KeyAlgorithm algorithm, KeyUse use) =>
        KeyUsageOf(algorithm, use) == "ENCAPSULATE_DECAPSULATE" ? [Encapsulation] : null;
}
