using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips204;

/// <summary>Products in the image of the transform (FIPS 204, section 7.6).</summary>
internal static partial class Products
{
    /// <summary>
    /// Σ aⱼ·bⱼ over a row of a matrix, with the factor 2⁻³² (FIPS 204, Algorithm 48); bounds as for <see cref="MultiplyAdd"/>.
    /// </summary>
    /// <param name="matrix">Rows, one after the other.</param>
    /// <param name="row">Which one.</param>
    /// <param name="vector">As many elements as a row has.</param>
    /// <param name="destination">Receives the sum, in (-q, q).</param>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static NttElement SumRow(NttVector matrix, int row, NttVector vector, RingElement destination) =>
        Avx2.IsSupported
            ? SumRowVector256(matrix, row, vector, default, default, destination)
            : SumRowPlain(matrix, row, vector, default, default, destination);

    /// <summary>The same less <paramref name="left"/>·<paramref name="right"/>.</summary>
    internal static NttElement SumRowLess(
        NttVector matrix, int row, NttVector vector, NttElement left, NttElement right, RingElement destination) =>
        Avx2.IsSupported
            ? SumRowVector256(matrix, row, vector, left, right, destination)
            : SumRowPlain(matrix, row, vector, left, right, destination);

    /// <summary>The product of two elements below 9q in size, back in the ring: coefficients in [0, q).</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static RingElement MultiplyInverse(NttElement left, NttElement right, RingElement destination)
    {
        if (Avx2.IsSupported)
            MultiplyVector256(left, right, destination);
        else
            MultiplyPlain(left, right, destination);
        return Ntt.Inverse(new NttElement(destination.Coefficients));
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static NttElement SumRowPlain(
        NttVector matrix, int row, NttVector vector, NttElement left, NttElement right, RingElement destination)
    {
        Span<long> sum = stackalloc long[ParameterSet.N];
        try
        {
            sum.Clear();
            for (int j = 0; j < vector.Count; j++)
                MultiplyAdd(sum, matrix[(row * vector.Count) + j], vector[j]);
            if (!left.Coefficients.IsEmpty)
                MultiplySubtract(sum, left, right);
            return Reduce(sum, destination);
        }
        finally
        {
            Erase.Memory(sum);
        }
    }

    /// <summary>Adds the product of two elements to <paramref name="sum"/> without reducing (FIPS 204, Algorithms 44, 45 and 48).</summary>
    /// <remarks>
    /// Bounds: the left in [0, q) and the right below 9q in size, at most seven times (ℓ ≤ 7), then one product of two elements below 9q
    /// (<see cref="MultiplySubtract"/>): less than (63 + 81)·q² &lt; 1.02·10¹⁶ &lt; q·2³¹ = 1.79·10¹⁶.
    /// </remarks>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MultiplyAdd(Span<long> sum, NttElement left, NttElement right)
    {
        ReadOnlySpan<int> a = left.Coefficients;
        ReadOnlySpan<int> b = right.Coefficients;
        sum = sum[..a.Length];
        for (int j = 0; j < a.Length && j < b.Length && j < sum.Length; j++)
            sum[j] += (long)a[j] * b[j];
    }

    /// <summary>
    /// Subtracts the product of two elements from <paramref name="sum"/> without reducing; bounds as for <see cref="MultiplyAdd"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MultiplySubtract(Span<long> sum, NttElement left, NttElement right)
    {
        ReadOnlySpan<int> a = left.Coefficients;
        ReadOnlySpan<int> b = right.Coefficients;
        sum = sum[..a.Length];
        for (int j = 0; j < a.Length && j < b.Length && j < sum.Length; j++)
            sum[j] -= (long)a[j] * b[j];
    }

    /// <summary>Reduces a sum of products to an element that carries the factor 2⁻³², and zeroes the sum for the next use.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static NttElement Reduce(scoped Span<long> sum, RingElement destination)
    {
        Span<int> w = destination.Coefficients;
        sum = sum[..w.Length];
        for (int j = 0; j < w.Length && j < sum.Length; j++)
        {
            w[j] = Field.MontgomeryReduce(sum[j]);
            sum[j] = 0;
        }

        return new NttElement(w);
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MultiplyPlain(NttElement left, NttElement right, RingElement destination)
    {
        ReadOnlySpan<int> a = left.Coefficients;
        ReadOnlySpan<int> b = right.Coefficients;
        Span<int> w = destination.Coefficients;
        for (int j = 0; j < w.Length && j < a.Length && j < b.Length; j++)
            w[j] = Field.MontgomeryMultiply(a[j], b[j]);
    }
}
