using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips204;

/// <summary>Arithmetic modulo q (FIPS 204, section 2.3) on eight coefficients at once, by AVX2.</summary>
/// <remarks>
/// Each method computes the same representatives as the one of the same name for one coefficient, and has its bounds. Products of 64 bits
/// are made for the even and for the odd coefficients apart.
/// </remarks>
internal static partial class Field
{
    /// <summary>a·b·2⁻³² modulo q, in (-q, q), with a factor that is used often.</summary>
    /// <param name="a">Any 32-bit numbers.</param>
    /// <param name="b">|b| &lt; q.</param>
    /// <param name="bScaled"><see cref="Scaled"/> of b.</param>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<int> MontgomeryMultiply(Vector256<int> a, Vector256<int> b, Vector256<int> bScaled) =>
        Quotient(Avx2.Multiply(a, b), Avx2.Multiply(Odd(a), Odd(b)), a * bScaled);

    /// <summary>The same with a factor that is used once.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<int> MontgomeryMultiply(Vector256<int> a, Vector256<int> b) =>
        Quotient(Avx2.Multiply(a, b), Avx2.Multiply(Odd(a), Odd(b)), a * b * Vector256.Create(QInverse));

    /// <summary>Reduces sums of products, the even coefficients' and the odd ones'; as <see cref="MontgomeryReduce(long)"/>.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<int> MontgomeryReduce(Vector256<long> even, Vector256<long> odd) =>
        Quotient(even, odd, Avx2.Blend(even.AsInt32(), (odd << 32).AsInt32(), 0xAA) * Vector256.Create(QInverse));

    /// <summary>b·q⁻¹ modulo 2³².</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Scaled(int b) => unchecked(b * QInverse);

    /// <summary>The representatives in [0, q).</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<int> Canonical(Vector256<int> a)
    {
        Vector256<int> t = (a + Vector256.Create(1 << 22)) >> 23;
        Vector256<int> reduced = a - (t * Vector256.Create(Q));
        return reduced + ((reduced >> 31) & Vector256.Create(Q));
    }

    /// <summary>a mod± q of canonical a.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<int> Centered(Vector256<int> a) =>
        a - (((Vector256.Create((Q - 1) >> 1) - a) >> 31) & Vector256.Create(Q));

    /// <summary>(product - t·q) / 2³², which is exact.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Quotient(Vector256<long> even, Vector256<long> odd, Vector256<int> t)
    {
        var q = Vector256.Create(Q);
        Vector256<long> evenDifference = even - Avx2.Multiply(t, q);
        Vector256<long> oddDifference = odd - Avx2.Multiply(Odd(t), q);
        return Avx2.Blend((evenDifference >>> 32).AsInt32(), oddDifference.AsInt32(), 0xAA);
    }

    /// <summary>The odd coefficients, where a multiplication of the even ones looks for them.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<int> Odd(Vector256<int> a) => (a.AsInt64() >>> 32).AsInt32();
}
