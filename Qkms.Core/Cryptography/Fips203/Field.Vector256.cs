using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips203;

/// <summary>Arithmetic modulo q (FIPS 203, section 2.4.1) on sixteen coefficients at once, by AVX2.</summary>
/// <remarks>Each method computes the same representatives as the one of the same name for one coefficient, and has its bounds.</remarks>
internal static partial class Field
{
    /// <summary>a·b·2⁻¹⁶ modulo q, in (-q, q).</summary>
    /// <param name="a">Any 16-bit numbers.</param>
    /// <param name="b">|b| ≤ q.</param>
    /// <param name="bScaled"><see cref="Scaled"/> of b.</param>
    /// <remarks>The low halves of a·b and t·q are equal, so the difference of the high halves is the quotient.</remarks>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<short> MontgomeryMultiply(Vector256<short> a, Vector256<short> b, Vector256<short> bScaled) =>
        Avx2.MultiplyHigh(a, b) - Avx2.MultiplyHigh(a * bScaled, Vector256.Create((short)Q));

    /// <summary>
    /// b·q⁻¹ modulo 2¹⁶, which <see cref="MontgomeryMultiply(Vector256{short}, Vector256{short}, Vector256{short})"/> needs.
    /// </summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static short Scaled(short b) => unchecked((short)(b * QInverse));

    /// <summary>Reduces sums of products, the even coefficients' and the odd ones'; as <see cref="MontgomeryReduce(int)"/>.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<short> MontgomeryReduce(Vector256<int> even, Vector256<int> odd)
    {
        Vector256<short> low = Avx2.Blend(even.AsInt16(), (odd << 16).AsInt16(), 0xAA);
        Vector256<short> high = Avx2.Blend((even >>> 16).AsInt16(), odd.AsInt16(), 0xAA);
        Vector256<short> t = low * Vector256.Create((short)QInverse);
        return high - Avx2.MultiplyHigh(t, Vector256.Create((short)Q));
    }

    /// <summary>Multiplies by R = 2¹⁶.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<short> ToMontgomery(Vector256<short> a) =>
        MontgomeryMultiply(a, Vector256.Create((short)RSquared), Vector256.Create(Scaled(RSquared)));

    /// <summary>The representative in [-(q-1)/2, (q-1)/2]; the two shifts by 16 and 10 are the one by 26.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<short> BarrettReduce(Vector256<short> a)
    {
        Vector256<short> high = Avx2.MultiplyHigh(a, Vector256.Create((short)BarrettMultiplier));
        Vector256<short> quotient = (high + Vector256.Create((short)(1 << 9))) >> 10;
        return a - (quotient * Vector256.Create((short)Q));
    }

    /// <summary>The representative in [0, q).</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<short> Canonical(Vector256<short> a)
    {
        Vector256<short> reduced = BarrettReduce(a);
        return reduced + ((reduced >> 15) & Vector256.Create((short)Q));
    }
}
