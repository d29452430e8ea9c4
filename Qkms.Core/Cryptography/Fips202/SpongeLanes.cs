using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips202;

/// <summary>
/// Up to eight SHAKEs side by side (FIPS 202, section 6.2) over one seed with an ending each: seed ‖ ending, which is how both standards
/// sample many polynomials from one seed.
/// </summary>
/// <remarks>A view: the states are the caller's memory, who erases them where the seed is secret.</remarks>
internal readonly ref struct SpongeLanes
{
    /// <summary>Sponges side by side.</summary>
    internal const int Count = Keccak.LaneCount;

    /// <summary>Words of memory for the states.</summary>
    internal const int Words = Keccak.LaneWords;

    /// <summary>
    /// Bytes that <see cref="Squeeze"/> may write after a block: it writes whole groups of eight words. They are overwritten by the next
    /// block, and belong to the caller's memory after the last one.
    /// </summary>
    internal const int Slack = 64;

    private readonly Span<ulong> _states;
    private readonly int _rate;
    private readonly int _used;

    /// <summary>Absorbs seed ‖ ending into each sponge and pads.</summary>
    /// <param name="states"><see cref="Words"/> of memory.</param>
    /// <param name="rate"><see cref="Sponge.Shake128Rate"/> or <see cref="Sponge.Shake256Rate"/>.</param>
    /// <param name="seed">Whole words, with the ending less than a block.</param>
    /// <param name="endings">The ending of each sponge, its first byte lowest; at most <see cref="Count"/>.</param>
    /// <param name="endingSize">Bytes of an ending, 1 or 2.</param>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal SpongeLanes(Span<ulong> states, int rate, ReadOnlySpan<byte> seed, ReadOnlySpan<ushort> endings, int endingSize)
    {
        Debug.Assert(seed.Length % 8 == 0 && seed.Length + 8 < rate, "The ending and the padding begin in one word.");
        Debug.Assert(endings.Length <= Count, "There are eight sponges.");
        _states = states[..Words];
        _rate = rate;
        _used = endings.Length;

        _states.Clear();
        for (int i = 0; 8 * i < seed.Length; i++)
            _states.Slice(Count * i, Count).Fill(BinaryPrimitives.ReadUInt64LittleEndian(seed[(8 * i)..]));

        Span<ulong> last = _states.Slice(seed.Length, Count);
        for (int n = 0; n < endings.Length; n++)
            last[n] = endings[n] | ((ulong)Sponge.ShakeSuffix << (8 * endingSize));
        _states.Slice(rate - 8, Count).Fill(0x8000_0000_0000_0000);
    }

    /// <summary>
    /// Permutes, and writes the next block of sponge n to <paramref name="destination"/> from n·<paramref name="stride"/>.
    /// </summary>
    /// <param name="destination">Receives a block of each sponge that is used, each with <see cref="Slack"/> after it.</param>
    /// <param name="stride">Bytes from the output of one sponge to that of the next.</param>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Squeeze(Span<byte> destination, int stride)
    {
        Keccak.PermuteLanes(_states, _used);
        _ = destination[(((_used - 1) * stride) + _rate + Slack - 1)..];
        if (Avx512F.IsSupported)
            LaneTransposition.WriteVector512(_states, _rate, _used, destination, stride);
        else if (Avx2.IsSupported)
            LaneTransposition.WriteVector256(_states, _rate, _used, destination, stride);
        else
            LaneTransposition.WritePlain(_states, _rate, _used, destination, stride);
    }
}
