using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Qkms.Core.Cryptography.Fips202;

/// <summary>
/// The hash and extendable-output functions of FIPS 202 that ML-KEM and ML-DSA use: the sponge construction over Keccak-f[1600] with the
/// padding pad10*1 (Algorithms 8 and 9), absorbing and squeezing in any portions.
/// </summary>
/// <remarks>
/// Make one with a factory: <see langword="default"/> has no rate and is not usable. It is a mutable value: keep it in one local variable,
/// never copy it while it holds input, and call <see cref="Clear"/> in a finally block when the input is secret.
/// </remarks>
internal struct Sponge
{
    /// <summary>Bytes per permutation of SHAKE128, (1600 - 256) / 8: squeezing whole blocks wastes nothing.</summary>
    internal const int Shake128Rate = 168;

    /// <summary>Bytes per permutation of SHAKE256, (1600 - 512) / 8.</summary>
    internal const int Shake256Rate = 136;

    private const int Sha3_256Rate = 136;
    private const int Sha3_512Rate = 72;

    // The bits after the message, lowest first: the domain, 01 (section 6.1) or 1111 (section 6.2), then the first bit of the padding.
    private const byte Sha3Suffix = 0x06;
    internal const byte ShakeSuffix = 0x1F;

    private readonly int _rate;
    private readonly byte _suffix;
    private State _state;
    private int _position;
    private bool _squeezing;

    private Sponge(int rate, byte suffix)
    {
        Debug.Assert(rate is > 0 and < 200 && rate % 8 == 0, "The rate is whole lanes.");
        _rate = rate;
        _suffix = suffix;
    }

    /// <summary>SHAKE128, an output of any length (FIPS 202, section 6.2).</summary>
    internal static Sponge NewShake128() => new(Shake128Rate, ShakeSuffix);

    /// <summary>SHAKE256, an output of any length (FIPS 202, section 6.2).</summary>
    internal static Sponge NewShake256() => new(Shake256Rate, ShakeSuffix);

    /// <summary>Writes the 32 bytes of SHA3-256(<paramref name="first"/> ‖ <paramref name="second"/>) (FIPS 202, section 6.1).</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Sha3_256(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, Span<byte> destination) =>
        Hash(Sha3_256Rate, Sha3Suffix, first, second, destination[..32]);

    /// <summary>Writes the 64 bytes of SHA3-512(<paramref name="first"/> ‖ <paramref name="second"/>) (FIPS 202, section 6.1).</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Sha3_512(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, Span<byte> destination) =>
        Hash(Sha3_512Rate, Sha3Suffix, first, second, destination[..64]);

    /// <summary>
    /// Fills <paramref name="destination"/> with SHAKE256(<paramref name="first"/> ‖ <paramref name="second"/>) (FIPS 202, section 6.2).
    /// </summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Shake256(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, Span<byte> destination) =>
        Hash(Shake256Rate, ShakeSuffix, first, second, destination);

    /// <summary>Appends to the message; nothing can be absorbed after the first <see cref="Squeeze"/>.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Absorb(ReadOnlySpan<byte> data)
    {
        Debug.Assert(_rate > 0, "The sponge comes from a factory.");
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

    /// <summary>Writes the next bytes of the output.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Squeeze(Span<byte> destination)
    {
        Debug.Assert(_rate > 0, "The sponge comes from a factory.");
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Clear()
    {
        Erase.Memory<ulong>(_state);
        _position = 0;
        _squeezing = false;
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Hash(int rate, byte suffix, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, Span<byte> destination)
    {
        var sponge = new Sponge(rate, suffix);
        try
        {
            sponge.Absorb(first);
            sponge.Absorb(second);
            sponge.Squeeze(destination);
        }
        finally
        {
            sponge.Clear();
        }
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
