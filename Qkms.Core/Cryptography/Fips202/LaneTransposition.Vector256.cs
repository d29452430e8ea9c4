using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips202;

internal static partial class LaneTransposition
{
    /// <summary><see cref="WritePlain"/> by AVX2, four words of four states at a time; the last write has up to 32 bytes more.</summary>
    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void WriteVector256(ReadOnlySpan<ulong> states, int rate, int used, Span<byte> destination, int stride)
    {
        for (int first = 0; first < used; first += 4)
        {
            for (int word = 0; 8 * word < rate; word += 4)
            {
                ref ulong source = ref MemoryMarshal.GetReference(states.Slice((Keccak.LaneCount * word) + first, 28));
                Vector256<ulong> r0 = Vector256.LoadUnsafe(ref source, 0), r1 = Vector256.LoadUnsafe(ref source, 8);
                Vector256<ulong> r2 = Vector256.LoadUnsafe(ref source, 16), r3 = Vector256.LoadUnsafe(ref source, 24);
                Vector256<ulong> p0 = Avx2.UnpackLow(r0, r1), p1 = Avx2.UnpackHigh(r0, r1);
                Vector256<ulong> p2 = Avx2.UnpackLow(r2, r3), p3 = Avx2.UnpackHigh(r2, r3);

                Span<byte> row = destination[(8 * word)..];
                Write(Avx2.Permute2x128(p0, p2, 0x20), row, first, used, stride);
                Write(Avx2.Permute2x128(p1, p3, 0x20), row, first + 1, used, stride);
                Write(Avx2.Permute2x128(p0, p2, 0x31), row, first + 2, used, stride);
                Write(Avx2.Permute2x128(p1, p3, 0x31), row, first + 3, used, stride);
            }
        }
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(Vector256<ulong> words, Span<byte> row, int lane, int used, int stride)
    {
        if (lane < used)
            words.AsByte().CopyTo(row[(lane * stride)..]);
    }
}
