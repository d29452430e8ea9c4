using System.Net.Sockets;
using Microsoft.Extensions.Hosting.Systemd;
using Qkms.Api.Logging;

namespace Qkms.Api.Hosting;

/// <summary>
/// Tells systemd (<c>Type=notify</c>), or another supervisor that set <c>NOTIFY_SOCKET</c>, that the service is ready and
/// that it stops: sd_notify(3).
/// </summary>
/// <remarks>
/// Not <c>UseSystemd()</c>: that decides by the parent process, where the protocol decides by the variable, replaces the console's log
/// format, and no longer ends on SIGINT.
/// </remarks>
internal sealed partial class ServiceManager
{
    private const string Variable = "NOTIFY_SOCKET";

    private readonly SystemdNotifier _notifier = new();
    private readonly ILogger _logger;

    /// <summary>Takes the variable out of the environment, so that no child process reports in the name of the service.</summary>
    public ServiceManager(ILogger logger)
    {
        _logger = logger;
        Environment.SetEnvironmentVariable(Variable, null);
    }

    public void TellReady() => Tell(ServiceState.Ready);

    /// <summary>It runs, and waits for people: what waits for its start does not wait for them.</summary>
    public void TellSealed() => Tell(new ServiceState("READY=1\nSTATUS=sealed: 'qkms unseal' takes shares of the root key"));

    public void TellUnsealed() => Tell(new ServiceState("STATUS="));

    public void TellStopping() => Tell(ServiceState.Stopping);

    // A service that works is not stopped because nobody listens: the service manager has a time-out of its own.
    private void Tell(ServiceState state)
    {
        try
        {
            _notifier.Notify(state);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            LogNotTold(_logger, state, e.Message);
        }
    }

    [LoggerMessage(ApiEvents.ServiceManagerNotTold, LogLevel.Warning, "The service manager was not told {State}: {Reason}")]
    private static partial void LogNotTold(ILogger logger, ServiceState state, string reason);
}
