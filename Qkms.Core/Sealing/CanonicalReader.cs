using System.Buffers.Binary;
using System.Text;

namespace Qkms.Core.Sealing;

/// <summary>Reads what <see cref="CanonicalWriter"/> wrote: the same parts in the same order.</summary>
internal ref struct CanonicalReader
{
    private static readonly UTF8Encoding _strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> _rest;

    /// <exception cref="InvalidDataException">There is not even a format.</exception>
    public CanonicalReader(ReadOnlySpan<byte> written)
    {
        if (written.IsEmpty)
            throw Malformed();

        Format = written[0];
        _rest = written[1..];
    }

    /// <summary>The byte that the writer began with.</summary>
    public byte Format { get; }

    /// <summary>Reads a part that is never absent, as all methods below but those that say so.</summary>
    /// <exception cref="InvalidDataException">The bytes hold something else.</exception>
    public ReadOnlySpan<byte> ReadBytes() => TryRead(out ReadOnlySpan<byte> part) ? part : throw Malformed();

    public string ReadText() => _strictUtf8.GetString(ReadBytes());

    /// <summary>A text, or null where it is absent.</summary>
    public string? ReadOptionalText() => TryRead(out ReadOnlySpan<byte> part) ? _strictUtf8.GetString(part) : null;

    public Guid ReadId() => new(Sized(ReadBytes(), 16), bigEndian: true);

    public long ReadNumber() => ToNumber(ReadBytes());

    /// <summary>A number, or null where it is absent.</summary>
    public long? ReadOptionalNumber() => TryRead(out ReadOnlySpan<byte> part) ? ToNumber(part) : null;

    public bool ReadFlag() => ReadNumber() switch
    {
        0 => false,
        1 => true,
        _ => throw Malformed(),
    };

    public DateTimeOffset ReadTime() => DateTimeOffset.FromUnixTimeMilliseconds(ReadNumber());

    /// <summary>A time, or null where it is absent.</summary>
    public DateTimeOffset? ReadOptionalTime() =>
        ReadOptionalNumber() is { } milliseconds ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null;

    /// <summary>Checks that all parts were read.</summary>
    /// <exception cref="InvalidDataException">There are more.</exception>
    public readonly void End()
    {
        if (!_rest.IsEmpty)
            throw Malformed();
    }

    private bool TryRead(out ReadOnlySpan<byte> part)
    {
        uint length = BinaryPrimitives.ReadUInt32BigEndian(Take(4));
        bool isThere = length != CanonicalWriter.Absent;
        part = isThere ? Take(length) : default;
        return isThere;
    }

    private ReadOnlySpan<byte> Take(uint length)
    {
        if (length > _rest.Length)
            throw Malformed();

        ReadOnlySpan<byte> taken = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return taken;
    }

    private static long ToNumber(ReadOnlySpan<byte> part) => BinaryPrimitives.ReadInt64BigEndian(Sized(part, 8));

    private static ReadOnlySpan<byte> Sized(ReadOnlySpan<byte> part, int length) => part.Length == length ? part : throw Malformed();

    private static InvalidDataException Malformed() =>
        new("What was stored in the canonical form does not have the parts that it should have.");
}
