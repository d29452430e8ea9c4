namespace Qkms.Core.Keys;

/// <summary>
/// Keeps heavy work from starving light requests: at most cores − 1 key generations at once, a bounded number waiting, each for a
/// bounded time; whoever finds the queue full or waits too long gets a 503 before anything was done.
/// </summary>
public sealed class KeyGenerationGate : IDisposable
{
    private const int MaxWaiting = 256;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan _retryAfter = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _slots = new(Math.Max(1, Environment.ProcessorCount - 1));
    private int _waiting;

    /// <summary>Runs <paramref name="work"/> on a pool thread when a slot is free.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/> when none gets free in time.</exception>
    public async Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        await EnterAsync(cancellationToken);
        try
        {
            return await Task.Run(work, cancellationToken);
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _slots.Dispose();

    private async Task EnterAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _waiting) > MaxWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            throw Busy();
        }

        try
        {
            if (!await _slots.WaitAsync(_patience, cancellationToken))
                throw Busy();
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private static KmsException Busy() =>
        new(KmsErrors.Unavailable, "Too many keys are being generated right now; nothing was changed. Try again.") { RetryAfter = _retryAfter };
}
