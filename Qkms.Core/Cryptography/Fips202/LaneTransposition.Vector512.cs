using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips202;

internal static partial class LaneTransposition
{
    /// <summary><see cref="WritePlain"/> by AVX-512, in groups of eight words; the last group writes up to 64 bytes more.</summary>
    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void WriteVector512(ReadOnlySpan<ulong> states, int rate, int used, Span<byte> destination, int stride)
    {
        for (int word = 0; 8 * word < rate; word += 8)
        {
            // Of the last group only what the state has: 25 words.
            ref ulong source = ref MemoryMarshal.GetReference(states.Slice(Keccak.LaneCount * word, 8 * Keccak.LaneCount));
            Vector512<ulong> r0 = Vector512.LoadUnsafe(ref source, 0), r1 = Vector512.LoadUnsafe(ref source, 8);
            Vector512<ulong> r2 = Vector512.LoadUnsafe(ref source, 16), r3 = Vector512.LoadUnsafe(ref source, 24);
            Vector512<ulong> r4 = Vector512.LoadUnsafe(ref source, 32), r5 = Vector512.LoadUnsafe(ref source, 40);
            Vector512<ulong> r6 = Vector512.LoadUnsafe(ref source, 48), r7 = Vector512.LoadUnsafe(ref source, 56);

            // Pairs of words, then quadruples, then all eight.
            Vector512<ulong> p0 = Avx512F.UnpackLow(r0, r1), p1 = Avx512F.UnpackHigh(r0, r1);
            Vector512<ulong> p2 = Avx512F.UnpackLow(r2, r3), p3 = Avx512F.UnpackHigh(r2, r3);
            Vector512<ulong> p4 = Avx512F.UnpackLow(r4, r5), p5 = Avx512F.UnpackHigh(r4, r5);
            Vector512<ulong> p6 = Avx512F.UnpackLow(r6, r7), p7 = Avx512F.UnpackHigh(r6, r7);

            Vector512<ulong> q0 = Avx512F.Shuffle4x128(p0, p2, 0x88), q1 = Avx512F.Shuffle4x128(p0, p2, 0xDD);
            Vector512<ulong> q2 = Avx512F.Shuffle4x128(p4, p6, 0x88), q3 = Avx512F.Shuffle4x128(p4, p6, 0xDD);
            Vector512<ulong> q4 = Avx512F.Shuffle4x128(p1, p3, 0x88), q5 = Avx512F.Shuffle4x128(p1, p3, 0xDD);
            Vector512<ulong> q6 = Avx512F.Shuffle4x128(p5, p7, 0x88), q7 = Avx512F.Shuffle4x128(p5, p7, 0xDD);

            Span<byte> row = destination[(8 * word)..];
            Write(Avx512F.Shuffle4x128(q0, q2, 0x88), row, 0, used, stride);
            Write(Avx512F.Shuffle4x128(q4, q6, 0x88), row, 1, used, stride);
            Write(Avx512F.Shuffle4x128(q1, q3, 0x88), row, 2, used, stride);
            Write(Avx512F.Shuffle4x128(q5, q7, 0x88), row, 3, used, stride);
            Write(Avx512F.Shuffle4x128(q0, q2, 0xDD), row, 4, used, stride);
            Write(Avx512F.Shuffle4x128(q4, q6, 0xDD), row, 5, used, stride);
            Write(Avx512F.Shuffle4x128(q1, q3, 0xDD), row, 6, used, stride);
            Write(Avx512F.Shuffle4x128(q5, q7, 0xDD), row, 7, used, stride);
        }
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(Vector512<ulong> words, Span<byte> row, int lane, int used, int stride)
    {
        if (lane < used)
            words.AsByte().CopyTo(row[(lane * stride)..]);
    }
}
