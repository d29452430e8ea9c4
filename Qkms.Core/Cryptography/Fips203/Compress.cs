using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips203;

/// <summary>Lossy compression of coefficients (FIPS 203, section 4.2.1, equations 4.7 and 4.8).</summary>
internal static partial class Compress
{
    /// <summary>ceil(2³⁶ / q).</summary>
    private const ulong QReciprocal = 20_642_679;

    /// <summary>round(2^d/q · x) modulo 2^d for every coefficient, which may be any 16-bit representative.</summary>
    /// <remarks>
    /// Rounding is floor((2^d·x + (q-1)/2) / q), as q is odd and there are no ties. With n = 2^d·x + 1664 &lt; 2²³ (d ≤ 11) and
    /// e = 20642679·q - 2³⁶ = 1655, the quotient floor(n·20642679 / 2³⁶) is exact because n·e &lt; 2³⁴ &lt; 2³⁶.
    /// </remarks>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Apply(RingElement element, int d)
    {
        if (Avx2.IsSupported)
            ApplyVector256(element, d);
        else
            ApplyPlain(element, d);
    }

    /// <summary>round(q/2^d · y) for every coefficient y in [0, 2^d); the result is in [0, q).</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Undo(RingElement element, int d)
    {
        if (Avx2.IsSupported)
            UndoVector256(element, d);
        else
            UndoPlain(element, d);
    }

    /// <summary><see cref="Apply"/> with the formula of its remarks.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void ApplyPlain(RingElement element, int d)
    {
        Span<short> f = element.Coefficients;
        int mask = (1 << d) - 1;
        for (int i = 0; i < f.Length; i++)
        {
            ulong n = ((ulong)(uint)Field.Canonical(f[i]) << d) + ((Field.Q - 1) >> 1);
            f[i] = (short)((int)((n * QReciprocal) >> 36) & mask);
        }
    }

    /// <summary><see cref="Undo"/>, half being added before the division by 2^d.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void UndoPlain(RingElement element, int d)
    {
        Span<short> f = element.Coefficients;
        int half = 1 << (d - 1);
        for (int i = 0; i < f.Length; i++)
            f[i] = (short)(((f[i] * Field.Q) + half) >> d);
    }
}
