using System.Buffers;

namespace Qkms.Api.Logging;

/// <summary>
/// Collects lines and writes them together: a write and a change of threads for each line would cost more than the request
/// that it is about. Urgent lines are written at once, all others within <see cref="_linger"/>. When the reader of the log
/// does not keep up, callers wait.
/// </summary>
internal sealed class LogOutput : IDisposable
{
    private const int MostPending = 1024 * 1024;

    private static readonly TimeSpan _linger = TimeSpan.FromMilliseconds(5);

    private readonly object _gate = new();
    private readonly Stream _stream;
    private readonly Thread _writer;
    private ArrayBufferWriter<byte> _pending = new(64 * 1024);
    private ArrayBufferWriter<byte> _written = new(64 * 1024);
    private bool _isUrgent;
    private bool _isClosed;

    /// <summary>Writes to a stream, which it closes.</summary>
    public LogOutput(Stream stream)
    {
        _stream = stream;
        _writer = new Thread(WriteAll) { IsBackground = true, Name = "Log" };
        _writer.Start();
    }

    /// <summary>Adds a line with its end.</summary>
    public void Add(ReadOnlySpan<byte> line, bool isUrgent)
    {
        lock (_gate)
        {
            while (_pending.WrittenCount > MostPending && !_isClosed)
                Monitor.Wait(_gate);

            if (_isClosed)
                return;

            bool isFirst = _pending.WrittenCount == 0;
            _pending.Write(line);
            if (isFirst || (isUrgent && !_isUrgent))
                Monitor.PulseAll(_gate);

            _isUrgent |= isUrgent;
        }
    }

    /// <summary>Writes the remaining lines.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            Monitor.PulseAll(_gate);
        }

        _writer.Join();
        _stream.Dispose();
    }

    private void WriteAll()
    {
        while (TakePending(out ReadOnlyMemory<byte> lines))
        {
            try
            {
                _stream.Write(lines.Span);
                _stream.Flush();
            }
            catch (IOException)
            {
                // Nobody reads the log any more, or its disk is full; there is nowhere to say so, and the service goes on.
            }
        }
    }

    /// <summary>Waits for lines; false when it is closed and there are none left.</summary>
    private bool TakePending(out ReadOnlyMemory<byte> lines)
    {
        lock (_gate)
        {
            while (_pending.WrittenCount == 0 && !_isClosed)
                Monitor.Wait(_gate);

            if (!_isUrgent && !_isClosed)
                Monitor.Wait(_gate, _linger);

            _written.ResetWrittenCount();
            (_pending, _written) = (_written, _pending);
            _isUrgent = false;
            Monitor.PulseAll(_gate);
            lines = _written.WrittenMemory;
            return !lines.IsEmpty;
        }
    }
}
