using System.Buffers;

namespace Qkms.Api.Logging;

/// <summary>
/// Collects lines and writes them together: a write and a change of threads for each line would cost more than the request
/// that it is about. Urgent lines are written at once, all others within <see cref="LogTimes.Linger"/>. A reader of the log that is slower
/// than those who log holds them up; one that stalls does not: after <see cref="LogTimes.Grace"/> lines are dropped and counted, and the
/// count is written when it reads again.
/// </summary>
internal sealed class LogOutput : IDisposable
{
    // Urgent lines are few and tell most: they still have room when there is none for others.
    private const int MostPending = 1024 * 1024;
    private const int MostPendingUrgent = MostPending + (256 * 1024);

    private readonly object _gate = new();
    private readonly Stream _stream;
    private readonly Action<IBufferWriter<byte>, long> _describeDropped;
    private readonly LogTimes _times;
    private readonly Thread _writer;
    private ArrayBufferWriter<byte> _pending = new(64 * 1024);
    private ArrayBufferWriter<byte> _written = new(64 * 1024);
    private long _dropped;
    private bool _isUrgent;
    private bool _isStalled;
    private bool _isClosed;

    /// <summary>Writes to a stream, which it closes.</summary>
    /// <param name="stream">Where the lines go.</param>
    /// <param name="describeDropped">Writes the line, with its end, that says how many lines were dropped.</param>
    /// <param name="times">How long it waits.</param>
    public LogOutput(Stream stream, Action<IBufferWriter<byte>, long> describeDropped, LogTimes times)
    {
        (_stream, _describeDropped, _times) = (stream, describeDropped, times);
        _writer = new Thread(WriteAll) { IsBackground = true, Name = "Log" };
        _writer.Start();
    }

    /// <summary>Adds a line with its end, or drops it when the reader stalls.</summary>
    public void Add(ReadOnlySpan<byte> line, bool isUrgent)
    {
        lock (_gate)
        {
            int most = isUrgent ? MostPendingUrgent : MostPending;
            while (_pending.WrittenCount + line.Length > most && !_isClosed)
            {
                if (!_isStalled && Monitor.Wait(_gate, _times.Grace))
                    continue;

                _isStalled = true;
                _dropped++;
                return;
            }

            if (_isClosed)
                return;

            bool isFirst = _pending.WrittenCount == 0;
            _pending.Write(line);
            if (isFirst || (isUrgent && !_isUrgent))
                Monitor.PulseAll(_gate);

            _isUrgent |= isUrgent;
        }
    }

    /// <summary>Writes the remaining lines, if their reader takes them within <see cref="LogTimes.End"/>.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            Monitor.PulseAll(_gate);
        }

        // A stream in which a write is stuck is left alone: closing it would wait for that write.
        if (_writer.Join(_times.End))
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
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // Nobody reads the log any more, its disk is full, or somebody closed it. There is nowhere to say so now, and the service
                // goes on.
                lock (_gate)
                    _dropped += _isClosed ? 0 : lines.Span.Count((byte)'\n');
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
                Monitor.Wait(_gate, _times.Linger);

            _written.ResetWrittenCount();
            (_pending, _written) = (_written, _pending);
            (_isUrgent, _isStalled) = (false, false);
            Monitor.PulseAll(_gate);
            if (_dropped > 0)
            {
                _describeDropped(_written, _dropped);
                _dropped = 0;
            }

            lines = _written.WrittenMemory;
            return !lines.IsEmpty;
        }
    }
}
