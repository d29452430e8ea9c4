namespace Qkms.Core.Devices;

/// <summary>
/// Lets the requests of this process that may make a key of one device in one after the other: of fifty registrations one makes a key, and
/// the others find it. The database holds the limit; this saves the work that would be thrown away.
/// </summary>
internal sealed class DeviceTurns
{
    private readonly Dictionary<(TenantId, DeviceId), Queue> _queues = [];

    /// <summary>Waits for the turn; disposing what it returns ends it.</summary>
    public async Task<IDisposable> EnterAsync(TenantId tenantId, DeviceId deviceId, CancellationToken cancellationToken)
    {
        (TenantId, DeviceId) of = (tenantId, deviceId);
        Queue queue;
        lock (_queues)
        {
            if (!_queues.TryGetValue(of, out queue!))
                _queues.Add(of, queue = new Queue());

            queue.Members++;
        }

        try
        {
            await queue.Free.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Leave(of, queue);
            throw;
        }

        return new Turn(this, of, queue);
    }

    private void Leave((TenantId, DeviceId) of, Queue queue)
    {
        lock (_queues)
        {
            if (--queue.Members == 0)
            {
                _queues.Remove(of);
                queue.Free.Dispose();
            }
        }
    }

    private sealed class Queue
    {
        public SemaphoreSlim Free { get; } = new(1);

        public int Members { get; set; }
    }

    private sealed class Turn(DeviceTurns turns, (TenantId, DeviceId) of, Queue queue) : IDisposable
    {
        public void Dispose()
        {
            queue.Free.Release();
            turns.Leave(of, queue);
        }
    }
}
