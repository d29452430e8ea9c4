using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips203;

/// <summary>Lossy compression (FIPS 203, section 4.2.1) of sixteen coefficients at once, by AVX2.</summary>
internal static partial class Compress
{
    /// <summary>ceil(2³⁰ / q): with a coefficient of twelve bits the product has 31.</summary>
    private const int ShortReciprocal = 322_542;

    /// <summary>Half of 322542·q - 2³⁰ = 494, by which the products are too large, taken from each of them.</summary>
    private const int Excess = 248;

    /// <remarks>
    /// With s = 30 - d, floor((x·322542 + 2^(s-1) - 248) / 2^s) is the rounded quotient for every x below q and each d of the standard; a
    /// test compares all of them. Coefficients are widened and narrowed within halves of vectors, which leaves their order alone.
    /// </remarks>
    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void ApplyVector256(RingElement element, int d)
    {
        ref short f = ref MemoryMarshal.GetReference(element.Coefficients);
        int s = 30 - d;
        var reciprocal = Vector256.Create(ShortReciprocal);
        var half = Vector256.Create((1 << (s - 1)) - Excess);
        var mask = Vector256.Create((1 << d) - 1);
        for (nuint i = 0; i < ParameterSet.N; i += 16)
        {
            Vector256<short> x = Field.Canonical(Vector256.LoadUnsafe(ref f, i));
            Vector256<int> low = Avx2.UnpackLow(x, Vector256<short>.Zero).AsInt32();
            Vector256<int> high = Avx2.UnpackHigh(x, Vector256<short>.Zero).AsInt32();
            low = (((low * reciprocal) + half) >> s) & mask;
            high = (((high * reciprocal) + half) >> s) & mask;
            Avx2.PackSignedSaturate(low, high).StoreUnsafe(ref f, i);
        }
    }

    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void UndoVector256(RingElement element, int d)
    {
        ref short f = ref MemoryMarshal.GetReference(element.Coefficients);

        // Beside each coefficient a 1, which half is multiplied with.
        Vector256<short> factors = Vector256.Create(Field.Q | (1 << (d - 1 + 16))).AsInt16();
        for (nuint i = 0; i < ParameterSet.N; i += 16)
        {
            Vector256<short> y = Vector256.LoadUnsafe(ref f, i);
            Vector256<int> low = Avx2.MultiplyAddAdjacent(Avx2.UnpackLow(y, Vector256<short>.One), factors) >> d;
            Vector256<int> high = Avx2.MultiplyAddAdjacent(Avx2.UnpackHigh(y, Vector256<short>.One), factors) >> d;
            Avx2.PackSignedSaturate(low, high).StoreUnsafe(ref f, i);
        }
    }
}
