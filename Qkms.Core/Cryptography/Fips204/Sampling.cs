using System.Runtime.CompilerServices;
using Qkms.Core.Cryptography.Fips202;

namespace Qkms.Core.Cryptography.Fips204;

/// <summary>Sampling of the matrix, the secret vectors and the mask (FIPS 204, section 7.3).</summary>
internal static class Sampling
{
    /// <summary>FIPS 204, Algorithm 32: the matrix Â, row by row, with coefficients in [0, q).</summary>
    internal static void ExpandMatrix(ParameterSet set, ReadOnlySpan<byte> rho, NttVector matrix)
    {
        for (int r = 0; r < set.K; r++)
        {
            for (int s = 0; s < set.L; s++)
                RejectNtt(rho, (byte)s, (byte)r, matrix[(r * set.L) + s]);
        }
    }

    /// <summary>FIPS 204, Algorithm 33: the secret vectors s₁ and s₂, one after the other, from ρ' of 64 bytes.</summary>
    [TouchesSecrets]
    internal static void ExpandSecrets(ParameterSet set, ReadOnlySpan<byte> rhoPrime, RingVector s1, RingVector s2)
    {
        for (int r = 0; r < set.L; r++)
            RejectBounded(set, rhoPrime, (byte)r, s1[r]);
        for (int r = 0; r < set.K; r++)
            RejectBounded(set, rhoPrime, (byte)(set.L + r), s2[r]);
    }

    /// <summary>FIPS 204, Algorithm 34: the mask y with coefficients in (-γ₁, γ₁].</summary>
    [TouchesSecrets]
    internal static void ExpandMask(ParameterSet set, ReadOnlySpan<byte> rhoDoublePrime, int counter, RingVector y)
    {
        Span<byte> stream = stackalloc byte[32 * 20];
        stream = stream[..(32 * set.Gamma1Bits)];
        try
        {
            for (int r = 0; r < set.L; r++)
            {
                int n = counter + r;
                Sponge.Shake256(rhoDoublePrime, [(byte)n, (byte)(n >> 8)], stream);
                BitCodec.Unpack(stream, set.Gamma1Bits, set.Gamma1, y[r].Coefficients);
            }
        }
        finally
        {
            Erase.Memory(stream);
        }
    }

    /// <summary>FIPS 204, Algorithms 30 and 14.</summary>
    /// <remarks>
    /// Rejection branches on the stream, and may: ρ is part of the public key, and so is everything here. Three-byte groups never straddle
    /// a block, since 168 is a multiple of 3.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RejectNtt(ReadOnlySpan<byte> rho, byte column, byte row, NttElement destination)
    {
        Span<int> a = destination.Coefficients;
        Span<byte> block = stackalloc byte[Sponge.Shake128Rate];
        var shake = Sponge.NewShake128();
        shake.Absorb(rho);
        shake.Absorb([column, row]);

        int j = 0;
        while (j < a.Length)
        {
            shake.Squeeze(block);
            for (int i = 0; i + 2 < block.Length && j < a.Length; i += 3)
            {
                int z = block[i] | (block[i + 1] << 8) | ((block[i + 2] & 0x7F) << 16);
                if (z < Field.Q)
                    a[j++] = z;
            }
        }
    }

    /// <summary>FIPS 204, Algorithms 31 and 15.</summary>
    /// <remarks>
    /// The stream is secret. Every half byte is turned into a coefficient and written, and the index moves on by a mask where it was
    /// acceptable: no branch on it. Which half bytes were rejected shows in the addresses and in the count of blocks; it may, because a
    /// rejected value and its place say nothing about the independent values that were accepted.
    /// </remarks>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RejectBounded(ParameterSet set, ReadOnlySpan<byte> rhoPrime, byte counter, RingElement destination)
    {
        Span<int> a = destination.Coefficients;
        Span<byte> block = stackalloc byte[Sponge.Shake256Rate];
        var shake = Sponge.NewShake256();
        try
        {
            shake.Absorb(rhoPrime);
            shake.Absorb([counter, 0]);

            int j = 0;
            while (j < a.Length)
            {
                shake.Squeeze(block);
                for (int i = 0; i < 2 * Sponge.Shake256Rate && j < a.Length; i++)
                {
                    int z = (block[i >> 1] >> (4 * (i & 1))) & 0x0F;
                    int accepted;
                    if (set.Eta == 2)
                    {
                        // 2 - (z mod 5) for z < 15; 205/1024 is near enough to 1/5 for every z below 16.
                        a[j] = 2 - (z - (5 * ((z * 205) >> 10)));
                        accepted = (z - 15) >>> 31;
                    }
                    else
                    {
                        a[j] = 4 - z;
                        accepted = (z - 9) >>> 31;
                    }

                    j += accepted;
                }
            }
        }
        finally
        {
            shake.Clear();
            Erase.Memory(block);
        }
    }
}
