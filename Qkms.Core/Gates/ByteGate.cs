namespace Qkms.Core.Gates;

/// <summary>
/// Bounds the memory of what is under way: each enters with the number of bytes that it will take, and waits in order of arrival until they
/// are free. A bounded number waits, each for a bounded time; whoever finds the queue full or waits too long gets a 503 before anything
/// was done. One that needs more than there is goes through alone.
/// </summary>
/// <param name="capacity">The bytes that all together may take.</param>
/// <param name="maxWaiting">How many may wait.</param>
/// <param name="busy">What the refusal says.</param>
/// <param name="patience">How long each waits; null for 5 seconds.</param>
internal sealed class ByteGate(long capacity, int maxWaiting, string busy, TimeSpan? patience = null)
{
    private static readonly TimeSpan _usualPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _retryAfter = TimeSpan.FromSeconds(2);

    private readonly TimeSpan _patience = patience ?? _usualPatience;
    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _queue = new();
    private long _taken;

    /// <summary>The bytes that are taken now.</summary>
    public long Taken
    {
        get
        {
            lock (_lock)
                return _taken;
        }
    }

    /// <summary>Takes bytes, which are given back when the pass is disposed of.</summary>
    /// <param name="bytes">How many.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/> when they do not get free in time.</exception>
    public ValueTask<Pass> EnterAsync(long bytes, CancellationToken cancellationToken)
    {
        LinkedListNode<Waiter> node;
        lock (_lock)
        {
            if (_queue.Count == 0 && Fits(bytes))
            {
                _taken += bytes;
                return new ValueTask<Pass>(new Pass(this, bytes));
            }

            if (_queue.Count >= maxWaiting)
                throw Busy();

            node = _queue.AddLast(new Waiter(bytes));
        }

        return new ValueTask<Pass>(WaitAsync(node, cancellationToken));
    }

    private async Task<Pass> WaitAsync(LinkedListNode<Waiter> node, CancellationToken cancellationToken)
    {
        Pass pass = new(this, node.Value.Bytes);
        try
        {
            await node.Value.Admitted.Task.WaitAsync(_patience, cancellationToken);
            return pass;
        }
        catch (TimeoutException)
        {
            return IsWithdrawn(node) ? throw Busy() : pass;
        }
        catch (OperationCanceledException)
        {
            if (!IsWithdrawn(node))
                pass.Dispose();

            throw;
        }
    }

    // False when it was let through at the last moment.
    private bool IsWithdrawn(LinkedListNode<Waiter> node)
    {
        lock (_lock)
        {
            if (node.List is null)
                return false;

            _queue.Remove(node);
            Admit();
            return true;
        }
    }

    private void Leave(long bytes)
    {
        lock (_lock)
        {
            _taken -= bytes;
            Admit();
        }
    }

    // In order, so that small ones do not keep a large one waiting for ever. Continuations run elsewhere: the lock is held.
    private void Admit()
    {
        while (_queue.First is { } first && Fits(first.Value.Bytes))
        {
            _queue.RemoveFirst();
            _taken += first.Value.Bytes;
            first.Value.Admitted.SetResult();
        }
    }

    private bool Fits(long bytes) => _taken == 0 || bytes <= capacity - _taken;

    private KmsException Busy() => new(KmsErrors.Unavailable, busy) { RetryAfter = _retryAfter };

    /// <summary>Taken bytes; disposed of once.</summary>
    public readonly struct Pass(ByteGate gate, long bytes) : IDisposable
    {
        /// <summary>Gives the bytes back.</summary>
        public void Dispose() => gate?.Leave(bytes);
    }

    private sealed record Waiter(long Bytes)
    {
        public TaskCompletionSource Admitted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
