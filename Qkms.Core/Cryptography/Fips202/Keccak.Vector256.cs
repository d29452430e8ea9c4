using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips202;

/// <summary>Keccak-f[1600] (FIPS 202, section 3.3) on four states at once: each vector has the same word of all four.</summary>
internal static partial class Keccak
{
    /// <summary>
    /// Applies the 24 rounds to four of the eight states of <see cref="PermuteLanes"/>: to the first four, or to the last. By AVX2, with
    /// the rotations and three-operand logic of AVX-512 where it is there.
    /// </summary>
    /// <remarks>The rounds are those of <see cref="Permute"/>, step by step.</remarks>
    /// <param name="states">Words of eight states side by side.</param>
    /// <param name="last">Which four of them.</param>
    /// <param name="firstRound">0; another even number leaves out the rounds before, which only erasing the registers asks for.</param>
    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void PermuteLanesVector256(Span<ulong> states, bool last, int firstRound = 0)
    {
        ref ulong lanes = ref MemoryMarshal.GetReference(states[..LaneWords]);
        if (last)
            lanes = ref Unsafe.Add(ref lanes, LaneCount / 2);

        ReadOnlySpan<ulong> constants = RoundConstants;
        Vector256<ulong> a00 = Load256(ref lanes, 0), a10 = Load256(ref lanes, 1), a20 = Load256(ref lanes, 2),
            a30 = Load256(ref lanes, 3), a40 = Load256(ref lanes, 4);
        Vector256<ulong> a01 = Load256(ref lanes, 5), a11 = Load256(ref lanes, 6), a21 = Load256(ref lanes, 7),
            a31 = Load256(ref lanes, 8), a41 = Load256(ref lanes, 9);
        Vector256<ulong> a02 = Load256(ref lanes, 10), a12 = Load256(ref lanes, 11), a22 = Load256(ref lanes, 12),
            a32 = Load256(ref lanes, 13), a42 = Load256(ref lanes, 14);
        Vector256<ulong> a03 = Load256(ref lanes, 15), a13 = Load256(ref lanes, 16), a23 = Load256(ref lanes, 17),
            a33 = Load256(ref lanes, 18), a43 = Load256(ref lanes, 19);
        Vector256<ulong> a04 = Load256(ref lanes, 20), a14 = Load256(ref lanes, 21), a24 = Load256(ref lanes, 22),
            a34 = Load256(ref lanes, 23), a44 = Load256(ref lanes, 24);
        Vector256<ulong> b0, b1, b2, b3, b4, c0, c1, c2, c3, c4, d0, d1, d2, d3, d4;
        Vector256<ulong> e00, e10, e20, e30, e40;
        Vector256<ulong> e01, e11, e21, e31, e41;
        Vector256<ulong> e02, e12, e22, e32, e42;
        Vector256<ulong> e03, e13, e23, e33, e43;
        Vector256<ulong> e04, e14, e24, e34, e44;

        for (int round = firstRound; round < 24; round += 2)
        {
            c0 = Xor(Xor(a00, a01, a02), a03, a04);
            c1 = Xor(Xor(a10, a11, a12), a13, a14);
            c2 = Xor(Xor(a20, a21, a22), a23, a24);
            c3 = Xor(Xor(a30, a31, a32), a33, a34);
            c4 = Xor(Xor(a40, a41, a42), a43, a44);
            d0 = c4 ^ RotateLeft(c1, 1);
            d1 = c0 ^ RotateLeft(c2, 1);
            d2 = c1 ^ RotateLeft(c3, 1);
            d3 = c2 ^ RotateLeft(c4, 1);
            d4 = c3 ^ RotateLeft(c0, 1);
            b0 = a00 ^ d0;
            b1 = RotateLeft(a11 ^ d1, 44);
            b2 = RotateLeft(a22 ^ d2, 43);
            b3 = RotateLeft(a33 ^ d3, 21);
            b4 = RotateLeft(a44 ^ d4, 14);
            e00 = Chi(b0, b1, b2) ^ Vector256.Create(constants[round]);
            e10 = Chi(b1, b2, b3);
            e20 = Chi(b2, b3, b4);
            e30 = Chi(b3, b4, b0);
            e40 = Chi(b4, b0, b1);
            b0 = RotateLeft(a30 ^ d3, 28);
            b1 = RotateLeft(a41 ^ d4, 20);
            b2 = RotateLeft(a02 ^ d0, 3);
            b3 = RotateLeft(a13 ^ d1, 45);
            b4 = RotateLeft(a24 ^ d2, 61);
            e01 = Chi(b0, b1, b2);
            e11 = Chi(b1, b2, b3);
            e21 = Chi(b2, b3, b4);
            e31 = Chi(b3, b4, b0);
            e41 = Chi(b4, b0, b1);
            b0 = RotateLeft(a10 ^ d1, 1);
            b1 = RotateLeft(a21 ^ d2, 6);
            b2 = RotateLeft(a32 ^ d3, 25);
            b3 = RotateLeft(a43 ^ d4, 8);
            b4 = RotateLeft(a04 ^ d0, 18);
            e02 = Chi(b0, b1, b2);
            e12 = Chi(b1, b2, b3);
            e22 = Chi(b2, b3, b4);
            e32 = Chi(b3, b4, b0);
            e42 = Chi(b4, b0, b1);
            b0 = RotateLeft(a40 ^ d4, 27);
            b1 = RotateLeft(a01 ^ d0, 36);
            b2 = RotateLeft(a12 ^ d1, 10);
            b3 = RotateLeft(a23 ^ d2, 15);
            b4 = RotateLeft(a34 ^ d3, 56);
            e03 = Chi(b0, b1, b2);
            e13 = Chi(b1, b2, b3);
            e23 = Chi(b2, b3, b4);
            e33 = Chi(b3, b4, b0);
            e43 = Chi(b4, b0, b1);
            b0 = RotateLeft(a20 ^ d2, 62);
            b1 = RotateLeft(a31 ^ d3, 55);
            b2 = RotateLeft(a42 ^ d4, 39);
            b3 = RotateLeft(a03 ^ d0, 41);
            b4 = RotateLeft(a14 ^ d1, 2);
            e04 = Chi(b0, b1, b2);
            e14 = Chi(b1, b2, b3);
            e24 = Chi(b2, b3, b4);
            e34 = Chi(b3, b4, b0);
            e44 = Chi(b4, b0, b1);

            c0 = Xor(Xor(e00, e01, e02), e03, e04);
            c1 = Xor(Xor(e10, e11, e12), e13, e14);
            c2 = Xor(Xor(e20, e21, e22), e23, e24);
            c3 = Xor(Xor(e30, e31, e32), e33, e34);
            c4 = Xor(Xor(e40, e41, e42), e43, e44);
            d0 = c4 ^ RotateLeft(c1, 1);
            d1 = c0 ^ RotateLeft(c2, 1);
            d2 = c1 ^ RotateLeft(c3, 1);
            d3 = c2 ^ RotateLeft(c4, 1);
            d4 = c3 ^ RotateLeft(c0, 1);
            b0 = e00 ^ d0;
            b1 = RotateLeft(e11 ^ d1, 44);
            b2 = RotateLeft(e22 ^ d2, 43);
            b3 = RotateLeft(e33 ^ d3, 21);
            b4 = RotateLeft(e44 ^ d4, 14);
            a00 = Chi(b0, b1, b2) ^ Vector256.Create(constants[round + 1]);
            a10 = Chi(b1, b2, b3);
            a20 = Chi(b2, b3, b4);
            a30 = Chi(b3, b4, b0);
            a40 = Chi(b4, b0, b1);
            b0 = RotateLeft(e30 ^ d3, 28);
            b1 = RotateLeft(e41 ^ d4, 20);
            b2 = RotateLeft(e02 ^ d0, 3);
            b3 = RotateLeft(e13 ^ d1, 45);
            b4 = RotateLeft(e24 ^ d2, 61);
            a01 = Chi(b0, b1, b2);
            a11 = Chi(b1, b2, b3);
            a21 = Chi(b2, b3, b4);
            a31 = Chi(b3, b4, b0);
            a41 = Chi(b4, b0, b1);
            b0 = RotateLeft(e10 ^ d1, 1);
            b1 = RotateLeft(e21 ^ d2, 6);
            b2 = RotateLeft(e32 ^ d3, 25);
            b3 = RotateLeft(e43 ^ d4, 8);
            b4 = RotateLeft(e04 ^ d0, 18);
            a02 = Chi(b0, b1, b2);
            a12 = Chi(b1, b2, b3);
            a22 = Chi(b2, b3, b4);
            a32 = Chi(b3, b4, b0);
            a42 = Chi(b4, b0, b1);
            b0 = RotateLeft(e40 ^ d4, 27);
            b1 = RotateLeft(e01 ^ d0, 36);
            b2 = RotateLeft(e12 ^ d1, 10);
            b3 = RotateLeft(e23 ^ d2, 15);
            b4 = RotateLeft(e34 ^ d3, 56);
            a03 = Chi(b0, b1, b2);
            a13 = Chi(b1, b2, b3);
            a23 = Chi(b2, b3, b4);
            a33 = Chi(b3, b4, b0);
            a43 = Chi(b4, b0, b1);
            b0 = RotateLeft(e20 ^ d2, 62);
            b1 = RotateLeft(e31 ^ d3, 55);
            b2 = RotateLeft(e42 ^ d4, 39);
            b3 = RotateLeft(e03 ^ d0, 41);
            b4 = RotateLeft(e14 ^ d1, 2);
            a04 = Chi(b0, b1, b2);
            a14 = Chi(b1, b2, b3);
            a24 = Chi(b2, b3, b4);
            a34 = Chi(b3, b4, b0);
            a44 = Chi(b4, b0, b1);
        }

        Store(a00, ref lanes, 0);
        Store(a10, ref lanes, 1);
        Store(a20, ref lanes, 2);
        Store(a30, ref lanes, 3);
        Store(a40, ref lanes, 4);
        Store(a01, ref lanes, 5);
        Store(a11, ref lanes, 6);
        Store(a21, ref lanes, 7);
        Store(a31, ref lanes, 8);
        Store(a41, ref lanes, 9);
        Store(a02, ref lanes, 10);
        Store(a12, ref lanes, 11);
        Store(a22, ref lanes, 12);
        Store(a32, ref lanes, 13);
        Store(a42, ref lanes, 14);
        Store(a03, ref lanes, 15);
        Store(a13, ref lanes, 16);
        Store(a23, ref lanes, 17);
        Store(a33, ref lanes, 18);
        Store(a43, ref lanes, 19);
        Store(a04, ref lanes, 20);
        Store(a14, ref lanes, 21);
        Store(a24, ref lanes, 22);
        Store(a34, ref lanes, 23);
        Store(a44, ref lanes, 24);
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Load256(ref ulong lanes, int word) => Vector256.LoadUnsafe(ref lanes, (nuint)(LaneCount * word));

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<ulong> words, ref ulong lanes, int word) =>
        words.StoreUnsafe(ref lanes, (nuint)(LaneCount * word));

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> RotateLeft(Vector256<ulong> x, [ConstantExpected] byte count) =>
        Avx512F.VL.IsSupported ? Avx512F.VL.RotateLeft(x, count) : (x << count) | (x >>> (64 - count));

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Xor(Vector256<ulong> x, Vector256<ulong> y, Vector256<ulong> z) =>
        Avx512F.VL.IsSupported ? Avx512F.VL.TernaryLogic(x, y, z, 0x96) : x ^ y ^ z;

    /// <summary>x ⊕ (¬y ∧ z); in one instruction, bit 4x + 2y + z of the number is the result.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Chi(Vector256<ulong> x, Vector256<ulong> y, Vector256<ulong> z) =>
        Avx512F.VL.IsSupported ? Avx512F.VL.TernaryLogic(x, y, z, 0xD2) : x ^ Vector256.AndNot(z, y);
}
