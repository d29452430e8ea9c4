using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Qkms.Api.Logging;
using Qkms.Api.Telemetry;
using Qkms.Core.ApiKeys;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Store;
using Qkms.Core.Uses;

namespace Qkms.Api.Hosting;

/// <summary>
/// What is done when the server has stopped. It is made before the server starts, with all that it needs: a host that owns the service
/// provider may dispose of that at the same time.
/// </summary>
internal sealed partial class Ending(IServiceProvider services)
{
    private readonly ILogger _logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("Qkms");
    private readonly QkmsSettings _settings = services.GetRequiredService<QkmsSettings>();
    private readonly StrangerLog _strangers = services.GetRequiredService<StrangerLog>();
    private readonly RequestsUnderWay _requests = services.GetRequiredService<RequestsUnderWay>();
    private readonly ApiKeyUses _uses = services.GetRequiredService<ApiKeyUses>();
    private readonly RefusalJournal _refusals = services.GetRequiredService<RefusalJournal>();
    private readonly IKmsStore _store = services.GetRequiredService<IKmsStore>();
    private readonly MaterialCache _materials = services.GetRequiredService<MaterialCache>();
    private readonly Keyring _keyring = services.GetRequiredService<Keyring>();
    private readonly TracerProvider? _traces = services.GetService<TracerProvider>();
    private readonly MeterProvider? _metrics = services.GetService<MeterProvider>();

    /// <summary>
    /// First the journal of refusals, then the store, because queued writes need the keys, then the keys. Not left to the service provider,
    /// which would unregister the signals before, so that a second one would end the process in the middle.
    /// </summary>
    public async Task RunAsync()
    {
        _strangers.Summarise();
        int cutOff = _requests.CutOff;
        await _uses.TryWriteAsync();
        await _refusals.WriteLastAsync();
        await _store.DisposeAsync();
        _materials.Dispose();
        _keyring.Dispose();
        await TelemetryStop.FlushAsync(_traces, _metrics);
        if (cutOff == 0)
            LogStopped(_logger);
        else
            LogCutOff(_logger, cutOff, _settings.ShutdownTimeout);
    }

    [LoggerMessage(ApiEvents.Stopped, LogLevel.Information,
        "Qkms has stopped: every request was answered, and every acknowledged write is on disk.")]
    private static partial void LogStopped(ILogger logger);

    [LoggerMessage(ApiEvents.RequestsCutOff, LogLevel.Warning,
        "Qkms has stopped: every acknowledged write is on disk; {Requests} requests did not finish within {Timeout} and were cut off; each "
        + "write was committed as a whole or not at all.")]
    private static partial void LogCutOff(ILogger logger, int requests, TimeSpan timeout);
}
