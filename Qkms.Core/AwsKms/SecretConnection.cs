using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Qkms.Core.AwsKms;

/// <summary>
/// Stands between .NET's HTTP and a connection, for one request and its answer, so that no body stays in the buffers of HTTP, which come
/// from a pool and go back as they are. What was sent is zeroed there. Of the answer, HTTP's buffer gets the head alone: with nothing
/// behind it in the buffer, a body of known length is read straight into memory of ours.
/// </summary>
/// <param name="inner">The connection, which ends with this one.</param>
internal sealed class SecretConnection(Stream inner) : Stream
{
    private readonly byte[] _read = GC.AllocateArray<byte>(8192, pinned: true);
    private int _start;
    private int _end;
    private int _lineEnds;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    // An empty line ends the head: two line ends with nothing between them.
    private bool IsHeadOver => _lineEnds == 2;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_start == _end)
        {
            if (IsHeadOver)
                return await inner.ReadAsync(buffer, cancellationToken);

            (_start, _end) = (0, await inner.ReadAsync(_read, cancellationToken));
        }

        int length = Math.Min(buffer.Length, _end - _start);
        if (!IsHeadOver)
            length = LengthOfHead(_read.AsSpan(_start, length));

        Span<byte> given = _read.AsSpan(_start, length);
        given.CopyTo(buffer.Span);
        CryptographicOperations.ZeroMemory(given);
        _start += length;
        return length;
    }

    /// <inheritdoc/>
    /// <remarks>Zeroes what it was given, which is HTTP's buffer, or the body: both have done their work then.</remarks>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await inner.WriteAsync(buffer, cancellationToken);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsMemory(buffer).Span);
        }
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    public override void Flush() => inner.Flush();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
            CryptographicOperations.ZeroMemory(_read);
        }

        base.Dispose(disposing);
    }

    private int LengthOfHead(ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] == (byte)'\n')
                _lineEnds++;
            else if (bytes[i] != (byte)'\r')
                _lineEnds = 0;

            if (IsHeadOver)
                return i + 1;
        }

        return bytes.Length;
    }
}
