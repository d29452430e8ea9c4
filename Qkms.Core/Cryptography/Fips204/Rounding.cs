using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips204;

/// <summary>High and low parts of coefficients (FIPS 204, section 7.4), and their size.</summary>
internal static partial class Rounding
{
    /// <summary>FIPS 204, Algorithm 35, for canonical coefficients: t = t₁·2¹³ + t₀ with t₀ in (-2¹², 2¹²].</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Power2Round(RingElement t, RingElement t1, RingElement t0)
    {
        ReadOnlySpan<int> r = t.Coefficients;
        Span<int> high = t1.Coefficients;
        Span<int> low = t0.Coefficients;
        for (int j = 0; j < r.Length; j++)
        {
            int value = r[j];
            int rounded = (value + (1 << (ParameterSet.D - 1)) - 1) >> ParameterSet.D;
            high[j] = rounded;
            low[j] = value - (rounded << ParameterSet.D);
        }
    }

    /// <summary>FIPS 204, Algorithm 37, of canonical coefficients.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void HighBits(Gamma2 gamma2, RingElement element, RingElement high)
    {
        if (Avx2.IsSupported)
            HighBitsVector256(gamma2, element, high);
        else
            HighBitsPlain(gamma2, element, high);
    }

    /// <summary>
    /// Whether the low part (FIPS 204, Algorithm 38) of some canonical coefficient is <paramref name="bound"/> or more in size.
    /// </summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool LowBitsReach(Gamma2 gamma2, RingElement element, int bound) =>
        Avx2.IsSupported ? LowBitsReachVector256(gamma2, element, bound) : LowBitsReachPlain(gamma2, element, bound);

    /// <summary>Whether ‖a‖∞ is <paramref name="bound"/> or more, for coefficients that are centred (FIPS 204, section 2.3).</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool NormReaches(ReadOnlySpan<int> centered, int bound) =>
        Avx2.IsSupported ? NormReachesVector256(centered, bound) : NormReachesPlain(centered, bound);

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void HighBitsPlain(Gamma2 gamma2, RingElement element, RingElement high)
    {
        ReadOnlySpan<int> r = element.Coefficients;
        Span<int> r1 = high.Coefficients;
        for (int j = 0; j < r.Length && j < r1.Length; j++)
            r1[j] = gamma2.Decompose(r[j], out _);
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool LowBitsReachPlain(Gamma2 gamma2, RingElement element, int bound)
    {
        int reached = 0;
        foreach (int r in element.Coefficients)
        {
            gamma2.Decompose(r, out int low);
            reached |= Reaches(low, bound);
        }

        return reached != 0;
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool NormReachesPlain(ReadOnlySpan<int> centered, int bound)
    {
        int reached = 0;
        foreach (int a in centered)
            reached |= Reaches(a, bound);
        return reached != 0;
    }

    /// <summary>
    /// All ones where |a| ≥ bound, else zero; the size by masks, as a comparison of signed values could become a branch on a secret.
    /// </summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Reaches(int a, int bound)
    {
        int sign = a >> 31;
        int size = (a ^ sign) - sign;
        return (bound - 1 - size) >> 31;
    }
}
