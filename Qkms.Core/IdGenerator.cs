namespace Qkms.Core;

/// <summary>
/// UUIDs of version 7 (RFC 9562, 5.7) from the clock that is passed in, strictly rising within the process: the 12 bits after
/// the millisecond are a counter (RFC 9562, 6.2, method 1), so that an order by id is the order of creation.
/// </summary>
public sealed class IdGenerator(TimeProvider time)
{
    private const int CounterLimit = 1 << 12;
    private readonly Lock _lock = new();
    private long _milliseconds;
    private int _counter;

    /// <summary>The next id; greater than every earlier one of this process, compared as 16 big-endian bytes.</summary>
    public Guid Next()
    {
        (long milliseconds, int counter) = Tick(time.GetUtcNow().ToUnixTimeMilliseconds());
        Span<byte> bytes = stackalloc byte[16];
        System.Security.Cryptography.RandomNumberGenerator.Fill(bytes[8..]);
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(bytes, milliseconds << 16);
        bytes[6] = (byte)(0x70 | (counter >> 8));
        bytes[7] = (byte)counter;
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return new Guid(bytes, bigEndian: true);
    }

    private (long Milliseconds, int Counter) Tick(long now)
    {
        lock (_lock)
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
    }
}
