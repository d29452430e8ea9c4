using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips203;

/// <summary>Packing of 256 coefficients with d bits each into 32·d bytes (FIPS 203, section 4.2.1, Algorithms 5 and 6).</summary>
/// <remarks>The loops branch on the count of bits held, which depends on d and the index only.</remarks>
internal static partial class ByteCodec
{
    /// <summary>FIPS 203, Algorithm 5. Coefficients are in [0, 2^d), or in [0, q) for d = 12.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Encode(ReadOnlySpan<short> coefficients, int d, Span<byte> destination)
    {
        if (Avx2.IsSupported)
            EncodeVector256(coefficients, d, destination);
        else
            EncodePlain(coefficients, d, destination);
    }

    /// <summary>FIPS 203, Algorithm 6, without its reduction modulo q for d = 12: coefficients are in [0, 2^d).</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Decode(ReadOnlySpan<byte> source, int d, Span<short> coefficients)
    {
        if (Avx2.IsSupported)
            DecodeVector256(source, d, coefficients);
        else
            DecodePlain(source, d, coefficients);
    }

    /// <summary><see cref="Encode"/>, bit by bit.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void EncodePlain(ReadOnlySpan<short> coefficients, int d, Span<byte> destination)
    {
        destination = destination[..(32 * d)];
        uint bits = 0;
        int count = 0;
        int k = 0;
        for (int i = 0; i < coefficients.Length; i++)
        {
            bits |= (uint)coefficients[i] << count;
            for (count += d; count >= 8; count -= 8)
            {
                destination[k++] = (byte)bits;
                bits >>= 8;
            }
        }
    }

    /// <summary><see cref="Decode"/>, bit by bit.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void DecodePlain(ReadOnlySpan<byte> source, int d, Span<short> coefficients)
    {
        source = source[..(32 * d)];
        uint mask = (1u << d) - 1;
        uint bits = 0;
        int count = 0;
        int k = 0;
        for (int i = 0; i < coefficients.Length; i++)
        {
            for (; count < d; count += 8)
                bits |= (uint)source[k++] << count;
            coefficients[i] = (short)(bits & mask);
            bits >>= d;
            count -= d;
        }
    }

    /// <summary>ByteEncode₁₂ of every element of a vector, whose coefficients may be any 16-bit representatives.</summary>
    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void EncodeVector(NttVector vector, Span<byte> destination)
    {
        Span<short> canonical = stackalloc short[ParameterSet.N];
        try
        {
            for (int i = 0; i < vector.Count; i++)
            {
                if (Avx2.IsSupported)
                    MakeCanonicalVector256(vector[i].Coefficients, canonical);
                else
                    MakeCanonicalPlain(vector[i].Coefficients, canonical);
                Encode(canonical, 12, destination[(ParameterSet.EncodedElementSize * i)..]);
            }
        }
        finally
        {
            Erase.Memory(canonical);
        }
    }

    /// <summary>ByteDecode₁₂ of every element of a vector, modulo q as Algorithm 6 asks: coefficients are in [0, q).</summary>
    /// <returns>Whether all coefficients were below q already: the modulus check of FIPS 203, section 7.2. Only a caller with public input
    /// may act on it.</returns>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool DecodeVector(ReadOnlySpan<byte> source, NttVector vector)
    {
        int outside = 0;
        for (int i = 0; i < vector.Count; i++)
        {
            Span<short> f = vector[i].Coefficients;
            Decode(source[(ParameterSet.EncodedElementSize * i)..], 12, f);
            outside |= Avx2.IsSupported ? ReduceOnceVector256(f) : ReduceOncePlain(f);
        }

        return outside == 0;
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MakeCanonicalPlain(ReadOnlySpan<short> f, Span<short> canonical)
    {
        for (int j = 0; j < canonical.Length; j++)
            canonical[j] = Field.Canonical(f[j]);
    }

    /// <summary>Reduces coefficients of twelve bits.</summary>
    /// <returns>Zero if all were below q.</returns>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int ReduceOncePlain(Span<short> f)
    {
        int outside = 0;
        for (int j = 0; j < f.Length; j++)
        {
            // 12 bits are below 2q, so one subtraction reduces; the mask is all ones where f < q.
            int reduced = f[j] - Field.Q;
            int below = reduced >> 31;
            outside |= ~below;
            f[j] = (short)(reduced + (below & Field.Q));
        }

        return outside;
    }
}
