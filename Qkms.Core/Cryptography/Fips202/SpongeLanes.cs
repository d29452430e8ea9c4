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
    /// Bytes that <see cref="Squeeze(Span{byte}, int)"/> may write after a block: it writes whole groups of eight words. They are
    /// overwritten by the next block, and belong to the caller's memory after the last one.
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

    /// <summary>Sponges that are empty, for <see cref="Absorb"/> to give each a seed and a rate of its own.</summary>
    /// <param name="states"><see cref="Words"/> of memory.</param>
    /// <param name="blockSize">Bytes that <see cref="Squeeze(Span{byte}, int)"/> writes of each sponge: the highest rate of them.</param>
    /// <param name="used">How many, at most <see cref="Count"/>.</param>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal SpongeLanes(Span<ulong> states, int blockSize, int used)
    {
        Debug.Assert(used is > 0 and <= Count, "There are eight sponges.");
        _states = states[..Words];
        _rate = blockSize;
        _used = used;
        _states.Clear();
    }

    /// <summary>Absorbs seed ‖ ending into one empty sponge and pads.</summary>
    /// <param name="lane">Which one.</param>
    /// <param name="rate">
    /// <see cref="Sponge.Shake128Rate"/> or <see cref="Sponge.Shake256Rate"/>: where the padding ends is all that they differ in.
    /// </param>
    /// <param name="seed">Whole words, with the ending less than a block.</param>
    /// <param name="ending">Its first byte lowest.</param>
    /// <param name="endingSize">Bytes of the ending, 1 or 2.</param>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Absorb(int lane, int rate, ReadOnlySpan<byte> seed, ushort ending, int endingSize)
    {
        Debug.Assert(lane >= 0 && lane < _used, "The sponge is used.");
        Debug.Assert(rate <= _rate && seed.Length % 8 == 0 && seed.Length + 8 < rate, "The ending and the padding begin in one word.");
        for (int i = 0; 8 * i < seed.Length; i++)
            _states[(Count * i) + lane] = BinaryPrimitives.ReadUInt64LittleEndian(seed[(8 * i)..]);
        _states[seed.Length + lane] = ending | ((ulong)Sponge.ShakeSuffix << (8 * endingSize));
        _states[rate - 8 + lane] = 0x8000_0000_0000_0000;
    }

    /// <summary>
    /// Permutes, and writes the next block of sponge n to <paramref name="destination"/> from n·<paramref name="stride"/>.
    /// </summary>
    /// <param name="destination">Receives a block of each sponge that is used, each with <see cref="Slack"/> after it.</param>
    /// <param name="stride">Bytes from the output of one sponge to that of the next.</param>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Squeeze(Span<byte> destination, int stride) => Squeeze(destination, stride, _used);

    /// <summary>The same of the first few sponges; the others cannot be squeezed after that.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Squeeze(Span<byte> destination, int stride, int first)
    {
        Debug.Assert(first > 0 && first <= _used, "They are used.");
        Keccak.PermuteLanes(_states, first);
        _ = destination[(((first - 1) * stride) + _rate + Slack - 1)..];
        if (Avx512F.IsSupported)
            LaneTransposition.WriteVector512(_states, _rate, first, destination, stride);
        else if (Avx2.IsSupported)
            LaneTransposition.WriteVector256(_states, _rate, first, destination, stride);
        else
            LaneTransposition.WritePlain(_states, _rate, first, destination, stride);
    }
}
