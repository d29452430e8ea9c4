using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips204;

/// <summary>The number-theoretic transform (FIPS 204, section 7.5) on eight coefficients at once, by AVX2.</summary>
/// <remarks>
/// The first three layers run over eight vectors that lie 32 coefficients apart, the other five over eight that follow each other. For the
/// last three of these the vectors are transposed as an 8×8 matrix, so that both sides of a butterfly are whole vectors again, each lane
/// with a root of its own; the second transposition restores the order of the standard. Every step computes what
/// <see cref="ForwardPlain"/> and <see cref="InversePlain"/> do, so the bounds are theirs.
/// </remarks>
internal static partial class Ntt
{
    /// <summary>Coefficients of a vector.</summary>
    private const int Width = 8;

    /// <summary>Numbers in memory of a root: a vector, and the vector of <see cref="Field.Scaled"/>.</summary>
    private const int RootSize = 2 * Width;

    /// <summary>Roots of the first three layers: 1, 2 and 4.</summary>
    private const int FirstRoots = 7;

    /// <summary>Roots of the others for 64 coefficients: 2 and 4, then 1, 2 and 4 in transposed order.</summary>
    private const int LastRoots = 13;

    private static readonly int[] _forwardRoots = LayOut(inverse: false);
    private static readonly int[] _inverseRoots = LayOut(inverse: true);

    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static NttElement ForwardVector256(RingElement element)
    {
        ref int w = ref MemoryMarshal.GetReference(element.Coefficients);
        ref int roots = ref MemoryMarshal.GetArrayDataReference(_forwardRoots);
        for (int i = 0; i < 4; i++)
        {
            ref int h = ref Unsafe.Add(ref w, Width * i);
            Vector256<int> v0 = Vector256.LoadUnsafe(ref h, 0), v1 = Vector256.LoadUnsafe(ref h, 32);
            Vector256<int> v2 = Vector256.LoadUnsafe(ref h, 64), v3 = Vector256.LoadUnsafe(ref h, 96);
            Vector256<int> v4 = Vector256.LoadUnsafe(ref h, 128), v5 = Vector256.LoadUnsafe(ref h, 160);
            Vector256<int> v6 = Vector256.LoadUnsafe(ref h, 192), v7 = Vector256.LoadUnsafe(ref h, 224);
            ForwardOne(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7, ref roots);
            ForwardTwo(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7, ref Unsafe.Add(ref roots, RootSize));
            ForwardFour(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7, ref Unsafe.Add(ref roots, 3 * RootSize));
            v0.StoreUnsafe(ref h, 0);
            v1.StoreUnsafe(ref h, 32);
            v2.StoreUnsafe(ref h, 64);
            v3.StoreUnsafe(ref h, 96);
            v4.StoreUnsafe(ref h, 128);
            v5.StoreUnsafe(ref h, 160);
            v6.StoreUnsafe(ref h, 192);
            v7.StoreUnsafe(ref h, 224);
        }

        for (int i = 0; i < 4; i++)
        {
            ref int h = ref Unsafe.Add(ref w, 64 * i);
            ref int r = ref Unsafe.Add(ref roots, RootSize * (FirstRoots + (LastRoots * i)));
            Vector256<int> v0 = Vector256.LoadUnsafe(ref h, 0), v1 = Vector256.LoadUnsafe(ref h, 8);
            Vector256<int> v2 = Vector256.LoadUnsafe(ref h, 16), v3 = Vector256.LoadUnsafe(ref h, 24);
            Vector256<int> v4 = Vector256.LoadUnsafe(ref h, 32), v5 = Vector256.LoadUnsafe(ref h, 40);
            Vector256<int> v6 = Vector256.LoadUnsafe(ref h, 48), v7 = Vector256.LoadUnsafe(ref h, 56);
            ForwardTwo(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7, ref r);
            ForwardFour(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7, ref Unsafe.Add(ref r, 2 * RootSize));
            Transpose(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7);
            ForwardOne(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7, ref Unsafe.Add(ref r, 6 * RootSize));
            ForwardTwo(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7, ref Unsafe.Add(ref r, 7 * RootSize));
            ForwardFour(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7, ref Unsafe.Add(ref r, 9 * RootSize));
            Transpose(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7);
            v0.StoreUnsafe(ref h, 0);
            v1.StoreUnsafe(ref h, 8);
            v2.StoreUnsafe(ref h, 16);
            v3.StoreUnsafe(ref h, 24);
            v4.StoreUnsafe(ref h, 32);
            v5.StoreUnsafe(ref h, 40);
            v6.StoreUnsafe(ref h, 48);
            v7.StoreUnsafe(ref h, 56);
        }

        return new NttElement(element.Coefficients);
    }

    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static RingElement InverseVector256(NttElement element)
    {
        ref int w = ref MemoryMarshal.GetReference(element.Coefficients);
        ref int roots = ref MemoryMarshal.GetArrayDataReference(_inverseRoots);
        for (int i = 0; i < 4; i++)
        {
            ref int h = ref Unsafe.Add(ref w, 64 * i);
            ref int r = ref Unsafe.Add(ref roots, RootSize * (FirstRoots + (LastRoots * i)));
            Vector256<int> v0 = Vector256.LoadUnsafe(ref h, 0), v1 = Vector256.LoadUnsafe(ref h, 8);
            Vector256<int> v2 = Vector256.LoadUnsafe(ref h, 16), v3 = Vector256.LoadUnsafe(ref h, 24);
            Vector256<int> v4 = Vector256.LoadUnsafe(ref h, 32), v5 = Vector256.LoadUnsafe(ref h, 40);
            Vector256<int> v6 = Vector256.LoadUnsafe(ref h, 48), v7 = Vector256.LoadUnsafe(ref h, 56);
            Transpose(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7);
            InverseFour(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7, ref Unsafe.Add(ref r, 9 * RootSize));
            InverseTwo(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7, ref Unsafe.Add(ref r, 7 * RootSize));
            InverseOne(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7, ref Unsafe.Add(ref r, 6 * RootSize));
            Transpose(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7);
            InverseFour(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7, ref Unsafe.Add(ref r, 2 * RootSize));
            InverseTwo(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7, ref r);
            v0.StoreUnsafe(ref h, 0);
            v1.StoreUnsafe(ref h, 8);
            v2.StoreUnsafe(ref h, 16);
            v3.StoreUnsafe(ref h, 24);
            v4.StoreUnsafe(ref h, 32);
            v5.StoreUnsafe(ref h, 40);
            v6.StoreUnsafe(ref h, 48);
            v7.StoreUnsafe(ref h, 56);
        }

        for (int i = 0; i < 4; i++)
        {
            ref int h = ref Unsafe.Add(ref w, Width * i);
            Vector256<int> v0 = Vector256.LoadUnsafe(ref h, 0), v1 = Vector256.LoadUnsafe(ref h, 32);
            Vector256<int> v2 = Vector256.LoadUnsafe(ref h, 64), v3 = Vector256.LoadUnsafe(ref h, 96);
            Vector256<int> v4 = Vector256.LoadUnsafe(ref h, 128), v5 = Vector256.LoadUnsafe(ref h, 160);
            Vector256<int> v6 = Vector256.LoadUnsafe(ref h, 192), v7 = Vector256.LoadUnsafe(ref h, 224);
            InverseFour(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7, ref Unsafe.Add(ref roots, 3 * RootSize));
            InverseTwo(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7, ref Unsafe.Add(ref roots, RootSize));
            InverseOne(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7, ref roots);
            Scale(v0).StoreUnsafe(ref h, 0);
            Scale(v1).StoreUnsafe(ref h, 32);
            Scale(v2).StoreUnsafe(ref h, 64);
            Scale(v3).StoreUnsafe(ref h, 96);
            Scale(v4).StoreUnsafe(ref h, 128);
            Scale(v5).StoreUnsafe(ref h, 160);
            Scale(v6).StoreUnsafe(ref h, 192);
            Scale(v7).StoreUnsafe(ref h, 224);
        }

        return new RingElement(element.Coefficients);
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Scale(Vector256<int> a) =>
        Field.Canonical(
            Field.MontgomeryMultiply(a, Vector256.Create(InverseScale), Vector256.Create(Field.Scaled(InverseScale))));

    /// <summary>A layer over eight vectors with one root.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ForwardOne(
        ref Vector256<int> v0, ref Vector256<int> v1, ref Vector256<int> v2, ref Vector256<int> v3,
        ref Vector256<int> v4, ref Vector256<int> v5, ref Vector256<int> v6, ref Vector256<int> v7, ref int roots)
    {
        Butterfly(ref v0, ref v4, ref roots, 0);
        Butterfly(ref v1, ref v5, ref roots, 0);
        Butterfly(ref v2, ref v6, ref roots, 0);
        Butterfly(ref v3, ref v7, ref roots, 0);
    }

    /// <summary>A layer over eight vectors with two roots.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ForwardTwo(
        ref Vector256<int> v0, ref Vector256<int> v1, ref Vector256<int> v2, ref Vector256<int> v3,
        ref Vector256<int> v4, ref Vector256<int> v5, ref Vector256<int> v6, ref Vector256<int> v7, ref int roots)
    {
        Butterfly(ref v0, ref v2, ref roots, 0);
        Butterfly(ref v1, ref v3, ref roots, 0);
        Butterfly(ref v4, ref v6, ref roots, 1);
        Butterfly(ref v5, ref v7, ref roots, 1);
    }

    /// <summary>A layer over eight vectors with four roots.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ForwardFour(
        ref Vector256<int> v0, ref Vector256<int> v1, ref Vector256<int> v2, ref Vector256<int> v3,
        ref Vector256<int> v4, ref Vector256<int> v5, ref Vector256<int> v6, ref Vector256<int> v7, ref int roots)
    {
        Butterfly(ref v0, ref v1, ref roots, 0);
        Butterfly(ref v2, ref v3, ref roots, 1);
        Butterfly(ref v4, ref v5, ref roots, 2);
        Butterfly(ref v6, ref v7, ref roots, 3);
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InverseOne(
        ref Vector256<int> v0, ref Vector256<int> v1, ref Vector256<int> v2, ref Vector256<int> v3,
        ref Vector256<int> v4, ref Vector256<int> v5, ref Vector256<int> v6, ref Vector256<int> v7, ref int roots)
    {
        InverseButterfly(ref v0, ref v4, ref roots, 0);
        InverseButterfly(ref v1, ref v5, ref roots, 0);
        InverseButterfly(ref v2, ref v6, ref roots, 0);
        InverseButterfly(ref v3, ref v7, ref roots, 0);
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InverseTwo(
        ref Vector256<int> v0, ref Vector256<int> v1, ref Vector256<int> v2, ref Vector256<int> v3,
        ref Vector256<int> v4, ref Vector256<int> v5, ref Vector256<int> v6, ref Vector256<int> v7, ref int roots)
    {
        InverseButterfly(ref v0, ref v2, ref roots, 0);
        InverseButterfly(ref v1, ref v3, ref roots, 0);
        InverseButterfly(ref v4, ref v6, ref roots, 1);
        InverseButterfly(ref v5, ref v7, ref roots, 1);
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InverseFour(
        ref Vector256<int> v0, ref Vector256<int> v1, ref Vector256<int> v2, ref Vector256<int> v3,
        ref Vector256<int> v4, ref Vector256<int> v5, ref Vector256<int> v6, ref Vector256<int> v7, ref int roots)
    {
        InverseButterfly(ref v0, ref v1, ref roots, 0);
        InverseButterfly(ref v2, ref v3, ref roots, 1);
        InverseButterfly(ref v4, ref v5, ref roots, 2);
        InverseButterfly(ref v6, ref v7, ref roots, 3);
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Butterfly(ref Vector256<int> low, ref Vector256<int> high, ref int roots, int index)
    {
        Vector256<int> t = MultiplyRoot(high, ref roots, index);
        high = low - t;
        low += t;
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InverseButterfly(ref Vector256<int> low, ref Vector256<int> high, ref int roots, int index)
    {
        Vector256<int> difference = high - low;
        low += high;
        high = MultiplyRoot(difference, ref roots, index);
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> MultiplyRoot(Vector256<int> a, ref int roots, int index) =>
        Field.MontgomeryMultiply(
            a,
            Vector256.LoadUnsafe(ref roots, (nuint)(RootSize * index)),
            Vector256.LoadUnsafe(ref roots, (nuint)((RootSize * index) + Width)));

    /// <summary>Transposes an 8×8 matrix of coefficients.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(
        ref Vector256<int> v0, ref Vector256<int> v1, ref Vector256<int> v2, ref Vector256<int> v3,
        ref Vector256<int> v4, ref Vector256<int> v5, ref Vector256<int> v6, ref Vector256<int> v7)
    {
        Vector256<ulong> p0 = Low(v0, v1), p1 = High(v0, v1), p2 = Low(v2, v3), p3 = High(v2, v3);
        Vector256<ulong> p4 = Low(v4, v5), p5 = High(v4, v5), p6 = Low(v6, v7), p7 = High(v6, v7);
        Vector256<ulong> q0 = Avx2.UnpackLow(p0, p2), q1 = Avx2.UnpackHigh(p0, p2);
        Vector256<ulong> q2 = Avx2.UnpackLow(p1, p3), q3 = Avx2.UnpackHigh(p1, p3);
        Vector256<ulong> q4 = Avx2.UnpackLow(p4, p6), q5 = Avx2.UnpackHigh(p4, p6);
        Vector256<ulong> q6 = Avx2.UnpackLow(p5, p7), q7 = Avx2.UnpackHigh(p5, p7);
        v0 = Avx2.Permute2x128(q0, q4, 0x20).AsInt32();
        v1 = Avx2.Permute2x128(q1, q5, 0x20).AsInt32();
        v2 = Avx2.Permute2x128(q2, q6, 0x20).AsInt32();
        v3 = Avx2.Permute2x128(q3, q7, 0x20).AsInt32();
        v4 = Avx2.Permute2x128(q0, q4, 0x31).AsInt32();
        v5 = Avx2.Permute2x128(q1, q5, 0x31).AsInt32();
        v6 = Avx2.Permute2x128(q2, q6, 0x31).AsInt32();
        v7 = Avx2.Permute2x128(q3, q7, 0x31).AsInt32();
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Low(Vector256<int> x, Vector256<int> y) => Avx2.UnpackLow(x.AsUInt32(), y.AsUInt32()).AsUInt64();

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> High(Vector256<int> x, Vector256<int> y) => Avx2.UnpackHigh(x.AsUInt32(), y.AsUInt32()).AsUInt64();

    /// <summary>
    /// The roots in the order of their use, each as a vector and as the vector of <see cref="Field.Scaled"/>. Root b of the layer with m
    /// roots is entry m + b of <see cref="Zetas"/>; backwards it is entry 2m - 1 - b.
    /// </summary>
    private static int[] LayOut(bool inverse)
    {
        int[] roots = new int[RootSize * (FirstRoots + (4 * LastRoots))];
        int next = 0;
        for (int m = 1; m <= 4; m *= 2)
        {
            for (int b = 0; b < m; b++)
                Add(m, b, 0);
        }

        for (int part = 0; part < 4; part++)
        {
            for (int m = 2; m <= 4; m *= 2)
            {
                for (int b = 0; b < m; b++)
                    Add(4 * m, (m * part) + b, 0);
            }

            // After the transposition, lane n of a vector comes from vector n of the part.
            for (int m = 1; m <= 4; m *= 2)
            {
                for (int b = 0; b < m; b++)
                    Add(32 * m, (8 * m * part) + b, m);
            }
        }

        return roots;

        void Add(int m, int first, int step)
        {
            for (int lane = 0; lane < Width; lane++)
            {
                int index = first + (step * lane);
                int zeta = Zetas[inverse ? (2 * m) - 1 - index : m + index];
                roots[next + lane] = zeta;
                roots[next + Width + lane] = Field.Scaled(zeta);
            }

            next += RootSize;
        }
    }
}
