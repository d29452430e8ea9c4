using System.Runtime.CompilerServices;

namespace Qkms.Core.Cryptography.Fips203;

/// <summary>
/// Arithmetic modulo q = 3329 (FIPS 203, section 2.4.1) on signed 16-bit representatives, without branch and without division.
/// </summary>
/// <remarks>
/// These methods are inlined into their callers, which carry <see cref="MethodImplOptions.AggressiveOptimization"/>; a method cannot ask
/// for both. Called unoptimised they are still only multiplications, shifts and additions.
/// </remarks>
internal static partial class Field
{
    internal const int Q = 3329;

    /// <summary>q⁻¹ modulo 2¹⁶, as a signed number.</summary>
    private const int QInverse = -3327;

    /// <summary>round(2²⁶ / q).</summary>
    private const int BarrettMultiplier = 20159;

    /// <summary>2³² modulo q: one Montgomery multiplication by it multiplies by R = 2¹⁶.</summary>
    private const int RSquared = 1353;

    /// <summary>a·2⁻¹⁶ modulo q, in (-q, q).</summary>
    /// <remarks>Bound: |a| ≤ q·2¹⁵. Then |a - t·q| &lt; 2¹⁶·q because |t| ≤ 2¹⁵, and the low 16 bits of the difference are zero.</remarks>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static short MontgomeryReduce(int a)
    {
        unchecked
        {
            short t = (short)(a * QInverse);
            return (short)((a - (t * Q)) >> 16);
        }
    }

    /// <summary>a·b·2⁻¹⁶ modulo q, in (-q, q).</summary>
    /// <remarks>Bound: any 16-bit a with |b| ≤ q, so that |a·b| ≤ q·2¹⁵.</remarks>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static short MontgomeryMultiply(short a, short b) => MontgomeryReduce(a * b);

    /// <summary>Multiplies by R = 2¹⁶, which takes back the factor that <see cref="MontgomeryReduce(int)"/> left; in (-q, q).</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static short ToMontgomery(short a) => MontgomeryReduce(a * RSquared);

    /// <summary>The representative of a in [-(q-1)/2, (q-1)/2], for any 16-bit a.</summary>
    /// <remarks>
    /// |20159·a + 2²⁵| &lt; 2³¹, and the quotient is exact to the nearest integer for |a| ≤ 2¹⁵ (shown for every a by a test).
    /// </remarks>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static short BarrettReduce(short a)
    {
        int quotient = ((BarrettMultiplier * a) + (1 << 25)) >> 26;
        return unchecked((short)(a - (quotient * Q)));
    }

    /// <summary>The representative in [0, q) of any 16-bit a.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static short Canonical(short a)
    {
        int reduced = BarrettReduce(a);
        return (short)(reduced + ((reduced >> 31) & Q));
    }
}
