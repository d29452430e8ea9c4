using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips203;

/// <summary>Packing (FIPS 203, Algorithms 5 and 6) of sixteen coefficients at once, by AVX2. Eight coefficients are d bytes.</summary>
internal static partial class ByteCodec
{
    private const int MaxWidth = 12;

    /// <summary>For each d: which bytes of sixteen a coefficient's bits are in, four for each of eight coefficients.</summary>
    private static readonly byte[] _spread = LayOutSpread();

    /// <summary>For each d: how far down each of eight coefficients is shifted then.</summary>
    private static readonly int[] _shifts = LayOutShifts();

    /// <remarks>
    /// Two coefficients are put together by a multiplication and an addition, four and eight by shifts by constants; what a store writes
    /// after the d bytes is overwritten by the next one.
    /// </remarks>
    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void EncodeVector256(ReadOnlySpan<short> coefficients, int d, Span<byte> destination)
    {
        ref short f = ref MemoryMarshal.GetReference(coefficients[..ParameterSet.N]);
        destination = destination[..(32 * d)];
        Vector256<short> join = Vector256.Create(1 | (1 << (d + 16))).AsInt16();
        int gap = 32 - (2 * d);
        Vector256<uint> lift = Vector256.Create((ulong)gap).AsUInt32();
        var upwards = Vector256.Create((ulong)(4 * d), 64, (ulong)(4 * d), 64);
        var downwards = Vector256.Create(64, (ulong)(64 - (4 * d)), 64, (ulong)(64 - (4 * d)));
        var first = Vector256.Create(ulong.MaxValue, 0, ulong.MaxValue, 0);
        int k = 0;
        for (int i = 0; i < ParameterSet.N; i += 16)
        {
            Vector256<int> two = Avx2.MultiplyAddAdjacent(Vector256.LoadUnsafe(ref f, (nuint)i), join);
            Vector256<ulong> four = Avx2.ShiftLeftLogicalVariable(two.AsUInt32(), lift).AsUInt64() >>> gap;
            Vector256<ulong> other = Avx2.Shuffle(four.AsUInt32(), 0x4E).AsUInt64();
            Vector256<ulong> eight = (four & first) | Avx2.ShiftLeftLogicalVariable(other, upwards)
                | Avx2.ShiftRightLogicalVariable(four, downwards);
            VectorBytes.Store(eight.GetLower().AsByte(), destination, k);
            VectorBytes.Store(eight.GetUpper().AsByte(), destination, k + d);
            k += 2 * d;
        }
    }

    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void DecodeVector256(ReadOnlySpan<byte> source, int d, Span<short> coefficients)
    {
        _ = source[((32 * d) - 1)..];
        ref short f = ref MemoryMarshal.GetReference(coefficients[..ParameterSet.N]);
        var spread = Vector256.Create<byte>(_spread.AsSpan(32 * d));
        Vector256<uint> shifts = Vector256.Create<int>(_shifts.AsSpan(8 * d)).AsUInt32();
        var mask = Vector256.Create((1u << d) - 1);
        int k = 0;
        for (int i = 0; i < ParameterSet.N; i += 16)
        {
            Vector128<byte> bytes = VectorBytes.Load(source, k), nextBytes = VectorBytes.Load(source, k + d);
            Vector256<int> low = Spread(bytes, spread, shifts, mask), high = Spread(nextBytes, spread, shifts, mask);
            Avx2.Permute4x64(Avx2.PackSignedSaturate(low, high).AsUInt64(), 0xD8).AsInt16().StoreUnsafe(ref f, (nuint)i);
            k += 2 * d;
        }
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Spread(Vector128<byte> bytes, Vector256<byte> spread, Vector256<uint> shifts, Vector256<uint> mask)
    {
        Vector256<uint> words = Avx2.Shuffle(Vector256.Create(bytes, bytes), spread).AsUInt32();
        return (Avx2.ShiftRightLogicalVariable(words, shifts) & mask).AsInt32();
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MakeCanonicalVector256(ReadOnlySpan<short> f, Span<short> canonical)
    {
        f = f[..canonical.Length];
        for (int j = 0; j < canonical.Length; j += 16)
            Field.Canonical(Vector256.Create(f[j..])).CopyTo(canonical[j..]);
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int ReduceOnceVector256(Span<short> f)
    {
        var modulus = Vector256.Create((short)Field.Q);
        Vector256<short> outside = Vector256<short>.Zero;
        for (int j = 0; j < f.Length; j += 16)
        {
            Vector256<short> reduced = Vector256.Create<short>(f[j..]) - modulus;
            Vector256<short> below = reduced >> 15;
            outside |= ~below;
            (reduced + (below & modulus)).CopyTo(f[j..]);
        }

        return (int)outside.ExtractMostSignificantBits();
    }

    private static byte[] LayOutSpread()
    {
        byte[] spread = new byte[(MaxWidth + 1) * 32];
        for (int d = 1; d <= MaxWidth; d++)
        {
            for (int i = 0; i < 32; i++)
            {
                // An index from 128 on gives zero: nothing is read of what follows the eight coefficients.
                int index = ((i / 4 * d) >> 3) + (i & 3);
                spread[(32 * d) + i] = index < d ? (byte)index : (byte)0x80;
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
