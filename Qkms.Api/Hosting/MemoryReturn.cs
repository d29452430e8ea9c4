namespace Qkms.Api.Hosting;

/// <summary>
/// Gives what a burst took back to the operating system. The runtime collects garbage when it allocates; after a burst nobody does, and the
/// memory would stay for as long as the service is idle. So a quiet service that holds much more than before is told to collect once.
/// </summary>
internal sealed class MemoryReturn(TimeProvider time) : BackgroundService
{
    // In bytes: what is worth a collection, and what a quiet service may allocate in an interval.
    private const long Much = 32 * 1024 * 1024;
    private const long Little = 8 * 1024 * 1024;

    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(_interval, time);
        long usual = Environment.WorkingSet;
        long allocated = GC.GetTotalAllocatedBytes();
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                long before = allocated;
                allocated = GC.GetTotalAllocatedBytes();
                if (allocated - before > Little || Environment.WorkingSet < usual + Much)
                    continue;

                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                usual = Environment.WorkingSet;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops, or did not start.
        }
    }
}
