using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Qkms.Core.Cryptography.Fips204;

/// <summary>High and low parts (FIPS 204, section 7.4) of eight coefficients at once, by AVX2.</summary>
internal static partial class Rounding
{
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void HighBitsVector256(Gamma2 gamma2, RingElement element, RingElement high)
    {
        ref int r = ref MemoryMarshal.GetReference(element.Coefficients);
        ref int r1 = ref MemoryMarshal.GetReference(high.Coefficients);
        for (nuint j = 0; j < ParameterSet.N; j += 8)
            gamma2.Decompose(Vector256.LoadUnsafe(ref r, j), out _).StoreUnsafe(ref r1, j);
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool LowBitsReachVector256(Gamma2 gamma2, RingElement element, int bound)
    {
        ref int r = ref MemoryMarshal.GetReference(element.Coefficients);
        Vector256<int> reached = Vector256<int>.Zero;
        for (nuint j = 0; j < ParameterSet.N; j += 8)
        {
            gamma2.Decompose(Vector256.LoadUnsafe(ref r, j), out Vector256<int> low);
            reached |= Reaches(low, bound);
        }

        return reached.ExtractMostSignificantBits() != 0;
    }

    /// <summary>Coefficients after the last whole vector are looked at one by one; the engine's elements have none.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool NormReachesVector256(ReadOnlySpan<int> centered, int bound)
    {
        Vector256<int> reached = Vector256<int>.Zero;
        for (; centered.Length >= 8; centered = centered[8..])
            reached |= Reaches(Vector256.Create(centered), bound);
        int rest = 0;
        foreach (int a in centered)
            rest |= Reaches(a, bound);
        return (reached.ExtractMostSignificantBits() | (uint)rest) != 0;
    }

    /// <summary>All ones where |a| ≥ bound, else zero.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Reaches(Vector256<int> a, int bound) => (Vector256.Create(bound - 1) - Vector256.Abs(a)) >> 31;
}
