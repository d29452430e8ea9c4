using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips203;

/// <summary>Products in the image of the transform (FIPS 203, section 4.3.1), summed over a row or column of the matrix.</summary>
internal static partial class Products
{
    /// <summary>Lays out every element of a vector as a factor; coefficients in [-q, q] become such in [-q, q].</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Prepare(NttVector vector, FactorVector factors)
    {
        for (int i = 0; i < vector.Count; i++)
        {
            if (Avx2.IsSupported)
                PrepareVector256(vector[i], factors[i]);
            else
                PreparePlain(vector[i], factors[i]);
        }
    }

    /// <summary>Writes the elements of which factors were prepared.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Restore(FactorVector factors, NttVector vector)
    {
        for (int i = 0; i < factors.Count; i++)
        {
            ReadOnlySpan<short> swapped = factors[i].Swapped;
            Span<short> f = vector[i].Coefficients;
            for (int j = 0; j < f.Length; j++)
                f[j] = swapped[j ^ 1];
        }
    }

    /// <summary>Σ aⱼ·bⱼ with aⱼ the entry first + j·step of <paramref name="left"/> (FIPS 203, equations 2.12 to 2.14).</summary>
    /// <remarks>
    /// Bounds: coefficients of both in [-q, q]. Every entry is the sum of two products of at most q² for each of at most four elements
    /// (k ≤ 4): at most 8q² = 88,657,928 &lt; q·2¹⁵ = 109,084,672, which is what <see cref="Field.MontgomeryReduce(int)"/> accepts.
    /// </remarks>
    /// <param name="left">Where the aⱼ are.</param>
    /// <param name="first">Index of a₀: of the first one in a row, or in a column.</param>
    /// <param name="step">From one to the next: 1 in a row, k in a column.</param>
    /// <param name="right">The bⱼ.</param>
    /// <param name="destination">Receives the sum with the factor 2⁻¹⁶, in (-q, q).</param>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static NttElement Sum(NttVector left, int first, int step, FactorVector right, Span<short> destination)
    {
        var sum = new NttElement(destination);
        if (Avx2.IsSupported)
            SumVector256(left, first, step, right, sum);
        else
            SumPlain(left, first, step, right, sum);
        return sum;
    }

    /// <summary><see cref="Prepare"/> of one element, as the standard writes it.</summary>
    /// <remarks>
    /// Pair i belongs to γ = ζ^(2·BitRev₇(i)+1): these are +ζ and -ζ in turn for the last 64 entries of the table of roots.
    /// </remarks>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void PreparePlain(NttElement element, Factor factor)
    {
        ReadOnlySpan<short> b = element.Coefficients;
        ReadOnlySpan<short> zetas = Ntt.Zetas[64..];
        for (int i = 0; i < ParameterSet.N / 2; i++)
        {
            short zeta = zetas[i / 2];
            short gamma = (i & 1) == 0 ? zeta : (short)-zeta;
            factor.Scaled[2 * i] = b[2 * i];
            factor.Scaled[(2 * i) + 1] = Field.MontgomeryMultiply(b[(2 * i) + 1], gamma);
            factor.Swapped[2 * i] = b[(2 * i) + 1];
            factor.Swapped[(2 * i) + 1] = b[2 * i];
        }
    }

    /// <summary><see cref="Sum"/>, coefficient by coefficient (FIPS 203, Algorithm 12).</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void SumPlain(NttVector left, int first, int step, FactorVector right, NttElement destination)
    {
        Span<short> c = destination.Coefficients;
        for (int i = 0; i < c.Length; i += 2)
        {
            int even = 0;
            int odd = 0;
            for (int j = 0; j < right.Count; j++)
            {
                ReadOnlySpan<short> a = left[first + (j * step)].Coefficients;
                Factor b = right[j];
                even += (a[i] * b.Scaled[i]) + (a[i + 1] * b.Scaled[i + 1]);
                odd += (a[i] * b.Swapped[i]) + (a[i + 1] * b.Swapped[i + 1]);
            }

            c[i] = Field.MontgomeryReduce(even);
            c[i + 1] = Field.MontgomeryReduce(odd);
        }
    }
}
