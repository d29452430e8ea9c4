using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Qkms.Core.Sealing;

/// <summary>
/// Unambiguous bytes for what gets sealed, bound or hashed: every part is preceded by its length as 4 big-endian bytes,
/// an absent part by 0xFFFFFFFF, so that no two different lists of parts give the same bytes.
/// </summary>
internal sealed class CanonicalWriter
{
    /// <summary>Stands where the length of a part stands, when there is none.</summary>
    public const uint Absent = uint.MaxValue;

    // Half a surrogate pair has no UTF-8 form; written as U+FFFD, it would pass for that character.
    private static readonly UTF8Encoding _strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly ArrayBufferWriter<byte> _buffer = new(512);

    public CanonicalWriter(byte format) => _buffer.Write([format]);

    public ReadOnlySpan<byte> Written => _buffer.WrittenSpan;

    /// <summary>Begins anew, in the same memory.</summary>
    public CanonicalWriter Restart(byte format)
    {
        _buffer.ResetWrittenCount();
        _buffer.Write([format]);
        return this;
    }

    public CanonicalWriter Add(ReadOnlySpan<byte> part)
    {
        WriteLength((uint)part.Length);
        _buffer.Write(part);
        return this;
    }

    public CanonicalWriter Add(byte[]? part) => part is null ? AddAbsent() : Add(part.AsSpan());

    public CanonicalWriter Add(string? part)
    {
        if (part is null)
            return AddAbsent();

        int length = _strictUtf8.GetByteCount(part);
        WriteLength((uint)length);
        _buffer.Advance(_strictUtf8.GetBytes(part, _buffer.GetSpan(length)));
        return this;
    }

    public CanonicalWriter Add(Guid part)
    {
        Span<byte> bytes = stackalloc byte[16];
        part.TryWriteBytes(bytes, bigEndian: true, out _);
        return Add(bytes);
    }

    public CanonicalWriter Add(Guid? part) => part is { } value ? Add(value) : AddAbsent();

    public CanonicalWriter Add(long part)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, part);
        return Add(bytes);
    }

    public CanonicalWriter Add(long? part) => part is { } value ? Add(value) : AddAbsent();

    public CanonicalWriter Add(bool part) => Add(part ? 1L : 0L);

    /// <summary>A time as the database holds it: UTC milliseconds.</summary>
    public CanonicalWriter Add(DateTimeOffset part) => Add(part.ToUnixTimeMilliseconds());

    public CanonicalWriter Add(DateTimeOffset? part) => Add(part?.ToUnixTimeMilliseconds());

    private CanonicalWriter AddAbsent()
    {
        WriteLength(Absent);
        return this;
    }

    private void WriteLength(uint length)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_buffer.GetSpan(4), length);
        _buffer.Advance(4);
    }
}
