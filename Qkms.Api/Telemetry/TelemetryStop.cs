using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Qkms.Api.Telemetry;

/// <summary>Exports the rest when the service stops. Gives up soon, because a collector may not answer.</summary>
internal static class TelemetryStop
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    public static async Task FlushAsync(TracerProvider? tracing, MeterProvider? metering)
    {
        int milliseconds = (int)_patience.TotalMilliseconds;
        Task traces = Task.Run(() => tracing?.Shutdown(milliseconds));
        Task metrics = Task.Run(() => metering?.Shutdown(milliseconds));

        // Twice the time, for an exporter that does not look at it.
        await Task.WhenAny(Task.WhenAll(traces, metrics), Task.Delay(2 * _patience));
    }
}
