using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips203;

/// <summary>The number-theoretic transform and products in its image (FIPS 203, section 4.3).</summary>
internal static partial class Ntt
{
    /// <summary>
    /// 2³²/128 modulo q: the factor 128⁻¹ of the inverse transform, and R for the product that came before it, in one multiplication.
    /// </summary>
    private const short InverseScale = 1441;

    /// <summary>ζ^BitRev₇(i)·2¹⁶ modulo q with ζ = 17, centred (FIPS 203, Appendix A).</summary>
    internal static ReadOnlySpan<short> Zetas =>
    [
        -1044, -758, -359, -1517, 1493, 1422, 287, 202, -171, 622, 1577, 182, 962, -1202, -1474, 1468,
        573, -1325, 264, 383, -829, 1458, -1602, -130, -681, 1017, 732, 608, -1542, 411, -205, -1571,
        1223, 652, -552, 1015, -1293, 1491, -282, -1544, 516, -8, -320, -666, -1618, -1162, 126, 1469,
        -853, -90, -271, 830, 107, -1421, -247, -951, -398, 961, -1508, -725, 448, -1065, 677, -1275,
        -1103, 430, 555, 843, -1251, 871, 1550, 105, 422, 587, 177, -235, -291, -460, 1574, 1653,
        -246, 778, 1159, -147, -777, 1483, -602, 1119, -1590, 644, -872, 349, 418, 329, -156, -75,
        817, 1097, 603, 610, 1322, -1285, -1465, 384, -1215, -136, 1218, -1335, -874, 220, -1187, -1659,
        -1185, -1530, -1278, 794, -1510, -854, -870, 478, -108, -308, 996, 991, 958, -1460, 1522, 1628,
    ];

    /// <summary>FIPS 203, Algorithm 9, in place.</summary>
    /// <remarks>
    /// Bounds: coefficients enter with |a| ≤ q. Each of the seven layers adds a product in (-q, q), so |a| &lt; 8q = 26632 &lt; 2¹⁵
    /// throughout; they leave in [-(q-1)/2, (q-1)/2].
    /// </remarks>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static NttElement Forward(RingElement element) => Avx2.IsSupported ? ForwardVector256(element) : ForwardPlain(element);

    /// <summary><see cref="Forward"/> as the standard writes it.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static NttElement ForwardPlain(RingElement element)
    {
        Span<short> f = element.Coefficients;
        ReadOnlySpan<short> zetas = Zetas;
        int i = 1;
        for (int length = 128; length >= 2; length >>= 1)
        {
            for (int start = 0; start < f.Length; start += 2 * length)
            {
                short zeta = zetas[i++];
                Span<short> low = f.Slice(start, length);
                Span<short> high = f.Slice(start + length, length);
                for (int j = 0; j < low.Length && j < high.Length; j++)
                {
                    short t = Field.MontgomeryMultiply(high[j], zeta);
                    high[j] = (short)(low[j] - t);
                    low[j] = (short)(low[j] + t);
                }
            }
        }

        for (int j = 0; j < f.Length; j++)
            f[j] = Field.BarrettReduce(f[j]);

        return new NttElement(f);
    }

    /// <summary>FIPS 203, Algorithm 10, in place, of an element that carries the factor 2⁻¹⁶ of <see cref="Products.Sum"/>.</summary>
    /// <remarks>
    /// Bounds: coefficients enter in (-q, q). Sums double in each layer and are reduced in every third one, the layers of 8 and 64: before,
    /// sums and differences are below 8q = 26632 &lt; 2¹⁵ in size. They leave in (-q, q).
    /// </remarks>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static RingElement Inverse(NttElement element) => Avx2.IsSupported ? InverseVector256(element) : InversePlain(element);

    /// <summary><see cref="Inverse"/> as the standard writes it.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static RingElement InversePlain(NttElement element)
    {
        Span<short> f = element.Coefficients;
        ReadOnlySpan<short> zetas = Zetas;
        int i = 127;
        for (int length = 2; length <= 128; length <<= 1)
        {
            bool reduces = length is 8 or 64;
            for (int start = 0; start < f.Length; start += 2 * length)
            {
                short zeta = zetas[i--];
                Span<short> low = f.Slice(start, length);
                Span<short> high = f.Slice(start + length, length);
                for (int j = 0; j < low.Length && j < high.Length; j++)
                {
                    short t = low[j];
                    short sum = (short)(t + high[j]);
                    low[j] = reduces ? Field.BarrettReduce(sum) : sum;
                    high[j] = Field.MontgomeryMultiply((short)(high[j] - t), zeta);
                }
            }
        }

        for (int j = 0; j < f.Length; j++)
            f[j] = Field.MontgomeryMultiply(f[j], InverseScale);

        return new RingElement(f);
    }
}
