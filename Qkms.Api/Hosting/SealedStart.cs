using Qkms.Api.Logging;
using Qkms.Core.Keyrings;

namespace Qkms.Api.Hosting;

/// <summary>
/// A start of an installation whose root key nobody has: the service listens, refuses all but the question whether it lives, and waits
/// until enough shares were given through <see cref="UnsealSocket"/>.
/// </summary>
internal static partial class SealedStart
{
    /// <summary>Listens and waits.</summary>
    /// <param name="app">The service, which does not listen yet.</param>
    /// <param name="secrets">Holds the root key afterwards.</param>
    /// <param name="manager">Is told that the service runs: whoever starts it does not wait for people.</param>
    /// <param name="logger">Takes what happens.</param>
    /// <returns>False when the service was told to stop meanwhile: then it listens no more.</returns>
    /// <exception cref="SettingsException">The service cannot listen, or may not.</exception>
    /// <exception cref="IOException">It cannot take shares.</exception>
    public static async Task<bool> WaitAsync(WebApplication app, RootSecrets secrets, ServiceManager manager, ILogger logger)
    {
        IServiceProvider services = app.Services;
        QkmsSettings settings = services.GetRequiredService<QkmsSettings>();
        Entrance entrance = services.GetRequiredService<Entrance>();
        CancellationToken stopping = app.Lifetime.ApplicationStopping;
        string path = UnsealSocket.PathIn(settings.DataDirectory);
        UnsealSocket socket = new(
            path, services.GetRequiredService<Unsealing>(), secrets, services.GetRequiredService<TimeProvider>());
        entrance.Seal();
        try
        {
            await Listener.StartAsync(app, settings.AllowPlaintext, stopping);
            await using CancellationTokenRegistration notice = stopping.Register(manager.TellStopping);
            manager.TellSealed();
            LogWaits(logger, path);
            await socket.ServeAsync(stopping);
            entrance.Unseal();
            manager.TellUnsealed();
            LogUnsealed(logger);
            return true;
        }
        catch (Exception e)
        {
            await EndAsync(app);
            if (e is OperationCanceledException && stopping.IsCancellationRequested)
                return false;

            throw;
        }
    }

    /// <summary>Ends a service that listens and cannot serve.</summary>
    public static async Task EndAsync(WebApplication app)
    {
        app.Services.GetRequiredService<Entrance>().Close();
        await app.StopAsync(CancellationToken.None);
    }

    [LoggerMessage(ApiEvents.WaitsSealed, LogLevel.Warning,
        "The service is sealed: its root key was split, and nothing is answered until enough shares were given. Run 'qkms unseal' on this "
        + "machine, as the user of the service or as root; it finds {Path}.")]
    private static partial void LogWaits(ILogger logger, string path);

    [LoggerMessage(ApiEvents.Unsealed, LogLevel.Information, "The service is unsealed.")]
    private static partial void LogUnsealed(ILogger logger);
}
