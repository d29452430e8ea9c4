using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Qkms.Core.Cryptography.Fips202;

namespace Qkms.Core.Cryptography.Fips203;

/// <summary>Sampling of ring elements from bytes (FIPS 203, section 4.2.2).</summary>
internal static partial class Sampling
{
    /// <summary>Blocks of SHAKE128 squeezed at first: 336 candidates, of which 273 are accepted on average and 256 nearly always.</summary>
    private const int FirstBlocks = 3;

    /// <summary>Bytes from the stream of one sponge to that of the next.</summary>
    private const int MatrixStride = 576;

    private const int NoiseStride = 384;

    /// <summary>Bytes that an element with noise of width 2 takes, and of width 3.</summary>
    private const int NoiseSize2 = 128, NoiseSize3 = 192;

    /// <summary>FIPS 203, Algorithm 13, lines 3 to 7: the matrix Â, row by row, in [0, q).</summary>
    /// <remarks>
    /// Entry (i, j) is sampled from SHAKE128(ρ ‖ j ‖ i), several entries side by side. Rejection branches on the streams, and may: ρ is
    /// part
    /// of the encapsulation key, and so is everything here.
    /// </remarks>
    internal static void ExpandMatrix(ParameterSet set, ReadOnlySpan<byte> rho, NttVector matrix)
    {
        int entries = set.K * set.K;
        for (int first = 0; first < entries; first += SpongeLanes.Count)
            ExpandEntries(set, rho, matrix, first, Math.Min(SpongeLanes.Count, entries - first));
    }

    /// <summary>
    /// <see cref="ExpandMatrix"/>, and <see cref="SampleNoise"/> of as many elements of width η₁ as there are in s and e.
    /// </summary>
    /// <remarks>
    /// Eight sponges side by side take as long as one. So the entries that are left when there are no eight more (four of four, one of
    /// nine, none of sixteen) share theirs with the noise. Rejection reads only the streams of the entries, which are public.
    /// </remarks>
    /// <param name="set">The parameter set.</param>
    /// <param name="rho">32 bytes, public.</param>
    /// <param name="sigma">32 bytes, secret.</param>
    /// <param name="matrix">Receives Â, row by row, in [0, q).</param>
    /// <param name="noise">Receives 2k elements, with coefficients in [-η₁, η₁].</param>
    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void ExpandMatrixAndNoise(
        ParameterSet set, ReadOnlySpan<byte> rho, ReadOnlySpan<byte> sigma, NttVector matrix, RingVector noise)
    {
        int entries = set.K * set.K;
        int left = entries % SpongeLanes.Count;
        for (int first = 0; first < entries - left; first += SpongeLanes.Count)
            ExpandEntries(set, rho, matrix, first, SpongeLanes.Count);
        if (left == 0)
        {
            SampleNoise(set, sigma, noise.Count, noise);
            return;
        }

        Span<ulong> states = stackalloc ulong[SpongeLanes.Words];
        Span<byte> streams = stackalloc byte[SpongeLanes.Count * MatrixStride];
        try
        {
            var shakes = new SpongeLanes(states, Sponge.Shake128Rate, left + noise.Count);
            for (int n = 0; n < left; n++)
                shakes.Absorb(n, Sponge.Shake128Rate, rho, EndingOf(set, entries - left + n), endingSize: 2);
            for (int n = 0; n < noise.Count; n++)
                shakes.Absorb(left + n, Sponge.Shake256Rate, sigma, (ushort)n, endingSize: 1);

            // Blocks of the noise have the place of one of the matrix each; the second, for η = 3, is put beside the first.
            shakes.Squeeze(streams, MatrixStride);
            shakes.Squeeze(streams[Sponge.Shake128Rate..], MatrixStride, set.Eta1 == 3 ? left + noise.Count : left);
            shakes.Squeeze(streams[(2 * Sponge.Shake128Rate)..], MatrixStride, left);
            for (int n = 0; n < noise.Count; n++)
            {
                Span<byte> stream = streams[((left + n) * MatrixStride)..];
                if (set.Eta1 == 3)
                    stream.Slice(Sponge.Shake128Rate, NoiseSize3 - Sponge.Shake256Rate).CopyTo(stream[Sponge.Shake256Rate..]);
                SamplePolyCbd(stream, set.Eta1, noise[n]);
            }

            AcceptAll(shakes, streams, left, matrix, entries - left);
        }
        finally
        {
            Erase.Memory(states);
            Erase.Memory(streams);
            Erase.Stack();
        }
    }

    /// <summary>Some entries of Â, at most as many as there are sponges side by side.</summary>
    [SkipLocalsInit]
    private static void ExpandEntries(ParameterSet set, ReadOnlySpan<byte> rho, NttVector matrix, int first, int used)
    {
        Span<ulong> states = stackalloc ulong[SpongeLanes.Words];
        Span<byte> streams = stackalloc byte[SpongeLanes.Count * MatrixStride];
        Span<ushort> endings = stackalloc ushort[SpongeLanes.Count];
        for (int n = 0; n < used; n++)
            endings[n] = EndingOf(set, first + n);
        var shakes = new SpongeLanes(states, Sponge.Shake128Rate, rho, endings[..used], endingSize: 2);
        for (int block = 0; block < FirstBlocks; block++)
            shakes.Squeeze(streams[(block * Sponge.Shake128Rate)..], MatrixStride);
        AcceptAll(shakes, streams, used, matrix, first);
    }

    /// <summary>j ‖ i of the entry in row i and column j.</summary>
    private static ushort EndingOf(ParameterSet set, int entry) => (ushort)((entry % set.K) | (entry / set.K << 8));

    /// <summary>
    /// Entries from the first blocks of as many streams, and from more blocks until all of them are complete.
    /// </summary>
    [SkipLocalsInit]
    private static void AcceptAll(SpongeLanes shakes, Span<byte> streams, int used, NttVector matrix, int first)
    {
        Span<int> accepted = stackalloc int[SpongeLanes.Count];
        bool complete = true;
        for (int n = 0; n < used; n++)
        {
            accepted[n] = Accept(streams[(n * MatrixStride)..], FirstBlocks * Sponge.Shake128Rate, matrix[first + n], 0);
            complete &= accepted[n] == ParameterSet.N;
        }

        while (!complete)
        {
            shakes.Squeeze(streams, MatrixStride, used);
            complete = true;
            for (int n = 0; n < used; n++)
            {
                accepted[n] = Accept(streams[(n * MatrixStride)..], Sponge.Shake128Rate, matrix[first + n], accepted[n]);
                complete &= accepted[n] == ParameterSet.N;
            }
        }
    }

    /// <summary>FIPS 203, Algorithm 7, lines 5 to 15, over some bytes of the stream.</summary>
    /// <param name="stream">The bytes, with at least 16 more after them.</param>
    /// <param name="length">How many: whole groups of 24.</param>
    /// <param name="destination">Receives coefficients in [0, q).</param>
    /// <param name="count">How many it has already.</param>
    /// <returns>How many it has then.</returns>
    internal static int Accept(ReadOnlySpan<byte> stream, int length, NttElement destination, int count) =>
        Avx2.IsSupported
            ? AcceptVector256(stream, length, destination.Coefficients, count)
            : AcceptPlain(stream, length, destination.Coefficients, count);

    /// <summary><see cref="Accept"/> as the standard writes it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int AcceptPlain(ReadOnlySpan<byte> stream, int length, Span<short> a, int count)
    {
        stream = stream[..length];
        for (int i = 0; i + 2 < stream.Length && count < a.Length; i += 3)
        {
            int d1 = stream[i] | ((stream[i + 1] & 0x0F) << 8);
            int d2 = (stream[i + 1] >> 4) | (stream[i + 2] << 4);
            if (d1 < Field.Q)
                a[count++] = (short)d1;
            if (d2 < Field.Q && count < a.Length)
                a[count++] = (short)d2;
        }

        return count;
    }

    /// <summary>
    /// Elements with noise: element n from PRF_η(seed, n) = SHAKE256(seed ‖ n) (FIPS 203, equation 4.3 and Algorithm 8), several side by
    /// side.
    /// </summary>
    /// <param name="set">The parameter set.</param>
    /// <param name="seed">32 bytes, secret.</param>
    /// <param name="wide">How many elements at the beginning have width η₁; the others have η₂.</param>
    /// <param name="destination">Receives the elements, with coefficients in [-η, η].</param>
    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void SampleNoise(ParameterSet set, ReadOnlySpan<byte> seed, int wide, RingVector destination)
    {
        Span<ulong> states = stackalloc ulong[SpongeLanes.Words];
        Span<byte> memory = stackalloc byte[SpongeLanes.Count * NoiseStride];
        Span<byte> streams = memory[..(Math.Min(SpongeLanes.Count, destination.Count) * NoiseStride)];
        Span<ushort> endings = stackalloc ushort[SpongeLanes.Count];
        try
        {
            for (int first = 0; first < destination.Count; first += SpongeLanes.Count)
            {
                int used = Math.Min(SpongeLanes.Count, destination.Count - first);
                for (int n = 0; n < used; n++)
                    endings[n] = (ushort)(first + n);
                var shakes = new SpongeLanes(states, Sponge.Shake256Rate, seed, endings[..used], endingSize: 1);

                // 128 bytes for η = 2 are within one block, 192 for η = 3 within two.
                shakes.Squeeze(streams, NoiseStride);
                if (set.Eta1 == 3 && first < wide)
                    shakes.Squeeze(streams[Sponge.Shake256Rate..], NoiseStride);
                for (int n = 0; n < used; n++)
                {
                    int eta = first + n < wide ? set.Eta1 : ParameterSet.Eta2;
                    SamplePolyCbd(streams[(n * NoiseStride)..], eta, destination[first + n]);
                }
            }
        }
        finally
        {
            Erase.Memory(states);
            Erase.Memory(streams);
            Erase.Stack();
        }
    }

    /// <summary>FIPS 203, Algorithm 8, from the first 64·η bytes of a stream.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SamplePolyCbd(ReadOnlySpan<byte> stream, int eta, RingElement destination)
    {
        if (eta == 3)
            SamplePolyCbd3(stream[..NoiseSize3], destination);
        else if (Avx2.IsSupported)
            SamplePolyCbd2Vector256(stream[..NoiseSize2], destination);
        else
            SamplePolyCbd2Plain(stream[..NoiseSize2], destination);
    }

    /// <summary>
    /// FIPS 203, Algorithm 8 with η = 2: the bits of 32-bit words are added in pairs, then each coefficient is the difference of two sums.
    /// Coefficients are in [-2, 2].
    /// </summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void SamplePolyCbd2Plain(ReadOnlySpan<byte> stream, RingElement destination)
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
