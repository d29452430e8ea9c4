using System.Security.Cryptography;

namespace Qkms.Core.Algorithms;

/// <summary>The catalogue's algorithms in the platform's words.</summary>
internal static class PqcAlgorithms
{
    public static MLKemAlgorithm MLKem(KeyAlgorithm algorithm) => algorithm.Name switch
    {
        "ML-KEM-512" => MLKemAlgorithm.MLKem512,
        "ML-KEM-768" => MLKemAlgorithm.MLKem768,
        "ML-KEM-1024" => MLKemAlgorithm.MLKem1024,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };

    public static MLDsaAlgorithm MLDsa(KeyAlgorithm algorithm) => algorithm.Name switch
    {
        "ML-DSA-44" => MLDsaAlgorithm.MLDsa44,
        "ML-DSA-65" => MLDsaAlgorithm.MLDsa65,
        "ML-DSA-87" => MLDsaAlgorithm.MLDsa87,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };
}
