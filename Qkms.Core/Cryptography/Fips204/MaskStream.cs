using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Qkms.Core.Cryptography.Fips202;

namespace Qkms.Core.Cryptography.Fips204;

/// <summary>
/// The masks y of one signature, attempt after attempt, with coefficients in (-γ₁, γ₁] (FIPS 204, Algorithm 34). Elements are sampled eight
/// at a time, so that an attempt leaves the next one what it does not need itself.
/// </summary>
/// <remarks>It is a mutable value over the caller's memory, who erases that memory.</remarks>
internal ref struct MaskStream
{
    /// <summary>Bytes of memory.</summary>
    internal const int Size = (SpongeLanes.Words * sizeof(ulong)) + (SpongeLanes.Count * Stride);

    /// <summary>Blocks of SHAKE256 for an element of 32·20 bytes, or of 32·18.</summary>
    private const int Blocks = 5;

    private const int Stride = 768;

    private readonly ParameterSet _set;
    private readonly ReadOnlySpan<byte> _seed;
    private readonly Span<ulong> _states;
    private readonly Span<byte> _streams;
    private int _counter;
    private int _first;
    private int _left;

    /// <param name="set">The parameter set.</param>
    /// <param name="seed">ρ'', 64 bytes.</param>
    /// <param name="memory"><see cref="Size"/> bytes.</param>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal MaskStream(ParameterSet set, ReadOnlySpan<byte> seed, Span<byte> memory)
    {
        _set = set;
        _seed = seed;
        _states = MemoryMarshal.Cast<byte, ulong>(memory)[..SpongeLanes.Words];
        _streams = memory[(SpongeLanes.Words * sizeof(ulong))..Size];
    }

    /// <summary>The mask of the next attempt.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Next(RingVector y)
    {
        for (int r = 0; r < y.Count; r++)
        {
            if (_left == 0)
                Sample();
            BitCodec.Unpack(_streams[(_first * Stride)..], _set.Gamma1Bits, _set.Gamma1, y[r].Coefficients);
            _first++;
            _left--;
        }
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Sample()
    {
        // Without vectors there is nothing to be had for going ahead.
        int count = Avx2.IsSupported ? SpongeLanes.Count : _set.L;
        Span<ushort> endings = stackalloc ushort[SpongeLanes.Count];
        for (int n = 0; n < count; n++)
            endings[n] = (ushort)_counter++;
        var shakes = new SpongeLanes(_states, Sponge.Shake256Rate, _seed, endings[..count], endingSize: 2);
        for (int block = 0; block < Blocks; block++)
            shakes.Squeeze(_streams[(block * Sponge.Shake256Rate)..], Stride);
        _first = 0;
        _left = count;
    }
}
