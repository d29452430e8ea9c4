using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips204;

/// <summary>Products (FIPS 204, section 7.6) of eight coefficients at once, by AVX2; they compute what the plain ones do.</summary>
internal static partial class Products
{
    private const int Width = 8;

    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static NttElement SumRowVector256(
        NttVector matrix, int row, NttVector vector, NttElement left, NttElement right, RingElement destination)
    {
        int count = vector.Count;
        Span<int> entries = matrix.Coefficients.Slice(row * count * ParameterSet.N, count * ParameterSet.N);
        ref int a = ref MemoryMarshal.GetReference(entries);
        ref int b = ref MemoryMarshal.GetReference(vector.Coefficients);
        ref int c = ref MemoryMarshal.GetReference(destination.Coefficients);
        ref int x = ref MemoryMarshal.GetReference(left.Coefficients);
        ref int y = ref MemoryMarshal.GetReference(right.Coefficients);
        bool subtracts = !left.Coefficients.IsEmpty;
        for (nuint i = 0; i < ParameterSet.N; i += Width)
        {
            Vector256<long> even = Vector256<long>.Zero, odd = Vector256<long>.Zero;
            for (nuint j = i; j < (nuint)entries.Length; j += ParameterSet.N)
            {
                Vector256<int> u = Vector256.LoadUnsafe(ref a, j), v = Vector256.LoadUnsafe(ref b, j);
                even += Avx2.Multiply(u, v);
                odd += Avx2.Multiply(Field.Odd(u), Field.Odd(v));
            }

            if (subtracts)
            {
                Vector256<int> u = Vector256.LoadUnsafe(ref x, i), v = Vector256.LoadUnsafe(ref y, i);
                even -= Avx2.Multiply(u, v);
                odd -= Avx2.Multiply(Field.Odd(u), Field.Odd(v));
            }

            Field.MontgomeryReduce(even, odd).StoreUnsafe(ref c, i);
        }

        return new NttElement(destination.Coefficients);
    }

    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MultiplyVector256(NttElement left, NttElement right, RingElement destination)
    {
        ref int a = ref MemoryMarshal.GetReference(left.Coefficients);
        ref int b = ref MemoryMarshal.GetReference(right.Coefficients);
        ref int c = ref MemoryMarshal.GetReference(destination.Coefficients);
        for (nuint i = 0; i < ParameterSet.N; i += Width)
            Field.MontgomeryMultiply(Vector256.LoadUnsafe(ref a, i), Vector256.LoadUnsafe(ref b, i)).StoreUnsafe(ref c, i);
    }
}
