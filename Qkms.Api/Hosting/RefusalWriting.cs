using Qkms.Core.Journal;

namespace Qkms.Api.Hosting;

/// <summary>Has the refusals of the last seconds journalled. Those of the last moment are when the service ends.</summary>
internal sealed class RefusalWriting(RefusalJournal refusals, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(RefusalJournal.Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await refusals.WriteAsync();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host would log anything else than a return as a failure.
        }
    }
}
