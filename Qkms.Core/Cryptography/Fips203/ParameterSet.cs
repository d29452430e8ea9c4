using System.Security.Cryptography;

namespace Qkms.Core.Cryptography.Fips203;

/// <summary>One row of FIPS 203, Table 2.</summary>
/// <param name="Algorithm">The platform's name and sizes of the set.</param>
/// <param name="Oid">The object identifier (RFC 9935).</param>
/// <param name="K">Rank of the module: 2, 3 or 4.</param>
/// <param name="Eta1">Width of the noise of the secret vectors; η₂ is 2 in every set.</param>
/// <param name="Du">Bits kept of each coefficient of u.</param>
/// <param name="Dv">Bits kept of each coefficient of v.</param>
internal sealed record ParameterSet(MLKemAlgorithm Algorithm, string Oid, int K, int Eta1, int Du, int Dv)
{
    /// <summary>Coefficients of a ring element.</summary>
    internal const int N = 256;

    /// <summary>Bytes of a seed, a message, a hash value and a shared secret.</summary>
    internal const int SeedSize = 32;

    /// <summary>Bytes of an element with 12 bits for each coefficient.</summary>
    internal const int EncodedElementSize = 384;

    internal const int Eta2 = 2;
    internal const int MaxK = 4;
    internal const int MaxCiphertextSize = 1568;

    private static readonly ParameterSet _mlKem512 = new(MLKemAlgorithm.MLKem512, "2.16.840.1.101.3.4.4.1", K: 2, Eta1: 3, Du: 10, Dv: 4);
    private static readonly ParameterSet _mlKem768 = new(MLKemAlgorithm.MLKem768, "2.16.840.1.101.3.4.4.2", K: 3, Eta1: 2, Du: 10, Dv: 4);
    private static readonly ParameterSet _mlKem1024 = new(MLKemAlgorithm.MLKem1024, "2.16.840.1.101.3.4.4.3", K: 4, Eta1: 2, Du: 11, Dv: 5);

    /// <summary>Bytes of ŝ as factors.</summary>
    internal int FactorsSize => K * Factor.Size * sizeof(short);

    /// <summary>Blocks for ŝ as factors, z and d.</summary>
    internal SecretPool Secrets { get; } = new((K * Factor.Size * sizeof(short)) + (2 * SeedSize));

    internal int EncodedVectorSize => EncodedElementSize * K;

    internal static ParameterSet Of(MLKemAlgorithm algorithm)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        if (algorithm == MLKemAlgorithm.MLKem512)
            return _mlKem512;
        if (algorithm == MLKemAlgorithm.MLKem768)
            return _mlKem768;
        if (algorithm == MLKemAlgorithm.MLKem1024)
            return _mlKem1024;
        throw new ArgumentException($"'{algorithm.Name}' is not a parameter set of FIPS 203.", nameof(algorithm));
    }

    /// <exception cref="CryptographicException">The identifier names another algorithm.</exception>
    internal static ParameterSet OfOid(string oid)
    {
        foreach (ParameterSet set in (ReadOnlySpan<ParameterSet>)[_mlKem512, _mlKem768, _mlKem1024])
        {
            if (set.Oid == oid)
                return set;
        }

        throw new CryptographicException($"The algorithm '{oid}' is not ML-KEM.");
    }
}
