using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Qkms.Core.Cryptography.Fips203;

/// <summary>Sums and differences of elements (FIPS 203, section 2.4.5), coefficient by coefficient.</summary>
/// <remarks>There is one path: <see cref="Vector256"/> is one instruction where the machine has it, and a loop where it has not.</remarks>
internal static class Sums
{
    /// <summary>sum += term, without reducing.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Add(RingElement sum, RingElement term)
    {
        Span<short> f = sum.Coefficients;
        ReadOnlySpan<short> g = term.Coefficients;
        for (int j = 0; j < f.Length; j += Vector256<short>.Count)
            (Vector256.Create<short>(f[j..]) + Vector256.Create(g[j..])).CopyTo(f[j..]);
    }

    /// <summary>difference -= term, without reducing.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Subtract(RingElement difference, RingElement term)
    {
        Span<short> f = difference.Coefficients;
        ReadOnlySpan<short> g = term.Coefficients;
        for (int j = 0; j < f.Length; j += Vector256<short>.Count)
            (Vector256.Create<short>(f[j..]) - Vector256.Create(g[j..])).CopyTo(f[j..]);
    }

    /// <summary>Takes back the factor 2⁻¹⁶ of a sum of products, adds an element and reduces to [0, q).</summary>
    /// <remarks>A product in (-q, q) and a term in [-(q-1)/2, (q-1)/2] add up to less than 2q in size.</remarks>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void AddToProduct(NttElement product, NttElement term)
    {
        Span<short> f = product.Coefficients;
        ReadOnlySpan<short> g = term.Coefficients;
        for (int j = 0; j < f.Length; j++)
            f[j] = Field.Canonical((short)(Field.ToMontgomery(f[j]) + g[j]));
    }
}
