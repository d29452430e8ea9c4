namespace Qkms.Core.Gates;

/// <summary>
/// Lets a fixed number through at once. A bounded number waits, each for a bounded time; whoever finds the queue full or waits too
/// long gets a 503 before anything was done.
/// </summary>
/// <param name="slots">How many are let through at once.</param>
/// <param name="maxWaiting">How many may wait.</param>
/// <param name="busy">What the refusal says.</param>
/// <param name="patience">How long each waits; null for 20 seconds.</param>
// The semaphore is never disposed: it holds nothing until its wait handle is asked for, and those who wait when the service stops
// must still get their turn.
#pragma warning disable CA1001
internal sealed class BoundedGate(int slots, int maxWaiting, string busy, TimeSpan? patience = null)
#pragma warning restore CA1001
{
    private static readonly TimeSpan _usualPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan _retryAfter = TimeSpan.FromSeconds(2);

    private readonly TimeSpan _patience = patience ?? _usualPatience;
    private readonly SemaphoreSlim _slots = new(Math.Max(1, slots));
    private int _waiting;

    /// <summary>A slot, given back when the pass is disposed of. Free slots are taken without a change of thread.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/> when none gets free in time.</exception>
    public ValueTask<Pass> EnterAsync(CancellationToken cancellationToken) =>
        _slots.Wait(0, cancellationToken) ? new ValueTask<Pass>(new Pass(_slots)) : new ValueTask<Pass>(WaitAsync(cancellationToken));

    private async Task<Pass> WaitAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _waiting) > maxWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            throw Busy();
        }

        try
        {
            return await _slots.WaitAsync(_patience, cancellationToken) ? new Pass(_slots) : throw Busy();
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private KmsException Busy() => new(KmsErrors.Unavailable, busy) { RetryAfter = _retryAfter };

    /// <summary>A taken slot.</summary>
    public readonly struct Pass(SemaphoreSlim slots) : IDisposable
    {
        /// <summary>Gives the slot back.</summary>
        public void Dispose() => slots.Release();
    }
}
