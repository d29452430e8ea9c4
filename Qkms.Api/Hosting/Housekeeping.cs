using System.Diagnostics;
using Qkms.Api.Logging;
using Qkms.Core.Idempotency;
using Qkms.Core.Lifecycle;
using Qkms.Core.Telemetry;

namespace Qkms.Api.Hosting;

/// <summary>Runs due work in the background. It survives every failure: the next interval retries the work.</summary>
internal sealed partial class Housekeeping(
    DestructionSweep destruction, KeptResults results, DestructionOptions options, TimeProvider time, ILogger<Housekeeping> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(options.SweepInterval, time);
        try
        {
            do
            {
                await SweepAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops, or did not start: the host would log anything else than a return as a failure.
        }
    }

    private async Task SweepAsync(CancellationToken stopping)
    {
        using Activity? span = KmsActivities.Start(KmsActivities.Housekeeping);

        // Each by itself: what stops one of them stops no other.
        await TryAsync(destruction.RunAsync, stopping);
        await TryAsync(results.ForgetExpiredAsync, stopping);
    }

    private async Task TryAsync(Func<CancellationToken, Task> work, CancellationToken stopping)
    {
        try
        {
            await work(stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            throw;
        }
        catch (KmsException e)
        {
            LogPutOff(logger, e.Error.Code);
        }
#pragma warning disable CA1031 // Whatever it is, the next sweep must come; it is logged in full.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogFailed(logger, e);
        }
    }

    [LoggerMessage(ApiEvents.HousekeepingPutOff, LogLevel.Warning,
        "Background work (destroying keys, deleting expired answers) was postponed ({Code}) until the next interval.")]
    private static partial void LogPutOff(ILogger logger, string code);

    [LoggerMessage(ApiEvents.HousekeepingFailed, LogLevel.Error,
        "Background work (destroying keys, deleting expired answers) failed; the next interval retries it.")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
