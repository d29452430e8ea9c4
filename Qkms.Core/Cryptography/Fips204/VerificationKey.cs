using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Qkms.Core.Cryptography.Fips202;

namespace Qkms.Core.Cryptography.Fips204;

/// <summary>
/// A public key with everything computed that does not depend on the message: Â, NTT(t₁·2ᵈ) and tr. Immutable; nothing in it is secret.
/// </summary>
internal sealed class VerificationKey
{
    private readonly ParameterSet _set;
    private readonly byte[] _encoded;
    private readonly byte[] _tr = new byte[64];
    private readonly int[] _matrix;
    private readonly int[] _t1;

    private VerificationKey(ParameterSet set, byte[] encoded, int[] matrix)
    {
        _set = set;
        _encoded = encoded;
        _matrix = matrix;
        _t1 = new int[set.K * ParameterSet.N];
        Sponge.Shake256(encoded, [], _tr);

        var t1 = new RingVector(_t1);
        for (int i = 0; i < set.K; i++)
        {
            // t₁ is below 2¹⁰, and t₁·2¹³ at most q - 1.
            Span<int> t = t1[i].Coefficients;
            BitCodec.UnpackUnsigned(encoded.AsSpan(ParameterSet.SeedSize + (i * 32 * ParameterSet.T1Bits)), ParameterSet.T1Bits, t);
            for (int j = 0; j < t.Length; j++)
                t[j] <<= ParameterSet.D;
            Ntt.Forward(t1[i]);
        }
    }

    internal ReadOnlySpan<byte> Encoded => _encoded;

    /// <summary>tr = H(pk, 64).</summary>
    internal ReadOnlySpan<byte> Tr => _tr;

    /// <summary>Â, row by row, in [0, q).</summary>
    internal NttVector Matrix => new(_matrix);

    /// <summary>The key of ρ and t₁, whose matrix is expanded already (FIPS 204, Algorithm 22); takes over the array.</summary>
    internal static VerificationKey Encode(ParameterSet set, ReadOnlySpan<byte> rho, RingVector t1, int[] matrix)
    {
        byte[] encoded = new byte[set.Algorithm.PublicKeySizeInBytes];
        rho.CopyTo(encoded);
        for (int i = 0; i < set.K; i++)
            BitCodec.PackUnsigned(
                t1[i].Coefficients, ParameterSet.T1Bits, encoded.AsSpan(ParameterSet.SeedSize + (i * 32 * ParameterSet.T1Bits)));
        return new VerificationKey(set, encoded, matrix);
    }

    /// <summary>FIPS 204, Algorithm 23, of a key of the right length; every such string is a key.</summary>
    internal static VerificationKey Decode(ParameterSet set, ReadOnlySpan<byte> encoded)
    {
        int[] matrix = GC.AllocateUninitializedArray<int>(set.K * set.L * ParameterSet.N);
        Sampling.ExpandMatrix(set, encoded[..ParameterSet.SeedSize], new NttVector(matrix));
        return new VerificationKey(set, encoded.ToArray(), matrix);
    }

    /// <summary>FIPS 204, Algorithm 8, with μ computed before and Â, t₁ at import; everything is public and may branch.</summary>
    [SkipLocalsInit]
    internal bool Verify(ReadOnlySpan<byte> mu, ReadOnlySpan<byte> signature)
    {
        Span<int> memory = stackalloc int[(ParameterSet.MaxL + ParameterSet.MaxK + 2) * ParameterSet.N];
        var z = new RingVector(memory[..(_set.L * ParameterSet.N)]);
        var hint = new RingVector(memory.Slice(ParameterSet.MaxL * ParameterSet.N, _set.K * ParameterSet.N));
        var challenge = new RingElement(memory[((ParameterSet.MaxL + ParameterSet.MaxK) * ParameterSet.N)..]);
        var w = new RingElement(memory[((ParameterSet.MaxL + ParameterSet.MaxK + 1) * ParameterSet.N)..]);

        if (!SignatureCodec.TryDecode(_set, signature, out ReadOnlySpan<byte> challengeHash, z, hint))
            return false;
        if (Rounding.NormReaches(z.Coefficients, _set.Gamma1 - _set.Beta))
            return false;

        SampleInBall.Sample(_set, challengeHash, challenge);
        NttElement c = Ntt.Forward(challenge);
        for (int j = 0; j < _set.L; j++)
            Ntt.Forward(z[j]);
        var zTransformed = new NttVector(z.Coefficients);

        Span<byte> packed = stackalloc byte[32 * 6];
        packed = packed[..(32 * _set.Gamma2.HighBits)];
        var shake = Sponge.NewShake256();
        shake.Absorb(mu);
        for (int i = 0; i < _set.K; i++)
        {
            // w'approx = NTT⁻¹(Â∘NTT(z) - NTT(c)∘NTT(t₁·2ᵈ)), then w₁' by the hint, packed by Algorithm 28.
            Ntt.Inverse(Products.SumRowLess(Matrix, i, zTransformed, c, new NttVector(_t1)[i], w));
            Hints.Use(_set.Gamma2, hint[i], w);
            BitCodec.PackUnsigned(w.Coefficients, _set.Gamma2.HighBits, packed);
            shake.Absorb(packed);
        }

        Span<byte> recomputed = stackalloc byte[ParameterSet.MaxChallengeSize];
        recomputed = recomputed[.._set.ChallengeSize];
        shake.Squeeze(recomputed);
        return CryptographicOperations.FixedTimeEquals(recomputed, challengeHash);
    }
}
