using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips204;

/// <summary>Sums and differences of elements (FIPS 204, section 2.3), eight coefficients at once where there is AVX2, else one.</summary>
internal static class Sums
{
    /// <summary>sum += term, reduced to [0, q).</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Add(RingElement sum, RingElement term)
    {
        ref int f = ref MemoryMarshal.GetReference(sum.Coefficients);
        ref int g = ref MemoryMarshal.GetReference(term.Coefficients);
        nuint j = 0;
        for (; Avx2.IsSupported && j < ParameterSet.N; j += 8)
            Field.Canonical(Vector256.LoadUnsafe(ref f, j) + Vector256.LoadUnsafe(ref g, j)).StoreUnsafe(ref f, j);
        for (; j < ParameterSet.N; j++)
            Unsafe.Add(ref f, j) = Field.Canonical(Unsafe.Add(ref f, j) + Unsafe.Add(ref g, j));
    }

    /// <summary>difference -= term, reduced to [0, q).</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Subtract(RingElement difference, RingElement term)
    {
        ref int f = ref MemoryMarshal.GetReference(difference.Coefficients);
        ref int g = ref MemoryMarshal.GetReference(term.Coefficients);
        nuint j = 0;
        for (; Avx2.IsSupported && j < ParameterSet.N; j += 8)
            Field.Canonical(Vector256.LoadUnsafe(ref f, j) - Vector256.LoadUnsafe(ref g, j)).StoreUnsafe(ref f, j);
        for (; j < ParameterSet.N; j++)
            Unsafe.Add(ref f, j) = Field.Canonical(Unsafe.Add(ref f, j) - Unsafe.Add(ref g, j));
    }

    /// <summary>sum = left + right, centred.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void AddCentered(RingElement left, RingElement right, RingElement sum)
    {
        ref int f = ref MemoryMarshal.GetReference(left.Coefficients);
        ref int g = ref MemoryMarshal.GetReference(right.Coefficients);
        ref int h = ref MemoryMarshal.GetReference(sum.Coefficients);
        nuint j = 0;
        for (; Avx2.IsSupported && j < ParameterSet.N; j += 8)
            Field.Centered(Field.Canonical(Vector256.LoadUnsafe(ref f, j) + Vector256.LoadUnsafe(ref g, j))).StoreUnsafe(ref h, j);
        for (; j < ParameterSet.N; j++)
            Unsafe.Add(ref h, j) = Field.Centered(Field.Canonical(Unsafe.Add(ref f, j) + Unsafe.Add(ref g, j)));
    }

    /// <summary>Centres canonical coefficients.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Center(RingElement element)
    {
        ref int f = ref MemoryMarshal.GetReference(element.Coefficients);
        nuint j = 0;
        for (; Avx2.IsSupported && j < ParameterSet.N; j += 8)
            Field.Centered(Vector256.LoadUnsafe(ref f, j)).StoreUnsafe(ref f, j);
        for (; j < ParameterSet.N; j++)
            Unsafe.Add(ref f, j) = Field.Centered(Unsafe.Add(ref f, j));
    }
}
