using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Qkms.Core.Cryptography.Fips202;

namespace Qkms.Core.Cryptography.Fips203;

/// <summary>Sampling of ring elements from bytes (FIPS 203, section 4.2.2).</summary>
internal static class Sampling
{
    /// <summary>FIPS 203, Algorithm 7: an element of T_q, uniform, from SHAKE128(ρ ‖ column ‖ row).</summary>
    /// <remarks>
    /// Rejection branches on the stream, and may: ρ is part of the encapsulation key, and so is everything here.
    /// The three-byte groups never straddle a block, since 168 is a multiple of 3. Coefficients are in [0, q).
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void SampleNtt(ReadOnlySpan<byte> rho, byte column, byte row, NttElement destination)
    {
        Span<short> a = destination.Coefficients;
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
                int d1 = block[i] | ((block[i + 1] & 0x0F) << 8);
                int d2 = (block[i + 1] >> 4) | (block[i + 2] << 4);
                if (d1 < Field.Q)
                    a[j++] = (short)d1;
                if (d2 < Field.Q && j < a.Length)
                    a[j++] = (short)d2;
            }
        }
    }

    /// <summary>FIPS 203, Algorithm 13, lines 3 to 7: the matrix Â, row by row.</summary>
    internal static void ExpandMatrix(ParameterSet set, ReadOnlySpan<byte> rho, NttVector matrix)
    {
        for (int i = 0; i < set.K; i++)
        {
            for (int j = 0; j < set.K; j++)
                SampleNtt(rho, (byte)j, (byte)i, matrix[(i * set.K) + j]);
        }
    }

    /// <summary>
    /// An element with noise of width <paramref name="eta"/> from PRF_η(seed, counter) = SHAKE256(seed ‖ counter) (FIPS 203,
    /// equation 4.3 and Algorithm 8).
    /// </summary>
    [TouchesSecrets]
    internal static void SampleNoise(ReadOnlySpan<byte> seed, byte counter, int eta, RingElement destination)
    {
        Span<byte> stream = stackalloc byte[64 * 3];
        stream = stream[..(64 * eta)];
        try
        {
            Sponge.Shake256(seed, [counter], stream);
            if (eta == 2)
                SamplePolyCbd2(stream, destination);
            else
                SamplePolyCbd3(stream, destination);
        }
        finally
        {
            Erase.Memory(stream);
        }
    }

    /// <summary>
    /// FIPS 203, Algorithm 8 with η = 2: the bits of 32-bit words are added in pairs, then each coefficient is the difference of two sums.
    /// Coefficients are in [-2, 2].
    /// </summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SamplePolyCbd2(ReadOnlySpan<byte> stream, RingElement destination)
    {
        Span<short> f = destination.Coefficients;
        for (int i = 0; i < f.Length; i += 8)
        {
            uint word = BinaryPrimitives.ReadUInt32LittleEndian(stream[(i >> 1)..]);
            uint sums = (word & 0x5555_5555) + ((word >> 1) & 0x5555_5555);
            for (int j = 0; j < 8; j++)
            {
                int x = (int)((sums >> (4 * j)) & 3);
                int y = (int)((sums >> ((4 * j) + 2)) & 3);
                f[i + j] = (short)(x - y);
            }
        }
    }

    /// <summary>FIPS 203, Algorithm 8 with η = 3: the same over 24-bit groups of four coefficients. Coefficients are in [-3, 3].</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SamplePolyCbd3(ReadOnlySpan<byte> stream, RingElement destination)
    {
        Span<short> f = destination.Coefficients;
        for (int i = 0, k = 0; i < f.Length; i += 4, k += 3)
        {
            uint word = stream[k] | ((uint)stream[k + 1] << 8) | ((uint)stream[k + 2] << 16);
            uint sums = (word & 0x24_9249) + ((word >> 1) & 0x24_9249) + ((word >> 2) & 0x24_9249);
            for (int j = 0; j < 4; j++)
            {
                int x = (int)((sums >> (6 * j)) & 7);
                int y = (int)((sums >> ((6 * j) + 3)) & 7);
                f[i + j] = (short)(x - y);
            }
        }
    }
}
