using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips204;

/// <summary>
/// Packing (FIPS 204, section 7.1) of eight coefficients at once, by AVX2. Eight coefficients are as many bytes as one has bits.
/// </summary>
internal static partial class BitCodec
{
    private const int MaxWidth = 20;

    /// <summary>
    /// For each width: which bytes a coefficient's bits are in, four for each of eight, counted from its half's first byte.
    /// </summary>
    private static readonly byte[] _spread = LayOutSpread();

    /// <summary>For each width: how far down each of eight coefficients is shifted then.</summary>
    private static readonly int[] _shifts = LayOutShifts();

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void PackVector256(ReadOnlySpan<int> coefficients, int width, int offset, Span<byte> destination) =>
        Pack(coefficients, width, Vector256.Create(offset), -1, destination);

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void PackUnsignedVector256(ReadOnlySpan<int> coefficients, int width, Span<byte> destination) =>
        Pack(coefficients, width, Vector256<int>.Zero, 0, destination);

    /// <summary>FIPS 204, Algorithm 19.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void UnpackVector256(ReadOnlySpan<byte> source, int width, int offset, Span<int> coefficients) =>
        Unpack(source, width, Vector256.Create(offset), -1, coefficients);

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void UnpackUnsignedVector256(ReadOnlySpan<byte> source, int width, Span<int> coefficients) =>
        Unpack(source, width, Vector256<int>.Zero, 0, coefficients);

    /// <summary>
    /// Packs offset - a where <paramref name="sign"/> is -1, and offset + a where it is 0. Two, then four coefficients are put together by
    /// shifts, which leaves half of the bytes in each half of a vector.
    /// </summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pack(ReadOnlySpan<int> coefficients, int width, Vector256<int> offset, int sign, Span<byte> destination)
    {
        ref int f = ref MemoryMarshal.GetReference(coefficients[..ParameterSet.N]);
        destination = destination[..(32 * width)];
        var signs = Vector256.Create(sign);
        int gap = 32 - width;
        Vector256<uint> lift = Vector256.Create((ulong)gap).AsUInt32();
        var upwards = Vector128.Create((ulong)(2 * width), 64);
        var downwards = Vector128.Create(64, (ulong)(64 - (2 * width)));
        var first = Vector128.Create(ulong.MaxValue, 0);
        int bits = 4 * width;
        int k = 0;
        for (nuint i = 0; i < ParameterSet.N; i += 8)
        {
            // With ones as the sign, (a ^ sign) - sign is -a.
            Vector256<int> a = ((Vector256.LoadUnsafe(ref f, i) ^ signs) - signs) + offset;
            Vector256<ulong> two = Avx2.ShiftLeftLogicalVariable(a.AsUInt32(), lift).AsUInt64() >>> gap;
            Vector128<ulong> low = Join(two.GetLower(), upwards, downwards, first);
            Vector128<ulong> high = Join(two.GetUpper(), upwards, downwards, first);

            // Four coefficients are bits/8 bytes, or half a byte more: then the other four begin in the middle of one.
            VectorBytes.Store(low.AsByte(), destination, k);
            if ((bits & 7) == 0)
                VectorBytes.Store(high.AsByte(), destination, k + (bits >> 3));
            else
                StoreAcross(low, high, destination, k, bits);
            k += width;
        }
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Join(
        Vector128<ulong> two, Vector128<ulong> upwards, Vector128<ulong> downwards, Vector128<ulong> first)
    {
        Vector128<ulong> other = Sse2.Shuffle(two.AsUInt32(), 0x4E).AsUInt64();
        return (two & first) | Avx2.ShiftLeftLogicalVariable(other, upwards) | Avx2.ShiftRightLogicalVariable(two, downwards);
    }

    /// <summary>Stores the last byte of the first four coefficients with the first half byte of the others, and what follows.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreAcross(Vector128<ulong> low, Vector128<ulong> high, Span<byte> destination, int at, int bits)
    {
        // Widths here are odd, 3 or 13: four coefficients are 12 or 52 bits and lie in the lower word.
        ulong word = low.ToScalar() | (high.ToScalar() << bits);
        Vector128<ulong> all = Vector128.Create(word, high.ToScalar() >> (64 - bits));
        VectorBytes.Store(all.AsByte(), destination, at);
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Unpack(ReadOnlySpan<byte> source, int width, Vector256<int> offset, int sign, Span<int> coefficients)
    {
        ref int f = ref MemoryMarshal.GetReference(coefficients[..ParameterSet.N]);
        _ = source[((32 * width) - 1)..];
        var signs = Vector256.Create(sign);
        var spread = Vector256.Create<byte>(_spread.AsSpan(32 * width));
        Vector256<uint> shifts = Vector256.Create<int>(_shifts.AsSpan(8 * width)).AsUInt32();
        var mask = Vector256.Create((1u << width) - 1);
        int k = 0;
        for (nuint i = 0; i < ParameterSet.N; i += 8)
        {
            var bytes = Vector256.Create(VectorBytes.Load(source, k), VectorBytes.Load(source, k + (width >> 1)));
            Vector256<uint> words = Avx2.Shuffle(bytes, spread).AsUInt32();
            Vector256<int> a = (Avx2.ShiftRightLogicalVariable(words, shifts) & mask).AsInt32();
            (((a ^ signs) - signs) + offset).StoreUnsafe(ref f, i);
            k += width;
        }
    }

    private static byte[] LayOutSpread()
    {
        byte[] spread = new byte[(MaxWidth + 1) * 32];
        for (int width = 1; width <= MaxWidth; width++)
        {
            for (int i = 0; i < 32; i++)
            {
                // An index from 128 on gives zero: nothing is read of what follows the eight coefficients.
                int half = i < 16 ? 0 : width >> 1;
                int index = ((i / 4 * width) >> 3) + (i & 3);
                spread[(32 * width) + i] = index < width ? (byte)(index - half) : (byte)0x80;
            }
        }

        return spread;
    }

    private static int[] LayOutShifts()
    {
        int[] shifts = new int[(MaxWidth + 1) * 8];
        for (int i = 0; i < shifts.Length; i++)
            shifts[i] = ((i & 7) * (i >> 3)) & 7;
        return shifts;
    }
}
