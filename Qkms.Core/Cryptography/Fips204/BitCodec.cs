using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips204;

/// <summary>Packing of 256 coefficients with the same number of bits each (FIPS 204, section 7.1).</summary>
/// <remarks>The loops branch on the count of bits held, which depends on the width and the index only.</remarks>
internal static partial class BitCodec
{
    /// <summary>FIPS 204, Algorithm 17 with b = <paramref name="offset"/>: packs offset - a, which is in [0, 2^width).</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pack(ReadOnlySpan<int> coefficients, int width, int offset, Span<byte> destination)
    {
        if (Avx2.IsSupported)
            PackVector256(coefficients, width, offset, destination);
        else
            PackPlain(coefficients, width, offset, destination);
    }

    /// <summary><see cref="Pack(ReadOnlySpan{int}, int, int, Span{byte})"/>, bit by bit.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void PackPlain(ReadOnlySpan<int> coefficients, int width, int offset, Span<byte> destination)
    {
        // At most 7 bits wait when at most 20 more come: 32 are enough.
        destination = destination[..(32 * width)];
        uint bits = 0;
        int count = 0;
        int k = 0;
        foreach (int a in coefficients)
        {
            bits |= (uint)(offset - a) << count;
            for (count += width; count >= 8; count -= 8)
            {
                destination[k++] = (byte)bits;
                bits >>= 8;
            }
        }
    }

    /// <summary>FIPS 204, Algorithm 16, for coefficients in [0, 2^width).</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void PackUnsigned(ReadOnlySpan<int> coefficients, int width, Span<byte> destination)
    {
        if (Avx2.IsSupported)
            PackUnsignedVector256(coefficients, width, destination);
        else
            PackUnsignedPlain(coefficients, width, destination);
    }

    /// <summary><see cref="PackUnsigned"/>, bit by bit.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void PackUnsignedPlain(ReadOnlySpan<int> coefficients, int width, Span<byte> destination)
    {
        destination = destination[..(32 * width)];
        uint bits = 0;
        int count = 0;
        int k = 0;
        foreach (int a in coefficients)
        {
            bits |= (uint)a << count;
            for (count += width; count >= 8; count -= 8)
            {
                destination[k++] = (byte)bits;
                bits >>= 8;
            }
        }
    }

    /// <summary>FIPS 204, Algorithm 19 with b = <paramref name="offset"/>: coefficients in [offset - 2^width + 1, offset].</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Unpack(ReadOnlySpan<byte> source, int width, int offset, Span<int> coefficients)
    {
        if (Avx2.IsSupported)
            UnpackVector256(source, width, offset, coefficients);
        else
            UnpackPlain(source, width, offset, coefficients);
    }

    /// <summary><see cref="Unpack(ReadOnlySpan{byte}, int, int, Span{int})"/>, bit by bit.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void UnpackPlain(ReadOnlySpan<byte> source, int width, int offset, Span<int> coefficients)
    {
        UnpackUnsignedPlain(source, width, coefficients);
        for (int j = 0; j < coefficients.Length; j++)
            coefficients[j] = offset - coefficients[j];
    }

    /// <summary>FIPS 204, Algorithm 18: coefficients in [0, 2^width).</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void UnpackUnsigned(ReadOnlySpan<byte> source, int width, Span<int> coefficients)
    {
        if (Avx2.IsSupported)
            UnpackUnsignedVector256(source, width, coefficients);
        else
            UnpackUnsignedPlain(source, width, coefficients);
    }

    /// <summary><see cref="UnpackUnsigned"/>, bit by bit.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void UnpackUnsignedPlain(ReadOnlySpan<byte> source, int width, Span<int> coefficients)
    {
        source = source[..(32 * width)];
        uint mask = (1u << width) - 1;
        uint bits = 0;
        int count = 0;
        int k = 0;
        for (int j = 0; j < coefficients.Length; j++)
        {
            for (; count < width; count += 8)
                bits |= (uint)source[k++] << count;
            coefficients[j] = (int)(bits & mask);
            bits >>= width;
            count -= width;
        }
    }
}
