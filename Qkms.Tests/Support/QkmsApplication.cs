using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Qkms.Api.Health;
using Qkms.Api.Hosting;
using Qkms.Core.ApiKeys;
using Qkms.Core.Installation;
using Qkms.Core.Tenants;
using Qkms.Storage.Postgres;

namespace Qkms.Tests.Support;

/// <summary>The whole service in this process, on a data directory of its own, with the verbs that tests need.</summary>
internal sealed class QkmsApplication : WebApplicationFactory<Program>
{
    private readonly TemporaryDirectory? _ownDirectory;

    public QkmsApplication()
        : this(new TemporaryDirectory())
    {
    }

    private QkmsApplication(TemporaryDirectory own)
        : this(own.Path) => _ownDirectory = own;

    /// <summary>On a data directory that outlives it.</summary>
    public QkmsApplication(string dataDirectory) => DataDirectory = dataDirectory;

    public string DataDirectory { get; }

    /// <summary>Further settings.</summary>
    public Dictionary<string, string> Settings { get; } = [];

    /// <summary>The service's clocks: those of the system, until a test moves them.</summary>
    public ManualTime Time { get; init; } = ManualTime.Running();

    /// <summary>How long it waits for PostgreSQL; null for as long as every service does.</summary>
    public PostgresPatience? Patience { get; init; } = PostgresPatience.Long;

    /// <summary>What stands between the service and its database; nothing unless it is given.</summary>
    public Func<IKmsStore, IKmsStore>? StoreInFront { get; init; }

    /// <summary>What a test adds to the services, after all others.</summary>
    public Action<IServiceCollection>? FurtherServices { get; init; }

    /// <summary>
    /// Whether due work runs in the background, as it does in every service. Its first run goes on beside the first requests and reads
    /// too: a test that counts what requests read does without it.
    /// </summary>
    public bool KeepsHouse { get; init; } = true;

    public FakeLogCollector Log { get; } = new();

    /// <summary>Every byte of every answer that clients of <see cref="ClientFor"/> received.</summary>
    public AnswerRecorder Answers { get; } = new();

    /// <summary>Its database, behind its back.</summary>
    public Database OpenDatabase() => TestStorage.Open(DataDirectory);

    /// <summary>The API key that the first start wrote.</summary>
    public string InitialApiKey
    {
        get
        {
            _ = Services;
            return File.ReadAllText(Path.Combine(DataDirectory, InitialApiKeyFile.Name));
        }
    }

    /// <summary>A client that speaks for the first tenant.</summary>
    public HttpClient Client() => ClientFor(InitialApiKey);

    /// <summary>A client with an API key; without any when it is null.</summary>
    public HttpClient ClientFor(string? apiKey)
    {
        HttpClient client = CreateDefaultClient(Answers.Handler());
        if (apiKey is not null)
            client.DefaultRequestHeaders.Add("x-api-key", apiKey);

        return client;
    }

    /// <summary>Starts the service on a real port; a client over a real connection.</summary>
    public HttpClient StartOnKestrel()
    {
        UseKestrel(0);
        StartServer();
        return KestrelClient();
    }

    /// <summary>A client over a real connection to a service that runs on Kestrel.</summary>
    public HttpClient KestrelClient(string? apiKey = null)
    {
        string address = Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>()
            .Features.Get<Microsoft.AspNetCore.Hosting.Server.Features.IServerAddressesFeature>()!.Addresses.First();
        HttpClient client = new() { BaseAddress = new Uri(address) };
        client.DefaultRequestHeaders.Add("x-api-key", apiKey ?? File.ReadAllText(Path.Combine(DataDirectory, InitialApiKeyFile.Name)));
        return client;
    }

    /// <summary>A further tenant with an API key of these roles.</summary>
    public async Task<string> CreateTenantAsync(string name, Roles roles = Roles.Admin, string plan = PlanOptions.Enterprise)
    {
        TenantProvisioning provisioning = Services.GetRequiredService<TenantProvisioning>();
        Tenant tenant = provisioning.Plan(name, plan);
        using NewApiKey apiKey = provisioning.PlanApiKey(tenant, "test", roles);
        await Services.GetRequiredService<IKmsStore>().WriteAsync(
            async session =>
            {
                (await provisioning.TryAddAsync(session, tenant)).Should().BeTrue();
                await provisioning.AddAsync(session, apiKey);
                return true;
            },
            CancellationToken.None);
        return Encoding.ASCII.GetString(apiKey.Text.Span);
    }

    /// <summary>A second API key of the tenant that <paramref name="apiKey"/> speaks for.</summary>
    public async Task<string> CreateApiKeyAsync(string apiKey, Roles roles, Func<Credential, Credential>? change = null)
    {
        ApiKeyProver prover = Services.GetRequiredService<ApiKeyProver>();
        ApiKeyAuthenticator authenticator = Services.GetRequiredService<ApiKeyAuthenticator>();
        ApiKeyIdentity owner = await authenticator.AuthenticateAsync(prover.Prove(Encoding.ASCII.GetBytes(apiKey))!, CancellationToken.None)
            ?? throw new InvalidOperationException("not a valid API key");
        using NewApiKey made = Services.GetRequiredService<ApiKeyIssuer>().Issue(owner.TenantId, "test", roles);
        Credential credential = (change ?? (c => c))(made.Credential.UnverifiedRow);
        RowSealer sealer = Services.GetRequiredService<RowSealer>();
        NewApiKey changed = made with { Credential = sealer.Seal(credential) };
        await Services.GetRequiredService<IKmsStore>().WriteAsync(
            async session =>
            {
                await Services.GetRequiredService<TenantProvisioning>().AddAsync(session, changed);
                return true;
            },
            CancellationToken.None);
        return Encoding.ASCII.GetString(made.Text.Span);
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSetting("Qkms:DataDirectory", DataDirectory);

        // The factory runs the service in Development; tests count keys.
        builder.UseSetting("Qkms:DemoKeys", "false");

        // Tests say themselves when what is due is rotated: the service's own look is too rare to be faster.
        builder.UseSetting("Qkms:Rotation:Interval", "00:01:00");
        if (TestEngine.Name is { } engine)
            builder.UseSetting("Qkms:Crypto:Engine", engine);

        bool isOtherStorage = Settings.ContainsKey("Qkms:Storage:Provider");
        if (_ownDirectory is not null && !isOtherStorage)
            TestStorage.PutSchemaInto(DataDirectory);

        IReadOnlyDictionary<string, string> storage = isOtherStorage
            ? new Dictionary<string, string>()
            : TestStorage.SettingsOf(DataDirectory);
        foreach ((string key, string value) in storage.Concat(Settings))
            builder.UseSetting(key, value);

        string? shared = (isOtherStorage ? Settings : storage).GetValueOrDefault("Qkms:Storage:ConnectionString");

        builder.ConfigureTestServices(services =>
        {
            services.AddSingleton<TimeProvider>(Time);
            services.AddSingleton<IStartupFilter, KestrelHeaders>();
            if (shared is not null && Patience is { } patience)
            {
                services.Replace(ServiceDescriptor.Singleton<IKmsStore>(provider => new PostgresKmsStore(
                    patience.For(shared, DataDirectory),
                    provider.GetRequiredService<TimeProvider>(),
                    provider.GetRequiredService<ILogger<PostgresKmsStore>>())));
            }

            // A busy machine takes longer for a look than those who ask wait. Tests of nodes are about databases that are gone.
            if (!isOtherStorage)
                services.AddSingleton(new ReadinessLimits { Patience = TimeSpan.FromMinutes(1) });

            // Nodes on one database, and a service that starts again, make new keys: here they would be the same.
            if (_ownDirectory is not null && !isOtherStorage)
                services.AddSingleton<KeyMakers, PooledRsaKeys>();

            if (!KeepsHouse)
            {
                services.Remove(services.Single(service => service.ImplementationType == typeof(Housekeeping)));
                services.Remove(services.Single(service => service.ImplementationType == typeof(RefusalWriting)));
                services.Remove(services.Single(service => service.ImplementationType == typeof(ApiKeyUseWriting)));
                foreach (ServiceDescriptor ofSeveralNodes in services
                    .Where(service => service.ImplementationType == typeof(WithheldTenantsWatch)
                        || service.ImplementationType == typeof(KeyringWatching)).ToArray())
                    services.Remove(ofSeveralNodes);
            }

            FurtherServices?.Invoke(services);
            if (StoreInFront is { } inFront)
            {
                ServiceDescriptor behind = services.Single(service => service.ServiceType == typeof(IKmsStore));
                services.AddSingleton(provider => inFront((IKmsStore)behind.ImplementationFactory!(provider)));
            }
        });
        builder.ConfigureLogging(logging =>
        {
            logging.ClearProviders();
            logging.SetMinimumLevel(LogLevel.Trace);
            logging.AddFilter("Microsoft", LogLevel.Trace);
            logging.AddProvider(new FakeLoggerProvider(Log));
        });
    }

    /// <summary>
    /// Whether the service ends by itself before it is disposed of, as it does in a process of its own. Otherwise both happen at once, and
    /// OpenTelemetry's provider does not stand being shut down and disposed of at the same time.
    /// </summary>
    public bool EndsBeforeDisposal { get; init; }

    /// <summary>Ends when another application may use the directory: the service lets go of it on a thread of its own.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (EndsBeforeDisposal)
        {
            Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
            await Eventually.HoldsAsync(() => Task.FromResult(Log.Text.Contains("Qkms has stopped", StringComparison.Ordinal)));
        }

        await base.DisposeAsync();
        string held = Path.Combine(DataDirectory, "qkms.lock");

        // One that was refused the directory never had it: another has it for as long as it likes.
        int looks = Log.Text.Contains("Qkms runs on", StringComparison.Ordinal) ? 2400 : 200;
        for (int i = 0; i < looks && File.Exists(held) && !CanBeTaken(held); i++)
            await Task.Delay(25);
    }

    private static bool CanBeTaken(string held)
    {
        try
        {
            using FileStream taken = new(held, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    protected override void Dispose(bool disposing)
    {
        // Runs again when the asynchronous disposal has run.
        base.Dispose(disposing);
        _ownDirectory?.Dispose();
    }
}
