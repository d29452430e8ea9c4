using Microsoft.Extensions.Logging;
using Qkms.Core.Telemetry;

namespace Qkms.Core.Devices;

/// <summary>
/// Counts decryptions with keys of devices and those that fail, in windows of time, in memory and for this node alone: a failure writes
/// nothing. Many failures are a device that encrypts to another key than it says, or somebody who tries ciphertexts.
/// </summary>
internal sealed partial class DeviceFailures(DeviceOptions options, TimeProvider time, ILogger<DeviceFailures> logger)
{
    // Some 100 bytes each. Beyond it, all begin anew: what is over an hour old says nothing anyway.
    private const int MostRemembered = 10_000;

    private readonly Dictionary<(TenantId, Kid), Window> _windows = [];

    /// <summary>Counts a decryption.</summary>
    public void Count(TenantId tenantId, Kid kid, bool hasFailed)
    {
        bool isNewlyFailing;
        Window window;
        lock (_windows)
        {
            window = _windows.GetValueOrDefault((tenantId, kid));
            if (window.Calls == 0 || IsOver(window))
                window = new Window(time.GetTimestamp(), Calls: 0, Failures: 0);

            bool wasFailing = IsFailing(window);
            window = window with { Calls = window.Calls + 1, Failures = window.Failures + (hasFailed ? 1 : 0) };
            isNewlyFailing = !wasFailing && IsFailing(window);
            if (_windows.Count >= MostRemembered && !_windows.ContainsKey((tenantId, kid)))
                _windows.Clear();

            _windows[(tenantId, kid)] = window;
        }

        if (isNewlyFailing)
        {
            KmsMeter.FailingDeviceKeys.Add(1);
            LogFailing(logger, window.Failures, window.Calls, kid.Value, tenantId.Value);
        }
    }

    /// <summary>How many of the decryptions with a key failed in its window, in percent; null where there were too few.</summary>
    public FailureRate? Find(TenantId tenantId, Kid kid)
    {
        lock (_windows)
        {
            return _windows.TryGetValue((tenantId, kid), out Window window) && !IsOver(window) && window.Calls >= options.FailureMinCalls
                ? new FailureRate((int)(100L * window.Failures / window.Calls), IsFailing(window))
                : null;
        }
    }

    private bool IsOver(Window window) => time.GetElapsedTime(window.Begun) >= options.FailureWindow;

    private bool IsFailing(Window window) =>
        window.Calls >= options.FailureMinCalls && 100L * window.Failures > (long)options.FailurePercent * window.Calls;

    private readonly record struct Window(long Begun, int Calls, int Failures);

    [LoggerMessage(CoreEvents.DeviceKeyFailing, LogLevel.Warning,
        "{Failures} of {Calls} decryptions with key {Kid} of a device of tenant {TenantId} failed.")]
    private static partial void LogFailing(ILogger logger, int failures, int calls, string kid, Guid tenantId);
}

/// <summary>How many decryptions with a key failed.</summary>
/// <param name="Percent">In percent, rounded down.</param>
/// <param name="IsFailing">Whether that is more than may be.</param>
internal readonly record struct FailureRate(int Percent, bool IsFailing);
