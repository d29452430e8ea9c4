using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips204;

/// <summary>The number-theoretic transform and products in its image (FIPS 204, sections 7.5 and 7.6).</summary>
internal static partial class Ntt
{
    /// <summary>
    /// 2⁶⁴/256 modulo q: the factor 256⁻¹ of the inverse transform, and R = 2³² for the product that came before it, in one multiplication.
    /// </summary>
    private const int InverseScale = 41978;

    /// <summary>ζ^BitRev₈(i)·2³² modulo q with ζ = 1753, centred (FIPS 204, Appendix B).</summary>
    private static ReadOnlySpan<int> Zetas =>
    [
        -4186625, 25847, -2608894, -518909, 237124, -777960, -876248, 466468,
        1826347, 2353451, -359251, -2091905, 3119733, -2884855, 3111497, 2680103,
        2725464, 1024112, -1079900, 3585928, -549488, -1119584, 2619752, -2108549,
        -2118186, -3859737, -1399561, -3277672, 1757237, -19422, 4010497, 280005,
        2706023, 95776, 3077325, 3530437, -1661693, -3592148, -2537516, 3915439,
        -3861115, -3043716, 3574422, -2867647, 3539968, -300467, 2348700, -539299,
        -1699267, -1643818, 3505694, -3821735, 3507263, -2140649, -1600420, 3699596,
        811944, 531354, 954230, 3881043, 3900724, -2556880, 2071892, -2797779,
        -3930395, -1528703, -3677745, -3041255, -1452451, 3475950, 2176455, -1585221,
        -1257611, 1939314, -4083598, -1000202, -3190144, -3157330, -3632928, 126922,
        3412210, -983419, 2147896, 2715295, -2967645, -3693493, -411027, -2477047,
        -671102, -1228525, -22981, -1308169, -381987, 1349076, 1852771, -1430430,
        -3343383, 264944, 508951, 3097992, 44288, -1100098, 904516, 3958618,
        -3724342, -8578, 1653064, -3249728, 2389356, -210977, 759969, -1316856,
        189548, -3553272, 3159746, -1851402, -2409325, -177440, 1315589, 1341330,
        1285669, -1584928, -812732, -1439742, -3019102, -3881060, -3628969, 3839961,
        2091667, 3407706, 2316500, 3817976, -3342478, 2244091, -2446433, -3562462,
        266997, 2434439, -1235728, 3513181, -3520352, -3759364, -1197226, -3193378,
        900702, 1859098, 909542, 819034, 495491, -1613174, -43260, -522500,
        -655327, -3122442, 2031748, 3207046, -3556995, -525098, -768622, -3595838,
        342297, 286988, -2437823, 4108315, 3437287, -3342277, 1735879, 203044,
        2842341, 2691481, -2590150, 1265009, 4055324, 1247620, 2486353, 1595974,
        -3767016, 1250494, 2635921, -3548272, -2994039, 1869119, 1903435, -1050970,
        -1333058, 1237275, -3318210, -1430225, -451100, 1312455, 3306115, -1962642,
        -1279661, 1917081, -2546312, -1374803, 1500165, 777191, 2235880, 3406031,
        -542412, -2831860, -1671176, -1846953, -2584293, -3724270, 594136, -3776993,
        -2013608, 2432395, 2454455, -164721, 1957272, 3369112, 185531, -1207385,
        -3183426, 162844, 1616392, 3014001, 810149, 1652634, -3694233, -1799107,
        -3038916, 3523897, 3866901, 269760, 2213111, -975884, 1717735, 472078,
        -426683, 1723600, -1803090, 1910376, -1667432, -1104333, -260646, -3833893,
        -2939036, -2235985, -420899, -2286327, 183443, -976891, 1612842, -3545687,
        -554416, 3919660, -48306, -1362209, 3937738, 1400424, -846154, 1976782,
    ];

    /// <summary>FIPS 204, Algorithm 41, in place.</summary>
    /// <remarks>
    /// Bounds: coefficients enter with |a| &lt; q. Each of the eight layers adds a product in (-q, q), so they leave
    /// with |a| &lt; 9q &lt; 2²⁷.
    /// </remarks>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static NttElement Forward(RingElement element) => Avx2.IsSupported ? ForwardVector256(element) : ForwardPlain(element);

    /// <summary><see cref="Forward"/> as the standard writes it.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static NttElement ForwardPlain(RingElement element)
    {
        Span<int> w = element.Coefficients;
        ReadOnlySpan<int> zetas = Zetas;
        int m = 1;
        for (int length = 128; length >= 1; length >>= 1)
        {
            for (int start = 0; start < w.Length; start += 2 * length)
            {
                int zeta = zetas[m++];
                Span<int> low = w.Slice(start, length);
                Span<int> high = w.Slice(start + length, length);
                for (int j = 0; j < low.Length && j < high.Length; j++)
                {
                    int t = Field.MontgomeryMultiply(high[j], zeta);
                    high[j] = low[j] - t;
                    low[j] += t;
                }
            }
        }

        return new NttElement(w);
    }

    /// <summary>
    /// FIPS 204, Algorithm 42, in place, of an element that carries the factor 2⁻³² of <see cref="Products.Reduce"/>; leaves coefficients
    /// in [0, q).
    /// </summary>
    /// <remarks>
    /// Bounds: coefficients enter in (-q, q). Sums double in each of the eight layers and are never reduced: at most 256q = 2,145,386,752
    /// &lt; 2³¹. A difference is below 256q in size as well, and its product with |ζ| ≤ q/2 below 128q² &lt; q·2³¹.
    /// </remarks>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static RingElement Inverse(NttElement element) => Avx2.IsSupported ? InverseVector256(element) : InversePlain(element);

    /// <summary><see cref="Inverse"/> as the standard writes it.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static RingElement InversePlain(NttElement element)
    {
        Span<int> w = element.Coefficients;
        ReadOnlySpan<int> zetas = Zetas;
        int m = 255;
        for (int length = 1; length <= 128; length <<= 1)
        {
            for (int start = 0; start < w.Length; start += 2 * length)
            {
                int zeta = zetas[m--];
                Span<int> low = w.Slice(start, length);
                Span<int> high = w.Slice(start + length, length);
                for (int j = 0; j < low.Length && j < high.Length; j++)
                {
                    int t = low[j];
                    low[j] = t + high[j];
                    high[j] = Field.MontgomeryMultiply(high[j] - t, zeta);
                }
            }
        }

        for (int j = 0; j < w.Length; j++)
            w[j] = Field.Canonical(Field.MontgomeryMultiply(w[j], InverseScale));

        return new RingElement(w);
    }
}
