using System.Buffers.Binary;

namespace Qkms.Core.Time;

/// <summary>
/// UUIDs of version 7 (RFC 9562, 5.7) from the clock that is passed in, strictly rising within the process: the 12 bits after
/// the millisecond are a counter (RFC 9562, 6.2, method 1), so that an order by id is the order of creation.
/// </summary>
internal sealed class IdGenerator(TimeProvider time)
{
    private const int CounterLimit = 1 << 12;
    private const int RandomSize = 8;

    private readonly Lock _lock = new();

    // Asking the system for its random bytes costs more than the rest of an id, so they are fetched for many at once.
    private readonly byte[] _random = new byte[64 * RandomSize];
    private int _randomUsed = 64 * RandomSize;
    private long _milliseconds;
    private int _counter;

    /// <summary>The next id; greater than every earlier one of this process, compared as 16 big-endian bytes.</summary>
    public Guid Next()
    {
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        Span<byte> bytes = stackalloc byte[16];
        long milliseconds;
        int counter;
        lock (_lock)
        {
            (milliseconds, counter) = Tick(now);
            TakeRandom(bytes[RandomSize..]);
        }

        return Make(milliseconds, counter, bytes);
    }

    /// <summary>
    /// The next id, or where that is not greater than <paramref name="other"/>, one just after it: it may come from a
    /// node whose clock is ahead.
    /// </summary>
    public Guid NextAfter(Guid other)
    {
        Guid next = Next();
        if (next.CompareTo(other) > 0)
            return next;

        Span<byte> bytes = stackalloc byte[16];
        other.TryWriteBytes(bytes, bigEndian: true, out _);
        long counted = ((BinaryPrimitives.ReadInt64BigEndian(bytes) >>> 16) * CounterLimit)
            + (BinaryPrimitives.ReadInt16BigEndian(bytes[6..]) & (CounterLimit - 1)) + 1;
        next.TryWriteBytes(bytes, bigEndian: true, out _);
        return Make(counted / CounterLimit, (int)(counted % CounterLimit), bytes);
    }

    /// <summary>Where ids of a time begin: those that are made then or later are greater.</summary>
    public static Guid FirstAt(DateTimeOffset time)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, time.ToUnixTimeMilliseconds() << 16);
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>An id whose last eight bytes are there already.</summary>
    private static Guid Make(long milliseconds, int counter, Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt64BigEndian(bytes, milliseconds << 16);
        bytes[6] = (byte)(0x70 | (counter >> 8));
        bytes[7] = (byte)counter;
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return new Guid(bytes, bigEndian: true);
    }

    private (long Milliseconds, int Counter) Tick(long now)
    {
        if (now > _milliseconds)
        {
            (_milliseconds, _counter) = (now, 0);
        }
        else if (++_counter == CounterLimit)
        {
            // The counter borrows from the future, as the RFC allows, when 4,096 ids fall into one millisecond or the clock went back.
            (_milliseconds, _counter) = (_milliseconds + 1, 0);
        }

        return (_milliseconds, _counter);
    }

    private void TakeRandom(Span<byte> destination)
    {
        if (_randomUsed == _random.Length)
        {
            System.Security.Cryptography.RandomNumberGenerator.Fill(_random);
            _randomUsed = 0;
        }

        _random.AsSpan(_randomUsed, RandomSize).CopyTo(destination);
        _randomUsed += RandomSize;
    }
}
