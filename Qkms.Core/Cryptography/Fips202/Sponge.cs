using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Qkms.Core.Cryptography.Fips202;

/// <summary>The sponge construction over Keccak-f[1600] with the padding pad10*1 (FIPS 202, Algorithms 8 and 9), absorbing and squeezing in any portions.</summary>
/// <remarks>A mutable value: keep it in one local variable, never copy it while it holds input, and call <see cref="Clear"/> in a finally block.</remarks>
internal struct Sponge
{
    private readonly int _rate;
    private readonly byte _suffix;
    private State _state;
    private int _position;
    private bool _squeezing;

    /// <param name="rate">Bytes per permutation, a multiple of 8.</param>
    /// <param name="suffix">The domain bits that follow the message, then the first bit of the padding, lowest bit first.</param>
    internal Sponge(int rate, byte suffix)
    {
        Debug.Assert(rate is > 0 and < 200 && rate % 8 == 0, "The rate is whole lanes.");
        _rate = rate;
        _suffix = suffix;
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Absorb(ReadOnlySpan<byte> data)
    {
        Debug.Assert(!_squeezing, "A sponge that was squeezed takes no more input.");

        // Lengths and positions are public: branches here depend on them only.
        Span<ulong> state = _state;
        while (!data.IsEmpty)
        {
            int taken = Math.Min(data.Length, _rate - _position);
            Xor(state, _position, data[..taken]);
            data = data[taken..];
            _position += taken;
            if (_position == _rate)
            {
                Keccak.Permute(state);
                _position = 0;
            }
        }
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Squeeze(Span<byte> destination)
    {
        Span<ulong> state = _state;
        if (!_squeezing)
        {
            state[_position >> 3] ^= (ulong)_suffix << (8 * (_position & 7));
            state[(_rate - 1) >> 3] ^= 0x8000_0000_0000_0000;
            Keccak.Permute(state);
            _position = 0;
            _squeezing = true;
        }

        while (!destination.IsEmpty)
        {
            if (_position == _rate)
            {
                Keccak.Permute(state);
                _position = 0;
            }

            int taken = Math.Min(destination.Length, _rate - _position);
            Copy(state, _position, destination[..taken]);
            destination = destination[taken..];
            _position += taken;
        }
    }

    /// <summary>Zeroes the state; the sponge is then empty and can be used again.</summary>
    [TouchesSecrets]
    internal void Clear()
    {
        Erase.Memory<ulong>(_state);
        _position = 0;
        _squeezing = false;
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Xor(Span<ulong> state, int position, ReadOnlySpan<byte> data)
    {
        if ((position & 7) == 0)
        {
            for (; data.Length >= 8; data = data[8..], position += 8)
                state[position >> 3] ^= BinaryPrimitives.ReadUInt64LittleEndian(data);
        }

        for (int i = 0; i < data.Length; i++, position++)
            state[position >> 3] ^= (ulong)data[i] << (8 * (position & 7));
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Copy(ReadOnlySpan<ulong> state, int position, Span<byte> destination)
    {
        if (BitConverter.IsLittleEndian)
        {
            MemoryMarshal.AsBytes(state).Slice(position, destination.Length).CopyTo(destination);
            return;
        }

        for (int i = 0; i < destination.Length; i++, position++)
            destination[i] = (byte)(state[position >> 3] >> (8 * (position & 7)));
    }

    [InlineArray(Keccak.Lanes)]
    private struct State
    {
        private ulong _lane;
    }
}
