using System.Runtime.CompilerServices;

namespace Qkms.Core.Cryptography.Fips204;

/// <summary>One of the two widths γ₂, with the constant that divides by α = 2γ₂.</summary>
/// <param name="Value">γ₂.</param>
/// <param name="Count">m = (q - 1)/α: high parts are in [0, m).</param>
/// <param name="HighBits">Bits of a high part: bitlen(m - 1).</param>
/// <param name="Reciprocal">ceil(2⁴⁴/α).</param>
internal sealed partial record Gamma2(int Value, int Count, int HighBits, ulong Reciprocal)
{
    internal static readonly Gamma2 QMinus1Over88 = new(Value: 95232, Count: 44, HighBits: 6, Reciprocal: 92_364_889);

    internal static readonly Gamma2 QMinus1Over32 = new(Value: 261888, Count: 16, HighBits: 4, Reciprocal: 33_587_233);

    /// <summary>FIPS 204, Algorithm 36, for canonical <paramref name="r"/>, without branch and without division.</summary>
    /// <remarks>
    /// High part: r₁ = floor((r + γ₂ - 1)/α) makes r - r₁·α fall into (-γ₂, γ₂]. With n = r + γ₂ - 1 &lt; q + γ₂ and e = Reciprocal·α - 2⁴⁴
    /// (174080 and 507392), floor(n·Reciprocal / 2⁴⁴) is exact because n·e &lt; 2⁴⁴. Where r₁ = m, so that r - r₀ = q - 1, the high part
    /// becomes 0 and the low part loses one.
    /// </remarks>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int Decompose(int r, out int low)
    {
        int high = (int)(((ulong)(uint)(r + Value - 1) * Reciprocal) >> 44);
        int wraps = (Count - 1 - high) >> 31;
        low = r - (high * 2 * Value) + wraps;
        return high & ~wraps;
    }
}
