using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips204;

/// <summary>Sampling (FIPS 204, section 7.3) by AVX2, and by VBMI2 where there is AVX-512.</summary>
internal static partial class Sampling
{
    /// <summary><see cref="AcceptPlain"/>, eight candidates of 24 bytes at once; they are nearly always accepted together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int AcceptVector256(ReadOnlySpan<byte> stream, int length, Span<int> a, int count)
    {
        _ = stream[(length + 4 - 1)..];
        ref byte bytes = ref MemoryMarshal.GetReference(stream);
        const byte None = 0x80;
        var spread = Vector256.Create(Vector128.Create((byte)0, 1, 2, None, 3, 4, 5, None, 6, 7, 8, None, 9, 10, 11, None));
        var modulus = Vector256.Create(Field.Q);
        var mask = Vector256.Create(0x7F_FFFF);
        for (int i = 0; i < length && count < a.Length; i += 24)
        {
            var groups = Vector256.Create(Vector128.LoadUnsafe(ref bytes, (nuint)i), Vector128.LoadUnsafe(ref bytes, (nuint)(i + 12)));
            Vector256<int> candidates = Avx2.Shuffle(groups, spread).AsInt32() & mask;
            if (count <= a.Length - Vector256<int>.Count && Vector256.LessThanAll(candidates, modulus))
            {
                candidates.CopyTo(a[count..]);
                count += Vector256<int>.Count;
            }
            else
            {
                count = AcceptPlain(stream.Slice(i, 24), a, count);
            }
        }

        return count;
    }

    /// <summary><see cref="AcceptBoundedPlain"/>, 32 half bytes at once, pressed together in a register.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int AcceptBoundedVector512(ReadOnlySpan<byte> stream, int limit, Span<byte> accepted, int count)
    {
        accepted = accepted[..AcceptedSize];
        var mask = Vector128.Create((byte)0x0F);
        var bound = Vector256.Create((sbyte)limit);
        for (; stream.Length >= 16 && count < ParameterSet.N; stream = stream[16..])
        {
            var bytes = Vector128.Create(stream);
            Vector128<byte> low = bytes & mask;
            Vector128<byte> high = (bytes.AsUInt16() >>> 4).AsByte() & mask;
            var halves = Vector256.Create(Sse2.UnpackLow(low, high), Sse2.UnpackHigh(low, high));
            Vector256<sbyte> below = Vector256.LessThan(halves.AsSByte(), bound);
            Avx512Vbmi2.VL.Compress(Vector256<byte>.Zero, below.AsByte(), halves).CopyTo(accepted[count..]);
            count += BitOperations.PopCount(below.ExtractMostSignificantBits());
        }

        return count;
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void CenterVector256(int eta, ReadOnlySpan<byte> halves, RingElement destination)
    {
        Span<int> a = destination.Coefficients;
        halves = halves[..a.Length];
        for (int j = 0; j < a.Length; j += 16)
        {
            Vector256<short> z = Avx2.ConvertToVector256Int16(Vector128.Create(halves[j..]));
            Vector256<short> value = eta == 2
                ? Vector256.Create((short)2) - (z - (Vector256.Create((short)5) * ((z * Vector256.Create((short)205)) >> 10)))
                : Vector256.Create((short)4) - z;
            Avx2.ConvertToVector256Int32(value.GetLower()).CopyTo(a[j..]);
            Avx2.ConvertToVector256Int32(value.GetUpper()).CopyTo(a[(j + 8)..]);
        }
    }
}
