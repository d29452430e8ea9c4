using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips203;

/// <summary>Sampling of ring elements (FIPS 203, section 4.2.2) by AVX2, and by VBMI2 where there is AVX-512.</summary>
internal static partial class Sampling
{
    /// <summary>
    /// For each set of eight candidates the shuffle that puts the accepted ones first, 16 bytes each. It is indexed by what was accepted of
    /// a public stream; no method that touches secrets may use it.
    /// </summary>
    private static readonly byte[] _compressions = LayOutCompressions();

    /// <summary><see cref="AcceptPlain"/>, sixteen candidates of 24 bytes at once.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int AcceptVector256(ReadOnlySpan<byte> stream, int length, Span<short> a, int count)
    {
        // Sixteen more than fit, so that what was accepted can be written as a whole vector.
        Span<short> last = stackalloc short[2 * Vector256<short>.Count];
        _ = stream[(length + 4 - 1)..];
        ref byte bytes = ref MemoryMarshal.GetReference(stream);
        var spread = Vector256.Create(Vector128.Create((byte)0, 1, 1, 2, 3, 4, 4, 5, 6, 7, 7, 8, 9, 10, 10, 11));
        var modulus = Vector256.Create((short)Field.Q);
        var mask = Vector256.Create((short)0x0FFF);
        for (nuint i = 0; i < (nuint)length && count < a.Length; i += 24)
        {
            var groups = Vector256.Create(Vector128.LoadUnsafe(ref bytes, i), Vector128.LoadUnsafe(ref bytes, i + 12));
            Vector256<short> pairs = Avx2.Shuffle(groups, spread).AsInt16();
            Vector256<short> candidates = Avx2.Blend(pairs & mask, pairs >>> 4, 0xAA);
            Vector256<short> below = Vector256.LessThan(candidates, modulus);
            uint bits = below.ExtractMostSignificantBits();
            bool fits = count <= a.Length - Vector256<short>.Count;
            int taken = Compress(candidates, below, bits, fits ? a[count..] : last);
            if (!fits)
            {
                taken = Math.Min(taken, a.Length - count);
                last[..taken].CopyTo(a[count..]);
            }

            count += taken;
        }

        return count;
    }

    /// <summary>Writes the candidates that were accepted, in their order, and anything after them: sixteen coefficients in all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Compress(Vector256<short> candidates, Vector256<short> below, uint bits, Span<short> destination)
    {
        if (Avx512Vbmi2.VL.IsSupported)
        {
            Avx512Vbmi2.VL.Compress(Vector256<short>.Zero, below, candidates).CopyTo(destination);
            return BitOperations.PopCount(bits);
        }

        ref byte compressions = ref MemoryMarshal.GetArrayDataReference(_compressions);
        int half = BitOperations.PopCount(bits & 0xFF);
        var low = Vector128.LoadUnsafe(ref compressions, (bits & 0xFF) * 16);
        var high = Vector128.LoadUnsafe(ref compressions, ((bits >> 8) & 0xFF) * 16);
        Ssse3.Shuffle(candidates.GetLower().AsByte(), low).AsInt16().CopyTo(destination);
        Ssse3.Shuffle(candidates.GetUpper().AsByte(), high).AsInt16().CopyTo(destination[half..]);
        return half + BitOperations.PopCount(bits >> 8);
    }

    /// <summary><see cref="SamplePolyCbd2Plain"/>, 32 coefficients of 16 bytes at once.</summary>
    /// <remarks>
    /// Each half byte becomes 3 + x - y before it is spread to a coefficient, so that nothing borrows from its neighbour.
    /// </remarks>
    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void SamplePolyCbd2Vector256(ReadOnlySpan<byte> stream, RingElement destination)
    {
        ref short f = ref MemoryMarshal.GetReference(destination.Coefficients);
        ref byte bytes = ref MemoryMarshal.GetReference(stream[..(ParameterSet.N / 2)]);
        var ones = Vector128.Create((byte)0x55);
        var pairs = Vector128.Create((byte)0x33);
        var halves = Vector128.Create((byte)0x0F);
        var three = Vector256.Create((short)3);
        for (nuint i = 0; i < ParameterSet.N; i += 32)
        {
            var bits = Vector128.LoadUnsafe(ref bytes, i >> 1);
            Vector128<byte> sums = (bits & ones) + ((bits.AsUInt16() >>> 1).AsByte() & ones);
            Vector128<byte> differences = (sums & pairs) + pairs - ((sums.AsUInt16() >>> 2).AsByte() & pairs);
            Vector128<byte> even = differences & halves;
            Vector128<byte> odd = (differences.AsUInt16() >>> 4).AsByte() & halves;
            (Avx2.ConvertToVector256Int16(Sse2.UnpackLow(even, odd)) - three).StoreUnsafe(ref f, i);
            (Avx2.ConvertToVector256Int16(Sse2.UnpackHigh(even, odd)) - three).StoreUnsafe(ref f, i + 16);
        }
    }

    private static byte[] LayOutCompressions()
    {
        byte[] compressions = new byte[256 * 16];
        for (int set = 0; set < 256; set++)
        {
            int next = 0;
            for (int i = 0; i < 8; i++)
            {
                if ((set >> i & 1) == 0)
                    continue;
                compressions[(16 * set) + next++] = (byte)(2 * i);
                compressions[(16 * set) + next++] = (byte)((2 * i) + 1);
            }
        }

        return compressions;
    }
}
