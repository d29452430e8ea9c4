using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips203;

/// <summary>The number-theoretic transform (FIPS 203, section 4.3) on sixteen coefficients at once, by AVX2.</summary>
/// <remarks>
/// The first layer runs over the whole element, the other six over each half: 128 coefficients, eight vectors. Down to the layer of 16
/// both sides of a butterfly are whole vectors. For the last three, the eight vectors are transposed as an 8×8 matrix of pairs, so that
/// they become whole vectors again, each lane with a root of its own; the second transposition restores the order of the standard.
/// Every step computes what <see cref="ForwardPlain"/> and <see cref="InversePlain"/> do, so the bounds are theirs.
/// </remarks>
internal static partial class Ntt
{
    /// <summary>Coefficients of a vector.</summary>
    private const int Width = 16;

    /// <summary>Roots of a half, a vector each: one of the layer of 64, 2 of 32, 4 of 16, then one of 8, 2 of 4, 4 of 2.</summary>
    private const int RootsOfHalf = 14;

    private static readonly short[] _forwardRoots = LayOut(inverse: false);
    private static readonly short[] _inverseRoots = LayOut(inverse: true);

    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static NttElement ForwardVector256(RingElement element)
    {
        ref short f = ref MemoryMarshal.GetReference(element.Coefficients);
        ref short roots = ref MemoryMarshal.GetArrayDataReference(_forwardRoots);
        for (nuint i = 0; i < 128; i += Width)
        {
            Vector256<short> low = Vector256.LoadUnsafe(ref f, i), high = Vector256.LoadUnsafe(ref f, i + 128);
            Butterfly(ref low, ref high, ref roots, 0);
            low.StoreUnsafe(ref f, i);
            high.StoreUnsafe(ref f, i + 128);
        }

        for (int half = 0; half < 2; half++)
        {
            ref short h = ref Unsafe.Add(ref f, 128 * half);
            ref short r = ref Unsafe.Add(ref roots, 2 * Width * (1 + (RootsOfHalf * half)));
            Vector256<short> v0 = Vector256.LoadUnsafe(ref h, 0), v1 = Vector256.LoadUnsafe(ref h, 16);
            Vector256<short> v2 = Vector256.LoadUnsafe(ref h, 32), v3 = Vector256.LoadUnsafe(ref h, 48);
            Vector256<short> v4 = Vector256.LoadUnsafe(ref h, 64), v5 = Vector256.LoadUnsafe(ref h, 80);
            Vector256<short> v6 = Vector256.LoadUnsafe(ref h, 96), v7 = Vector256.LoadUnsafe(ref h, 112);
            ForwardLayers(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7, ref r);
            Transpose(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7);
            ForwardLayers(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7, ref Unsafe.Add(ref r, Width * RootsOfHalf));
            Transpose(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7);
            Field.BarrettReduce(v0).StoreUnsafe(ref h, 0);
            Field.BarrettReduce(v1).StoreUnsafe(ref h, 16);
            Field.BarrettReduce(v2).StoreUnsafe(ref h, 32);
            Field.BarrettReduce(v3).StoreUnsafe(ref h, 48);
            Field.BarrettReduce(v4).StoreUnsafe(ref h, 64);
            Field.BarrettReduce(v5).StoreUnsafe(ref h, 80);
            Field.BarrettReduce(v6).StoreUnsafe(ref h, 96);
            Field.BarrettReduce(v7).StoreUnsafe(ref h, 112);
        }

        return new NttElement(element.Coefficients);
    }

    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static RingElement InverseVector256(NttElement element)
    {
        ref short f = ref MemoryMarshal.GetReference(element.Coefficients);
        ref short roots = ref MemoryMarshal.GetArrayDataReference(_inverseRoots);
        for (int half = 0; half < 2; half++)
        {
            ref short h = ref Unsafe.Add(ref f, 128 * half);
            ref short r = ref Unsafe.Add(ref roots, 2 * Width * (1 + (RootsOfHalf * half)));
            Vector256<short> v0 = Vector256.LoadUnsafe(ref h, 0), v1 = Vector256.LoadUnsafe(ref h, 16);
            Vector256<short> v2 = Vector256.LoadUnsafe(ref h, 32), v3 = Vector256.LoadUnsafe(ref h, 48);
            Vector256<short> v4 = Vector256.LoadUnsafe(ref h, 64), v5 = Vector256.LoadUnsafe(ref h, 80);
            Vector256<short> v6 = Vector256.LoadUnsafe(ref h, 96), v7 = Vector256.LoadUnsafe(ref h, 112);
            Transpose(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7);
            InverseLayers(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7, ref Unsafe.Add(ref r, Width * RootsOfHalf));
            Transpose(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7);
            InverseLayers(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7, ref r);
            v0.StoreUnsafe(ref h, 0);
            v1.StoreUnsafe(ref h, 16);
            v2.StoreUnsafe(ref h, 32);
            v3.StoreUnsafe(ref h, 48);
            v4.StoreUnsafe(ref h, 64);
            v5.StoreUnsafe(ref h, 80);
            v6.StoreUnsafe(ref h, 96);
            v7.StoreUnsafe(ref h, 112);
        }

        var scale = Vector256.Create(InverseScale);
        var scaleScaled = Vector256.Create(Field.Scaled(InverseScale));
        for (nuint i = 0; i < 128; i += Width)
        {
            Vector256<short> low = Vector256.LoadUnsafe(ref f, i), high = Vector256.LoadUnsafe(ref f, i + 128);
            InverseButterfly(ref low, ref high, ref roots, 0);
            Field.MontgomeryMultiply(low, scale, scaleScaled).StoreUnsafe(ref f, i);
            Field.MontgomeryMultiply(high, scale, scaleScaled).StoreUnsafe(ref f, i + 128);
        }

        return new RingElement(element.Coefficients);
    }

    /// <summary>Three layers over eight vectors: one root for four butterflies, two roots for two each, four for one each.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ForwardLayers(
        ref Vector256<short> v0, ref Vector256<short> v1, ref Vector256<short> v2, ref Vector256<short> v3,
        ref Vector256<short> v4, ref Vector256<short> v5, ref Vector256<short> v6, ref Vector256<short> v7, ref short roots)
    {
        Butterfly(ref v0, ref v4, ref roots, 0);
        Butterfly(ref v1, ref v5, ref roots, 0);
        Butterfly(ref v2, ref v6, ref roots, 0);
        Butterfly(ref v3, ref v7, ref roots, 0);
        Butterfly(ref v0, ref v2, ref roots, 1);
        Butterfly(ref v1, ref v3, ref roots, 1);
        Butterfly(ref v4, ref v6, ref roots, 2);
        Butterfly(ref v5, ref v7, ref roots, 2);
        Butterfly(ref v0, ref v1, ref roots, 3);
        Butterfly(ref v2, ref v3, ref roots, 4);
        Butterfly(ref v4, ref v5, ref roots, 5);
        Butterfly(ref v6, ref v7, ref roots, 6);
    }

    /// <summary>The same backwards; the sums of the third layer are reduced.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InverseLayers(
        ref Vector256<short> v0, ref Vector256<short> v1, ref Vector256<short> v2, ref Vector256<short> v3,
        ref Vector256<short> v4, ref Vector256<short> v5, ref Vector256<short> v6, ref Vector256<short> v7, ref short roots)
    {
        InverseButterfly(ref v0, ref v1, ref roots, 3);
        InverseButterfly(ref v2, ref v3, ref roots, 4);
        InverseButterfly(ref v4, ref v5, ref roots, 5);
        InverseButterfly(ref v6, ref v7, ref roots, 6);
        InverseButterfly(ref v0, ref v2, ref roots, 1);
        InverseButterfly(ref v1, ref v3, ref roots, 1);
        InverseButterfly(ref v4, ref v6, ref roots, 2);
        InverseButterfly(ref v5, ref v7, ref roots, 2);
        InverseButterfly(ref v0, ref v4, ref roots, 0);
        InverseButterfly(ref v1, ref v5, ref roots, 0);
        InverseButterfly(ref v2, ref v6, ref roots, 0);
        InverseButterfly(ref v3, ref v7, ref roots, 0);
        v0 = Field.BarrettReduce(v0);
        v1 = Field.BarrettReduce(v1);
        v2 = Field.BarrettReduce(v2);
        v3 = Field.BarrettReduce(v3);
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Butterfly(ref Vector256<short> low, ref Vector256<short> high, ref short roots, int index)
    {
        Vector256<short> t = MultiplyRoot(high, ref roots, index);
        high = low - t;
        low += t;
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InverseButterfly(ref Vector256<short> low, ref Vector256<short> high, ref short roots, int index)
    {
        Vector256<short> difference = high - low;
        low += high;
        high = MultiplyRoot(difference, ref roots, index);
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> MultiplyRoot(Vector256<short> a, ref short roots, int index) =>
        Field.MontgomeryMultiply(
            a,
            Vector256.LoadUnsafe(ref roots, (nuint)(2 * Width * index)),
            Vector256.LoadUnsafe(ref roots, (nuint)((2 * Width * index) + Width)));

    /// <summary>Transposes an 8×8 matrix of pairs of coefficients.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(
        ref Vector256<short> v0, ref Vector256<short> v1, ref Vector256<short> v2, ref Vector256<short> v3,
        ref Vector256<short> v4, ref Vector256<short> v5, ref Vector256<short> v6, ref Vector256<short> v7)
    {
        Vector256<ulong> p0 = Low(v0, v1), p1 = High(v0, v1), p2 = Low(v2, v3), p3 = High(v2, v3);
        Vector256<ulong> p4 = Low(v4, v5), p5 = High(v4, v5), p6 = Low(v6, v7), p7 = High(v6, v7);
        Vector256<ulong> q0 = Avx2.UnpackLow(p0, p2), q1 = Avx2.UnpackHigh(p0, p2);
        Vector256<ulong> q2 = Avx2.UnpackLow(p1, p3), q3 = Avx2.UnpackHigh(p1, p3);
        Vector256<ulong> q4 = Avx2.UnpackLow(p4, p6), q5 = Avx2.UnpackHigh(p4, p6);
        Vector256<ulong> q6 = Avx2.UnpackLow(p5, p7), q7 = Avx2.UnpackHigh(p5, p7);
        v0 = Avx2.Permute2x128(q0, q4, 0x20).AsInt16();
        v1 = Avx2.Permute2x128(q1, q5, 0x20).AsInt16();
        v2 = Avx2.Permute2x128(q2, q6, 0x20).AsInt16();
        v3 = Avx2.Permute2x128(q3, q7, 0x20).AsInt16();
        v4 = Avx2.Permute2x128(q0, q4, 0x31).AsInt16();
        v5 = Avx2.Permute2x128(q1, q5, 0x31).AsInt16();
        v6 = Avx2.Permute2x128(q2, q6, 0x31).AsInt16();
        v7 = Avx2.Permute2x128(q3, q7, 0x31).AsInt16();
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Low(Vector256<short> x, Vector256<short> y) => Avx2.UnpackLow(x.AsUInt32(), y.AsUInt32()).AsUInt64();

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> High(Vector256<short> x, Vector256<short> y) => Avx2.UnpackHigh(x.AsUInt32(), y.AsUInt32()).AsUInt64();

    /// <summary>
    /// The roots in the order of their use, each as a vector and as the vector of <see cref="Field.Scaled"/>. Root b of the layer with m
    /// roots is entry m + b of <see cref="Zetas"/>; backwards it is entry 2m - 1 - b.
    /// </summary>
    private static short[] LayOut(bool inverse)
    {
        short[] roots = new short[2 * Width * (1 + (2 * RootsOfHalf))];
        int next = 0;
        Add(1, 0, 0);
        for (int half = 0; half < 2; half++)
        {
            for (int m = 1; m <= 4; m *= 2)
            {
                for (int b = 0; b < m; b++)
                    Add(2 * m, (m * half) + b, 0);
            }

            // After the transposition, lane n of a vector comes from vector n/2 of the half.
            for (int m = 1; m <= 4; m *= 2)
            {
                for (int b = 0; b < m; b++)
                    Add(16 * m, (8 * m * half) + b, m);
            }
        }

        return roots;

        void Add(int m, int first, int step)
        {
            for (int lane = 0; lane < Width; lane++)
            {
                int index = first + (step * (lane / 2));
                short zeta = Zetas[inverse ? (2 * m) - 1 - index : m + index];
                roots[next + lane] = zeta;
                roots[next + Width + lane] = Field.Scaled(zeta);
            }

            next += 2 * Width;
        }
    }
}
