using System.Diagnostics;
using Qkms.Api.Logging;
using Qkms.Core.Telemetry;

namespace Qkms.Api.Hosting;

/// <summary>
/// Runs due work in the background, from the moment that requests are let in: before that a sealed service has no keys. It survives every
/// failure: the next interval retries the work.
/// </summary>
/// <param name="what">What is done, for the log.</param>
/// <param name="interval">How often.</param>
/// <param name="entrance">Says when requests are let in.</param>
/// <param name="time">The clock of the interval.</param>
/// <param name="logger">Takes what went wrong.</param>
internal abstract partial class PeriodicWork(
    string what, TimeSpan interval, Entrance entrance, TimeProvider time, ILogger logger) : BackgroundService
{
    private volatile int _rounds;

    /// <summary>How often everything was tried.</summary>
    public int Rounds => _rounds;

    /// <summary>What is to be done. Each by itself: what stops one of them stops no other.</summary>
    protected abstract IReadOnlyList<Func<CancellationToken, Task>> Tasks { get; }

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            if (!await entrance.Decision.WaitAsync(stoppingToken))
                return;

            using PeriodicTimer timer = new(interval, time);
            do
            {
                using Activity? span = KmsActivities.Start(KmsActivities.Housekeeping);
                foreach (Func<CancellationToken, Task> task in Tasks)
                    await TryAsync(task, stoppingToken);

                _rounds++;
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops, or did not start: the host would log anything else than a return as a failure.
        }
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
            LogPutOff(logger, what, e.Error.Code);
        }
#pragma warning disable CA1031 // Whatever it is, the next interval must come; it is logged in full.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogFailed(logger, what, e);
        }
    }

    [LoggerMessage(ApiEvents.HousekeepingPutOff, LogLevel.Warning,
        "Background work ({What}) was postponed ({Code}) until the next interval.")]
    private static partial void LogPutOff(ILogger logger, string what, string code);

    [LoggerMessage(ApiEvents.HousekeepingFailed, LogLevel.Error, "Background work ({What}) failed; the next interval retries it.")]
    private static partial void LogFailed(ILogger logger, string what, Exception exception);
}
