using System.Buffers.Binary;
using System.Net.Sockets;

namespace Qkms.Tests.Support.Proxy;

/// <summary>
/// Parts what one end sends into messages: a type of one byte, which the first message of a client has not, and a length that counts itself
/// (https://www.postgresql.org/docs/current/protocol-message-formats.html).
/// </summary>
internal sealed class MessageReader(Socket from, bool startsUntyped)
{
    private byte[] _buffer = new byte[1 << 14];
    private int _start;
    private int _end;
    private bool _isUntyped = startsUntyped;

    /// <summary>The next whole message, to be used before the one after it is read; null when the end is gone.</summary>
    public async Task<ReadOnlyMemory<byte>?> ReadAsync()
    {
        while (true)
        {
            int header = _isUntyped ? 0 : 1;
            if (_end - _start >= header + sizeof(int))
            {
                int length = header + BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(_start + header));
                if (_end - _start >= length)
                {
                    _isUntyped = false;
                    _start += length;
                    return _buffer.AsMemory(_start - length, length);
                }
            }

            if (!await FillAsync())
                return null;
        }
    }

    /// <summary>Everything that is still sent, when the end is gone.</summary>
    public async Task<byte[]> ReadRestAsync()
    {
        try
        {
            while (await FillAsync())
            {
            }
        }
        catch (SocketException)
        {
            // It went without a word.
        }

        return _buffer[_start.._end];
    }

    private async Task<bool> FillAsync()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start.._end).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, 2 * _buffer.Length);

        int read = await from.ReceiveAsync(_buffer.AsMemory(_end));
        _end += read;
        return read > 0;
    }
}
