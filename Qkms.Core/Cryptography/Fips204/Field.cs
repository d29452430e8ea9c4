using System.Runtime.CompilerServices;

namespace Qkms.Core.Cryptography.Fips204;

/// <summary>
/// Arithmetic modulo q = 8380417 = 2²³ - 2¹³ + 1 (FIPS 204, section 2.3) on signed 32-bit representatives, without
/// branch and without division.
/// </summary>
/// <remarks>
/// These methods are inlined into their callers, which carry <see cref="MethodImplOptions.AggressiveOptimization"/>; a method cannot ask
/// for both. Called unoptimised they are still only multiplications, shifts and additions.
/// </remarks>
internal static partial class Field
{
    internal const int Q = 8380417;

    /// <summary>q⁻¹ modulo 2³².</summary>
    private const int QInverse = 58728449;

    /// <summary>a·2⁻³² modulo q, in (-q, q) (FIPS 204, Algorithm 49).</summary>
    /// <remarks>
    /// Bound: |a| &lt; q·2³¹. Then |a - t·q| &lt; 2³²·q because |t| ≤ 2³¹, and the low 32 bits of the difference are zero.
    /// </remarks>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int MontgomeryReduce(long a)
    {
        unchecked
        {
            int t = (int)a * QInverse;
            return (int)((a - ((long)t * Q)) >> 32);
        }
    }

    /// <summary>a·b·2⁻³² modulo q, in (-q, q).</summary>
    /// <remarks>Bound: any 32-bit a with |b| &lt; q.</remarks>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int MontgomeryMultiply(int a, int b) => MontgomeryReduce((long)a * b);

    /// <summary>The representative in [0, q).</summary>
    /// <remarks>
    /// Bound: |a| ≤ 2³¹ - 2²². With t = round(a / 2²³), |t| ≤ 256, the difference a - t·q is (a - t·2²³) + t·(2¹³ - 1), at most
    /// 2²² + 2²¹ &lt; q in size, so that one masked addition makes it canonical.
    /// </remarks>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Canonical(int a)
    {
        int t = (a + (1 << 22)) >> 23;
        int reduced = a - (t * Q);
        return reduced + ((reduced >> 31) & Q);
    }

    /// <summary>a mod± q: the representative in [-(q-1)/2, (q-1)/2] of a canonical a.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Centered(int a) => a - (((((Q - 1) >> 1) - a) >> 31) & Q);
}
