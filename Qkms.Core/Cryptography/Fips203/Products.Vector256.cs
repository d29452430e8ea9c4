using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips203;

/// <summary>Products (FIPS 203, section 4.3.1) on eight pairs at once, by AVX2; they compute what the plain ones do.</summary>
internal static partial class Products
{
    private const int Width = 16;

    /// <summary>γ of every odd coefficient, then <see cref="Field.Scaled"/> of it; the even ones are not multiplied.</summary>
    private static readonly short[] _gammas = LayOutGammas();

    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void PrepareVector256(NttElement element, Factor factor)
    {
        ref short b = ref MemoryMarshal.GetReference(element.Coefficients);
        ref short scaled = ref MemoryMarshal.GetReference(factor.Scaled);
        ref short swapped = ref MemoryMarshal.GetReference(factor.Swapped);
        ref short gammas = ref MemoryMarshal.GetArrayDataReference(_gammas);
        for (nuint i = 0; i < ParameterSet.N; i += Width)
        {
            Vector256<short> v = Vector256.LoadUnsafe(ref b, i);
            Vector256<short> product = Field.MontgomeryMultiply(
                v, Vector256.LoadUnsafe(ref gammas, i), Vector256.LoadUnsafe(ref gammas, i + ParameterSet.N));
            Avx2.Blend(v, product, 0xAA).StoreUnsafe(ref scaled, i);
            Vector256<uint> pairs = v.AsUInt32();
            ((pairs << 16) | (pairs >>> 16)).AsInt16().StoreUnsafe(ref swapped, i);
        }
    }

    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void SumVector256(NttVector left, int first, int step, FactorVector right, NttElement destination)
    {
        // The last element of the row is checked once; all vectors lie before its end.
        int count = right.Count;
        Debug.Assert(count is >= 2 and <= ParameterSet.MaxK, "The rank of a module is 2, 3 or 4.");
        _ = left[first + ((count - 1) * step)];
        ref short a = ref MemoryMarshal.GetReference(left[first].Coefficients);
        ref short b = ref MemoryMarshal.GetReference(right.Coefficients);
        ref short c = ref MemoryMarshal.GetReference(destination.Coefficients);
        nuint next = (nuint)(step * ParameterSet.N);
        for (nuint i = 0; i < ParameterSet.N; i += Width)
        {
            // k is 2, 3 or 4.
            Vector256<int> even = Vector256<int>.Zero, odd = Vector256<int>.Zero;
            MultiplyAdd(ref even, ref odd, ref a, i, ref b, i);
            MultiplyAdd(ref even, ref odd, ref a, i + next, ref b, i + Factor.Size);
            if (count > 2)
                MultiplyAdd(ref even, ref odd, ref a, i + (2 * next), ref b, i + (2 * Factor.Size));
            if (count > 3)
                MultiplyAdd(ref even, ref odd, ref a, i + (3 * next), ref b, i + (3 * Factor.Size));
            Field.MontgomeryReduce(even, odd).StoreUnsafe(ref c, i);
        }
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyAdd(
        ref Vector256<int> even, ref Vector256<int> odd, ref short a, nuint inLeft, ref short b, nuint inRight)
    {
        Vector256<short> v = Vector256.LoadUnsafe(ref a, inLeft);
        even += Avx2.MultiplyAddAdjacent(v, Vector256.LoadUnsafe(ref b, inRight));
        odd += Avx2.MultiplyAddAdjacent(v, Vector256.LoadUnsafe(ref b, inRight + ParameterSet.N));
    }

    private static short[] LayOutGammas()
    {
        short[] gammas = new short[2 * ParameterSet.N];
        for (int i = 1; i < ParameterSet.N; i += 2)
        {
            short zeta = Ntt.Zetas[64 + (i / 4)];
            short gamma = (i & 2) == 0 ? zeta : (short)-zeta;
            gammas[i] = gamma;
            gammas[ParameterSet.N + i] = Field.Scaled(gamma);
        }

        return gammas;
    }
}
