using System.Diagnostics;
using System.Threading.Channels;

namespace Qkms.Core.Uses;

/// <summary>
/// Uses that wait for the next batch: many callers add, one thread takes. Under load the thread waits a little for more to come: a batch
/// costs about as much as ten of its uses, and those who are about to join it need the processors that the batch would take.
/// </summary>
internal sealed class UseQueue : IDisposable
{
    private const int MostWaiting = 4096;

    // Measured with 32 connections on two cores, where it is worth a tenth of the requests: more than this waits for what does not come.
    private const double MoreThanBefore = 1.5;
    private static readonly TimeSpan _longest = TimeSpan.FromMicroseconds(400);
    private static readonly TimeSpan _withoutAny = TimeSpan.FromMicroseconds(60);

    // What one request waits for is in one batch.
    private readonly Channel<PendingUse[]> _waiting = Channel.CreateBounded<PendingUse[]>(
        new BoundedChannelOptions(MostWaiting) { SingleReader = true });

    private readonly ManualResetEventSlim _arrived = new();
    private volatile bool _isEnding;
    private int _before;

    /// <summary>Requests whose uses wait.</summary>
    public int Count => _waiting.Reader.Count;

    /// <summary>Adds the uses of a request; false when too many wait, or none are taken any more.</summary>
    public bool TryAdd(PendingUse[] uses)
    {
        if (!_waiting.Writer.TryWrite(uses))
            return false;

        _arrived.Set();
        return true;
    }

    /// <summary>Takes what waits; waits for it if there is nothing.</summary>
    /// <param name="batch">Where it is added.</param>
    /// <param name="most">How many uses make a batch full; those of the last request may go beyond.</param>
    /// <returns>False when there is nothing, and nothing comes any more.</returns>
    public bool Take(List<PendingUse> batch, int most)
    {
        while (true)
        {
            _arrived.Reset();
            bool isEnding = _isEnding;
            Gather();
            int requests = 0;
            while (batch.Count < most && _waiting.Reader.TryRead(out PendingUse[]? uses))
            {
                batch.AddRange(uses);
                requests++;
            }

            _before = requests;
            if (requests > 0 || isEnding)
                return requests > 0;

            _arrived.Wait();
        }
    }

    /// <summary>Takes no more; what waits is still there.</summary>
    public void Complete()
    {
        _waiting.Writer.TryComplete();
        _isEnding = true;
        _arrived.Set();
    }

    public void Dispose() => _arrived.Dispose();

    // Requests that could run at this moment run first, and are in the batch. One caller alone waits for nobody.
    private void Gather()
    {
        Thread.Yield();
        if (_before < 2)
            return;

        int enough = (int)(_before * MoreThanBefore);
        int seen = Count;
        long begun = Stopwatch.GetTimestamp();
        long last = begun;
        while (seen < enough && Stopwatch.GetElapsedTime(last) < _withoutAny && Stopwatch.GetElapsedTime(begun) < _longest)
        {
            Thread.Yield();
            int count = Count;
            if (count > seen)
                (seen, last) = (count, Stopwatch.GetTimestamp());
        }
    }
}
