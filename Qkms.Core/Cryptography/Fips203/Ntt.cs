using System.Runtime.CompilerServices;

namespace Qkms.Core.Cryptography.Fips203;

/// <summary>The number-theoretic transform and products in its image (FIPS 203, section 4.3).</summary>
internal static class Ntt
{
    /// <summary>
    /// 2³²/128 modulo q: the factor 128⁻¹ of the inverse transform, and R for the product that came before it, in one multiplication.
    /// </summary>
    private const short InverseScale = 1441;

    /// <summary>ζ^BitRev₇(i)·2¹⁶ modulo q with ζ = 17, centred (FIPS 203, Appendix A).</summary>
    private static ReadOnlySpan<short> Zetas =>
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
    internal static NttElement Forward(RingElement element)
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

    /// <summary>FIPS 203, Algorithm 10, in place, of an element that carries the factor 2⁻¹⁶ of <see cref="Reduce"/>.</summary>
    /// <remarks>
    /// Bounds: coefficients enter in (-q, q). The sums are reduced in every layer; a difference of two values below q in size stays below
    /// 2q &lt; 2¹⁵. They leave in (-q, q).
    /// </remarks>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static RingElement Inverse(NttElement element)
    {
        Span<short> f = element.Coefficients;
        ReadOnlySpan<short> zetas = Zetas;
        int i = 127;
        for (int length = 2; length <= 128; length <<= 1)
        {
            for (int start = 0; start < f.Length; start += 2 * length)
            {
                short zeta = zetas[i--];
                Span<short> low = f.Slice(start, length);
                Span<short> high = f.Slice(start + length, length);
                for (int j = 0; j < low.Length && j < high.Length; j++)
                {
                    short t = low[j];
                    low[j] = Field.BarrettReduce((short)(t + high[j]));
                    high[j] = Field.MontgomeryMultiply((short)(high[j] - t), zeta);
                }
            }
        }

        for (int j = 0; j < f.Length; j++)
            f[j] = Field.MontgomeryMultiply(f[j], InverseScale);

        return new RingElement(f);
    }

    /// <summary>Adds the product of two elements to <paramref name="sum"/> without reducing (FIPS 203, Algorithms 11 and 12).</summary>
    /// <remarks>
    /// Bounds: coefficients of both in [-q, q]. Each call adds two products of at most q² to every entry; after at most four calls (k ≤ 4)
    /// an entry is at most 8q² = 88,657,928 &lt; q·2¹⁵ = 109,084,672, which is what <see cref="Reduce"/> accepts.
    /// The pair i is multiplied modulo X² - γ with γ = ζ^(2·BitRev₇(i)+1): these are +ζ and -ζ in turn for the last
    /// 64 entries of the table.
    /// </remarks>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MultiplyAdd(Span<int> sum, NttElement left, NttElement right)
    {
        sum = sum[..ParameterSet.N];
        ReadOnlySpan<short> a = left.Coefficients;
        ReadOnlySpan<short> b = right.Coefficients;
        ReadOnlySpan<short> zetas = Zetas[64..];
        for (int i = 0; i < zetas.Length; i++)
        {
            int j = 4 * i;
            short zeta = zetas[i];
            sum[j] += (a[j] * b[j]) + (Field.MontgomeryMultiply(a[j + 1], zeta) * b[j + 1]);
            sum[j + 1] += (a[j] * b[j + 1]) + (a[j + 1] * b[j]);
            sum[j + 2] += (a[j + 2] * b[j + 2]) - (Field.MontgomeryMultiply(a[j + 3], zeta) * b[j + 3]);
            sum[j + 3] += (a[j + 2] * b[j + 3]) + (a[j + 3] * b[j + 2]);
        }
    }

    /// <summary>Reduces a sum of products to an element that carries the factor 2⁻¹⁶, and zeroes the sum for the next use.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static NttElement Reduce(Span<int> sum, Span<short> destination)
    {
        sum = sum[..ParameterSet.N];
        destination = destination[..ParameterSet.N];
        for (int j = 0; j < sum.Length && j < destination.Length; j++)
        {
            destination[j] = Field.MontgomeryReduce(sum[j]);
            sum[j] = 0;
        }

        return new NttElement(destination);
    }
}
