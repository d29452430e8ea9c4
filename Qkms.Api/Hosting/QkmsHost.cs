using Qkms.Api.Logging;
using Qkms.Core.Cryptography;
using Qkms.Core.Installation;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Secrets;
using Qkms.Core.Store;

namespace Qkms.Api.Hosting;

/// <summary>Opens everything in order before the first request.</summary>
internal static partial class QkmsHost
{
    /// <summary>Self-test, database, keyring, first tenant; then the service runs until it is told to stop, and cleans up.</summary>
    public static async Task RunAsync(WebApplication app, RootKeyLocator rootKeys, HardeningReport hardening)
    {
        IServiceProvider services = app.Services;
        QkmsSettings settings = services.GetRequiredService<QkmsSettings>();
        IKmsStore store = services.GetRequiredService<IKmsStore>();
        ILogger logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("Qkms");
        ServiceManager manager = new(logger);
        CancellationToken stopping = app.Lifetime.ApplicationStopping;

        // Makes the routes: one that has no permission is found here, before anything is made or opened.
        foreach (EndpointDataSource routes in ((IEndpointRouteBuilder)app).DataSources)
            _ = routes.Endpoints;

        Listener.Check(app, settings.AllowPlaintext);
        EngineChecks.EnsurePassed(services.GetRequiredService<SecondOpinion>());
        await store.OpenAsync(stopping);
        bool isListening = false;
        using RootSecrets secrets = new(rootKeys);
        if (await services.GetRequiredService<Unsealing>().IsNeededAsync(secrets, stopping))
        {
            Ending early = new(services);
            isListening = await SealedStart.WaitAsync(app, secrets, manager, logger);
            if (!isListening)
            {
                await early.RunAsync();
                return;
            }
        }

        try
        {
            await OpenAsync(app, secrets, hardening, logger);
        }
        catch when (isListening)
        {
            await SealedStart.EndAsync(app);
            throw;
        }

        Ending ending = new(services);
        if (await ListenAsync(app, settings, isListening, stopping))
        {
            manager.TellReady();
            await using CancellationTokenRegistration notice = stopping.Register(manager.TellStopping);
            await app.WaitForShutdownAsync(CancellationToken.None);
        }

        await ending.RunAsync();
    }

    /// <summary>Opens the keys with what is at hand, which is zeroed, and makes what a first start makes.</summary>
    private static async Task OpenAsync(WebApplication app, RootSecrets secrets, HardeningReport hardening, ILogger logger)
    {
        IServiceProvider services = app.Services;
        QkmsSettings settings = services.GetRequiredService<QkmsSettings>();
        IKmsStore store = services.GetRequiredService<IKmsStore>();
        CancellationToken stopping = app.Lifetime.ApplicationStopping;
        KeyringFacts keyring = await services.GetRequiredService<KeyringOpener>().OpenAsync(secrets, stopping);
        secrets.Locator.Forget();
        secrets.Dispose();
        if (!store.IsEmbedded)
            services.GetRequiredService<KeyringWatch>().Begin();

        Caller? first = await EnsureInitialTenantAsync(
            services.GetRequiredService<InitialTenant>(), settings.DataDirectory, logger, stopping);
        await services.GetRequiredService<StoredDecoy>().EnsureAsync(stopping);
        await services.GetRequiredService<UseRecording>().AnnounceAsync(stopping);
        if (first is not null && settings.DemoKeys && app.Environment.IsDevelopment())
            await MakeDemoKeysAsync(services.GetRequiredService<DemoKeys>(), first, logger, stopping);

        // A start that was killed while it made these may have left a second copy.
        PrivateFile.RemoveUnfinished(secrets.Locator.DefaultPath);
        PrivateFile.RemoveUnfinished(Path.Combine(settings.DataDirectory, InitialApiKeyFile.Name));

        LogStarted(logger, store.Description, services.GetRequiredService<PqcEngine>().Description, hardening.ToString());
        if (keyring.RootKeyBesideData && !app.Environment.IsDevelopment())
            LogRootKeyBesideData(logger, keyring.RootKeySource);
    }

    /// <summary>Listens and lets requests in; false when the service was told to stop meanwhile.</summary>
    private static async Task<bool> ListenAsync(
        WebApplication app, QkmsSettings settings, bool isListening, CancellationToken stopping)
    {
        Entrance entrance = app.Services.GetRequiredService<Entrance>();
        try
        {
            if (!isListening)
                await Listener.StartAsync(app, settings.AllowPlaintext, stopping);

            entrance.Open();
            return true;
        }
        catch (Exception e)
        {
            entrance.Close();
            await app.StopAsync(CancellationToken.None);
            if (e is OperationCanceledException && stopping.IsCancellationRequested)
                return false;

            throw;
        }
    }

    private static async Task<Caller?> EnsureInitialTenantAsync(
        InitialTenant initial, string dataDirectory, ILogger logger, CancellationToken stopping)
    {
        string path = Path.Combine(dataDirectory, InitialApiKeyFile.Name);
        Caller? first = await initial.EnsureAsync(
            text => InitialApiKeyFile.Write(path, text), () => InitialApiKeyFile.Withdraw(path), stopping);
        if (first is not null)
            LogInitialApiKey(logger, path);

        return first;
    }

    private static async Task MakeDemoKeysAsync(DemoKeys demo, Caller first, ILogger logger, CancellationToken stopping)
    {
        await demo.MakeAsync(first, stopping);
        LogDemoKeys(logger, KeyName.Demo);
    }

    [LoggerMessage(ApiEvents.Started, LogLevel.Information, "Qkms runs on {Storage}, post-quantum engine {Engine}; {Hardening}.")]
    private static partial void LogStarted(ILogger logger, string storage, string engine, string hardening);

    [LoggerMessage(ApiEvents.InitialApiKeyWritten, LogLevel.Information,
        "First start: the API key of tenant 'default' is in {Path}. Move it to where you keep secrets; Qkms does not "
        + "read the file again.")]
    private static partial void LogInitialApiKey(ILogger logger, string path);

    [LoggerMessage(ApiEvents.DemoKeysMade, LogLevel.Information,
        "First start in Development: made keys named '{Name}', which the examples at /swagger use.")]
    private static partial void LogDemoKeys(ILogger logger, KeyName name);

    [LoggerMessage(ApiEvents.RootKeyBesideData, LogLevel.Warning,
        "The root key ({Source}) is in the data directory: a copy of that directory reveals the keys. Keep it "
        + "apart; see docs/hardening.md.")]
    private static partial void LogRootKeyBesideData(ILogger logger, string source);
}
