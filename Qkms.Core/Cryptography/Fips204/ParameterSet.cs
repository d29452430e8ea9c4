using System.Security.Cryptography;

namespace Qkms.Core.Cryptography.Fips204;

/// <summary>One column of FIPS 204, Table 1.</summary>
/// <param name="Algorithm">The platform's name and sizes of the set.</param>
/// <param name="Oid">The object identifier (RFC 9881).</param>
/// <param name="K">Rows of the matrix.</param>
/// <param name="L">Columns of the matrix.</param>
/// <param name="Eta">Bound of the secret coefficients.</param>
/// <param name="Tau">Coefficients ±1 of the challenge.</param>
/// <param name="Gamma1">Bound of the mask coefficients, a power of two.</param>
/// <param name="Gamma2">Half the width of a rounding interval.</param>
/// <param name="Omega">Most ones in a hint.</param>
/// <param name="ChallengeSize">Bytes of c̃: λ/4.</param>
internal sealed record ParameterSet(
    MLDsaAlgorithm Algorithm, string Oid, int K, int L, int Eta, int Tau, int Gamma1, Gamma2 Gamma2, int Omega, int ChallengeSize)
{
    /// <summary>Coefficients of a ring element.</summary>
    internal const int N = 256;

    /// <summary>Bytes of a ring element in memory.</summary>
    internal const int ElementSize = N * sizeof(int);

    /// <summary>d: bits dropped from t.</summary>
    internal const int D = 13;

    internal const int SeedSize = 32;
    internal const int MuSize = 64;
    internal const int MaxK = 8;
    internal const int MaxL = 7;
    internal const int MaxChallengeSize = 64;

    /// <summary>Bits of a coefficient of t₁: bitlen(q - 1) - d.</summary>
    internal const int T1Bits = 10;

    private static readonly ParameterSet _mlDsa44 = new(
        MLDsaAlgorithm.MLDsa44, "2.16.840.1.101.3.4.3.17", K: 4, L: 4, Eta: 2, Tau: 39, Gamma1: 1 << 17, Gamma2.QMinus1Over88, Omega: 80,
        ChallengeSize: 32);

    private static readonly ParameterSet _mlDsa65 = new(
        MLDsaAlgorithm.MLDsa65, "2.16.840.1.101.3.4.3.18", K: 6, L: 5, Eta: 4, Tau: 49, Gamma1: 1 << 19, Gamma2.QMinus1Over32, Omega: 55,
        ChallengeSize: 48);

    private static readonly ParameterSet _mlDsa87 = new(
        MLDsaAlgorithm.MLDsa87, "2.16.840.1.101.3.4.3.19", K: 8, L: 7, Eta: 2, Tau: 60, Gamma1: 1 << 19, Gamma2.QMinus1Over32, Omega: 75,
        ChallengeSize: 64);

    /// <summary>Bytes of s₁, s₂ and t₀.</summary>
    internal int SecretVectorsSize => (L + (2 * K)) * ElementSize;

    /// <summary>Blocks for s₁, s₂, t₀, the encoded private key and ξ.</summary>
    internal SecretPool Secrets { get; } = new(((L + (2 * K)) * ElementSize) + Algorithm.PrivateKeySizeInBytes + SeedSize);

    /// <summary>β = τ·η, the most that a coefficient of c·s can be.</summary>
    internal int Beta => Tau * Eta;

    /// <summary>Bits of a coefficient of s₁ and s₂: bitlen(2η).</summary>
    internal int EtaBits => Eta == 2 ? 3 : 4;

    /// <summary>Bits of a coefficient of z and of the mask: 1 + bitlen(γ₁ - 1).</summary>
    internal int Gamma1Bits => Gamma1 == 1 << 17 ? 18 : 20;

    internal static ParameterSet Of(MLDsaAlgorithm algorithm)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        if (algorithm == MLDsaAlgorithm.MLDsa44)
            return _mlDsa44;
        if (algorithm == MLDsaAlgorithm.MLDsa65)
            return _mlDsa65;
        if (algorithm == MLDsaAlgorithm.MLDsa87)
            return _mlDsa87;
        throw new ArgumentException($"'{algorithm.Name}' is not a parameter set of FIPS 204.", nameof(algorithm));
    }

    /// <exception cref="CryptographicException">The identifier names another algorithm.</exception>
    internal static ParameterSet OfOid(string oid)
    {
        foreach (ParameterSet set in (ReadOnlySpan<ParameterSet>)[_mlDsa44, _mlDsa65, _mlDsa87])
        {
            if (set.Oid == oid)
                return set;
        }

        throw new CryptographicException($"The algorithm '{oid}' is not ML-DSA.");
    }
}
