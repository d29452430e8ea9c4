using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips203;

/// <summary>Sums and differences of elements (FIPS 203, section 2.4.5), coefficient by coefficient.</summary>
/// <remarks>
/// One text for all paths: <see cref="Vector256"/> is one instruction where the machine has it, and a loop where it has not.
/// </remarks>
internal static class Sums
{
    /// <summary>sum += term, without reducing.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Add(RingElement sum, RingElement term)
    {
        ref short f = ref MemoryMarshal.GetReference(sum.Coefficients);
        ref short g = ref MemoryMarshal.GetReference(term.Coefficients);
        for (nuint j = 0; j < ParameterSet.N; j += 16)
            (Vector256.LoadUnsafe(ref f, j) + Vector256.LoadUnsafe(ref g, j)).StoreUnsafe(ref f, j);
    }

    /// <summary>difference -= term, without reducing.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Subtract(RingElement difference, RingElement term)
    {
        ref short f = ref MemoryMarshal.GetReference(difference.Coefficients);
        ref short g = ref MemoryMarshal.GetReference(term.Coefficients);
        for (nuint j = 0; j < ParameterSet.N; j += 16)
            (Vector256.LoadUnsafe(ref f, j) - Vector256.LoadUnsafe(ref g, j)).StoreUnsafe(ref f, j);
    }

    /// <summary>Takes back the factor 2⁻¹⁶ of a sum of products, adds an element and reduces to [0, q).</summary>
    /// <remarks>A product in (-q, q) and a term in [-(q-1)/2, (q-1)/2] add up to less than 2q in size.</remarks>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void AddToProduct(NttElement product, NttElement term)
    {
        Span<short> f = product.Coefficients;
        ReadOnlySpan<short> g = term.Coefficients;
        int j = 0;
        for (; Avx2.IsSupported && j < f.Length; j += Vector256<short>.Count)
            Field.Canonical(Field.ToMontgomery(Vector256.Create<short>(f[j..])) + Vector256.Create(g[j..])).CopyTo(f[j..]);
        for (; j < f.Length; j++)
            f[j] = Field.Canonical((short)(Field.ToMontgomery(f[j]) + g[j]));
    }
}
