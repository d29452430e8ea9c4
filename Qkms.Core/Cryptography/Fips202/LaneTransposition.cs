using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Qkms.Core.Cryptography.Fips202;

/// <summary>From words side by side, as <see cref="Keccak.PermuteLanes"/> has them, to one block of bytes after the other.</summary>
internal static partial class LaneTransposition
{
    /// <summary>
    /// Writes <paramref name="rate"/> bytes of state n to <paramref name="destination"/> from n·<paramref name="stride"/>.
    /// </summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void WritePlain(ReadOnlySpan<ulong> states, int rate, int used, Span<byte> destination, int stride)
    {
        Debug.Assert(rate % 8 == 0, "A block is whole words.");
        for (int n = 0; n < used; n++)
        {
            Span<byte> block = destination.Slice(n * stride, rate);
            for (int i = 0; 8 * i < rate; i++)
                BinaryPrimitives.WriteUInt64LittleEndian(block[(8 * i)..], states[(Keccak.LaneCount * i) + n]);
        }
    }
}
