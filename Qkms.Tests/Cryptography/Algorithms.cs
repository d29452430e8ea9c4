namespace Qkms.Tests.Cryptography;

/// <summary>The platform's parameter sets by their FIPS names, as vectors and theories name them.</summary>
internal static class Algorithms
{
    internal static string[] MLKemSets => ["ML-KEM-512", "ML-KEM-768", "ML-KEM-1024"];

    internal static string[] MLDsaSets => ["ML-DSA-44", "ML-DSA-65", "ML-DSA-87"];

    internal static MLKemAlgorithm MLKem(string name) =>
        new[] { MLKemAlgorithm.MLKem512, MLKemAlgorithm.MLKem768, MLKemAlgorithm.MLKem1024 }.Single(algorithm => algorithm.Name == name);

    internal static MLDsaAlgorithm MLDsa(string name) =>
        new[] { MLDsaAlgorithm.MLDsa44, MLDsaAlgorithm.MLDsa65, MLDsaAlgorithm.MLDsa87 }.Single(algorithm => algorithm.Name == name);
}
