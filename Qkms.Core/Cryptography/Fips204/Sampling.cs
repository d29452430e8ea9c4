using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Qkms.Core.Cryptography.Fips202;

namespace Qkms.Core.Cryptography.Fips204;

/// <summary>Sampling of the matrix and of the secret vectors (FIPS 204, section 7.3).</summary>
internal static partial class Sampling
{
    /// <summary>Blocks of SHAKE128 squeezed at first: 280 candidates, of which nearly all are accepted and 256 needed.</summary>
    private const int MatrixBlocks = 5;

    /// <summary>Blocks of SHAKE256 squeezed at once for a secret element: 544 candidates, which nearly always suffice.</summary>
    private const int SecretBlocks = 2;

    /// <summary>Bytes from the stream of one sponge to that of the next.</summary>
    private const int MatrixStride = 960;

    private const int SecretStride = 384;

    /// <summary>Accepted half bytes of an element, and room for those of a whole vector too many.</summary>
    private const int AcceptedSize = ParameterSet.N + 32;

    /// <summary>FIPS 204, Algorithm 32: the matrix Â, row by row, with coefficients in [0, q), several entries side by side.</summary>
    /// <remarks>
    /// Rejection (Algorithms 30 and 14) branches on the streams, and may: ρ is part of the public key, and so is everything here.
    /// </remarks>
    [SkipLocalsInit]
    internal static void ExpandMatrix(ParameterSet set, ReadOnlySpan<byte> rho, NttVector matrix)
    {
        Span<ulong> states = stackalloc ulong[SpongeLanes.Words];
        Span<byte> streams = stackalloc byte[SpongeLanes.Count * MatrixStride];
        Span<ushort> endings = stackalloc ushort[SpongeLanes.Count];
        Span<int> accepted = stackalloc int[SpongeLanes.Count];
        int entries = set.K * set.L;
        for (int first = 0; first < entries; first += SpongeLanes.Count)
        {
            int used = Math.Min(SpongeLanes.Count, entries - first);
            for (int n = 0; n < used; n++)
                endings[n] = (ushort)(((first + n) % set.L) | ((first + n) / set.L << 8));
            var shakes = new SpongeLanes(states, Sponge.Shake128Rate, rho, endings[..used], endingSize: 2);
            accepted.Clear();
            bool complete = false;
            for (int blocks = MatrixBlocks; !complete; blocks = 1)
            {
                for (int block = 0; block < blocks; block++)
                    shakes.Squeeze(streams[(block * Sponge.Shake128Rate)..], MatrixStride);
                complete = true;
                for (int n = 0; n < used; n++)
                {
                    accepted[n] = Accept(
                        streams[(n * MatrixStride)..], blocks * Sponge.Shake128Rate, matrix[first + n].Coefficients, accepted[n]);
                    complete &= accepted[n] == ParameterSet.N;
                }
            }
        }
    }

    /// <summary>
    /// FIPS 204, Algorithm 33: the secret vectors s₁ and s₂, one after the other, from ρ' of 64 bytes, several elements side by side.
    /// </summary>
    /// <remarks>
    /// The streams are secret. No branch depends on a half byte (<see cref="AcceptBoundedPlain"/>), but how many were rejected shows in the
    /// count of blocks; it may, because a rejected value and its place say nothing about the independent values that were accepted.
    /// </remarks>
    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void ExpandSecrets(ParameterSet set, ReadOnlySpan<byte> rhoPrime, RingVector s1, RingVector s2)
    {
        Span<ulong> states = stackalloc ulong[SpongeLanes.Words];
        Span<byte> streams = stackalloc byte[SpongeLanes.Count * SecretStride];
        Span<byte> halves = stackalloc byte[SpongeLanes.Count * AcceptedSize];
        Span<ushort> endings = stackalloc ushort[SpongeLanes.Count];
        Span<int> accepted = stackalloc int[SpongeLanes.Count];
        int limit = set.Eta == 2 ? 15 : 9;
        try
        {
            for (int first = 0; first < set.L + set.K; first += SpongeLanes.Count)
            {
                int used = Math.Min(SpongeLanes.Count, set.L + set.K - first);
                for (int n = 0; n < used; n++)
                    endings[n] = (ushort)(first + n);
                var shakes = new SpongeLanes(states, Sponge.Shake256Rate, rhoPrime, endings[..used], endingSize: 2);
                accepted.Clear();
                bool complete = false;
                while (!complete)
                {
                    for (int block = 0; block < SecretBlocks; block++)
                        shakes.Squeeze(streams[(block * Sponge.Shake256Rate)..], SecretStride);
                    complete = true;
                    for (int n = 0; n < used; n++)
                    {
                        accepted[n] = AcceptBounded(
                            streams.Slice(n * SecretStride, SecretBlocks * Sponge.Shake256Rate),
                            limit,
                            halves.Slice(n * AcceptedSize, AcceptedSize),
                            accepted[n]);
                        complete &= accepted[n] >= ParameterSet.N;
                    }
                }

                for (int n = 0; n < used; n++)
                {
                    int r = first + n;
                    Center(set.Eta, halves.Slice(n * AcceptedSize, ParameterSet.N), r < set.L ? s1[r] : s2[r - set.L]);
                }
            }
        }
        finally
        {
            Erase.Memory(states);
            Erase.Memory(streams);
            Erase.Memory(halves);
        }
    }

    /// <summary>FIPS 204, Algorithm 30 over some bytes of the stream.</summary>
    /// <param name="stream">The bytes, with at least 4 more after them.</param>
    /// <param name="length">How many: whole groups of 24.</param>
    /// <param name="a">Receives coefficients in [0, q).</param>
    /// <param name="count">How many it has already.</param>
    /// <returns>How many it has then.</returns>
    internal static int Accept(ReadOnlySpan<byte> stream, int length, Span<int> a, int count) =>
        Avx2.IsSupported ? AcceptVector256(stream, length, a, count) : AcceptPlain(stream[..length], a, count);

    /// <summary><see cref="Accept"/> as the standard writes it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int AcceptPlain(ReadOnlySpan<byte> stream, Span<int> a, int count)
    {
        for (int i = 0; i + 2 < stream.Length && count < a.Length; i += 3)
        {
            int z = stream[i] | (stream[i + 1] << 8) | ((stream[i + 2] & 0x7F) << 16);
            if (z < Field.Q)
                a[count++] = z;
        }

        return count;
    }

    /// <summary>The half bytes of a stream that are below a limit (FIPS 204, Algorithms 31 and 15).</summary>
    /// <param name="stream">Whole groups of 16 bytes.</param>
    /// <param name="limit">9 or 15.</param>
    /// <param name="accepted">Receives at least the first 256 of them, one a byte.</param>
    /// <param name="count">How many it has already.</param>
    /// <returns>How many it has then; more than 256 do not matter.</returns>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int AcceptBounded(ReadOnlySpan<byte> stream, int limit, Span<byte> accepted, int count) =>
        Avx512Vbmi2.VL.IsSupported
            ? AcceptBoundedVector512(stream, limit, accepted, count)
            : AcceptBoundedPlain(stream, limit, accepted, count);

    /// <summary><see cref="AcceptBounded"/>, one after the other.</summary>
    /// <remarks>
    /// Every half byte is written, and the index moves on by a mask where it was acceptable: no branch on it. Which half bytes were
    /// rejected
    /// shows in the addresses; it may, as <see cref="ExpandSecrets"/> says.
    /// </remarks>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int AcceptBoundedPlain(ReadOnlySpan<byte> stream, int limit, Span<byte> accepted, int count)
    {
        for (int i = 0; i < 2 * stream.Length && count < ParameterSet.N; i++)
        {
            int z = (stream[i >> 1] >> (4 * (i & 1))) & 0x0F;
            accepted[count] = (byte)z;
            count += (z - limit) >>> 31;
        }

        return count;
    }

    /// <summary>From half bytes to coefficients in [-η, η] (FIPS 204, Algorithm 15).</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Center(int eta, ReadOnlySpan<byte> halves, RingElement destination)
    {
        if (Avx2.IsSupported)
            CenterVector256(eta, halves, destination);
        else
            CenterPlain(eta, halves, destination);
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void CenterPlain(int eta, ReadOnlySpan<byte> halves, RingElement destination)
    {
        Span<int> a = destination.Coefficients;
        for (int j = 0; j < a.Length; j++)
        {
            // 2 - (z mod 5) for z < 15, or 4 - z; 205/1024 is near enough to 1/5 for every z below 16.
            int z = halves[j];
            a[j] = eta == 2 ? 2 - (z - (5 * ((z * 205) >> 10))) : 4 - z;
        }
    }
}
