using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Qkms.Core.Cryptography;

/// <summary>The system's random numbers, read a little ahead: a call for 32 bytes takes about as long as one for 512.</summary>
/// <remarks>
/// Every byte is the system's own; nothing is stretched. It is zeroed when it is handed out, and what was read longer than a moment ago is
/// not handed out any more, so that what an idle process holds never becomes a secret. Who reads the memory of a busy one could learn the
/// next few messages and seeds here; the libraries behind <see cref="RandomNumberGenerator"/> keep the state that gives all of the next
/// ones in the same memory. A source that fails does so when the next bytes are read, and fails that call.
/// </remarks>
/// <param name="source">Fills a span, or throws.</param>
internal sealed class RandomAhead(Action<Span<byte>> source)
{
    internal const int Size = 512;

    /// <summary>Milliseconds after which bytes are not used any more.</summary>
    internal const int Lifetime = 50;

    [ThreadStatic]
    private static RandomAhead? _ofThread;

    private readonly byte[] _bytes = GC.AllocateArray<byte>(Size, pinned: true);
    private int _left;
    private long _readAt;

    /// <summary>Fills <paramref name="destination"/> with random bytes; each thread has a store of its own.</summary>
    /// <exception cref="CryptographicException">The random source failed.</exception>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Fill(Span<byte> destination) =>
        (_ofThread ??= new RandomAhead(RandomNumberGenerator.Fill)).Take(destination, Environment.TickCount64);

    /// <param name="destination">Receives the bytes.</param>
    /// <param name="now">Milliseconds of a clock that is not set.</param>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Take(Span<byte> destination, long now)
    {
        if (destination.Length > Size)
        {
            source(destination);
            return;
        }

        if (destination.Length > _left || now - _readAt > Lifetime)
        {
            // Nothing is left if the source throws.
            _left = 0;
            source(_bytes);
            _left = Size;
            _readAt = now;
        }

        Span<byte> taken = _bytes.AsSpan(_left - destination.Length, destination.Length);
        taken.CopyTo(destination);
        Erase.Memory(taken);
        _left -= destination.Length;
    }
}
