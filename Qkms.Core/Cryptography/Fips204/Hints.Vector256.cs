using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Qkms.Core.Cryptography.Fips204;

/// <summary>Hints (FIPS 204, Algorithms 39 and 40) of eight coefficients at once, by AVX2.</summary>
internal static partial class Hints
{
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int MakeVector256(Gamma2 gamma2, RingElement without, RingElement with)
    {
        ref int v = ref MemoryMarshal.GetReference(without.Coefficients);
        ref int r = ref MemoryMarshal.GetReference(with.Coefficients);
        Vector256<int> ones = Vector256<int>.Zero;
        for (nuint j = 0; j < ParameterSet.N; j += 8)
        {
            Vector256<int> before = gamma2.Decompose(Vector256.LoadUnsafe(ref v, j), out _);
            Vector256<int> after = gamma2.Decompose(Vector256.LoadUnsafe(ref r, j), out _);
            Vector256<int> one = ~Vector256.Equals(before, after) & Vector256<int>.One;
            one.StoreUnsafe(ref r, j);
            ones += one;
        }

        return Vector256.Sum(ones);
    }

    /// <remarks>
    /// Where there is a hint, the high part moves by one to the side of the low part, from 0 to m - 1 and from there to 0.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void UseVector256(Gamma2 gamma2, RingElement hint, RingElement element)
    {
        ref int h = ref MemoryMarshal.GetReference(hint.Coefficients);
        ref int r = ref MemoryMarshal.GetReference(element.Coefficients);
        var count = Vector256.Create(gamma2.Count);
        for (nuint j = 0; j < ParameterSet.N; j += 8)
        {
            Vector256<int> high = gamma2.Decompose(Vector256.LoadUnsafe(ref r, j), out Vector256<int> low);

            // 1 where the low part is positive, else -1, and 0 where there is no hint.
            Vector256<int> side = (-Vector256.GreaterThan(low, Vector256<int>.Zero) << 1) - Vector256<int>.One;
            Vector256<int> moved = high + (side & -Vector256.LoadUnsafe(ref h, j));
            moved += (moved >> 31) & count;
            Vector256.AndNot(moved, Vector256.Equals(moved, count)).StoreUnsafe(ref r, j);
        }
    }
}
