using Qkms.Api.Algorithms;
using Qkms.Api.ApiKeys;
using Qkms.Api.Aws;
using Qkms.Api.Commands;
using Qkms.Api.Devices;
using Qkms.Api.Envelopes;
using Qkms.Api.Encryption;
using Qkms.Api.Encryption.DataKeys;
using Qkms.Api.Encryption.Kem;
using Qkms.Api.Health;
using Qkms.Api.Hosting;
using Qkms.Api.Idempotency;
using Qkms.Api.Journal;
using Qkms.Api.Keys;
using Qkms.Api.Logging;
using Qkms.Api.Macs;
using Qkms.Api.Pages;
using Qkms.Api.Rotations;
using Qkms.Api.Signatures;
using Qkms.Api.Telemetry;
using Qkms.Api.Tenants;
using Qkms.Core;
using Qkms.Core.Diagnosis;
using Qkms.Core.Installation;
using Qkms.Core.Keyrings;
using Qkms.Storage;
using Qkms.Storage.Postgres;
using Qkms.Storage.Sqlite;

// First of all, before configuration copies the environment into strings that nobody can zero.
using RootKeyEnvironment rootKeyEnvironment = RootKeyEnvironment.TakeFromProcess();
HardeningReport hardening = ProcessHardening.Apply();

if (args is [VerifyCommand.Name, .. string[] options])
    return await VerifyCommand.RunAsync(options, rootKeyEnvironment, AddSnapshot, AddFolder);

if (args is [BackupCommand.Name, .. string[] backup])
    return await BackupCommand.RunAsync(backup, rootKeyEnvironment, AddBackup);

if (args is [RestoreCommand.Name, .. string[] restore])
    return await RestoreCommand.RunAsync(restore, rootKeyEnvironment, AddBackup, AddFolder);

if (args is [DoctorCommand.Name, .. string[] doctor])
    return await DoctorCommand.RunAsync(doctor, rootKeyEnvironment, AddSnapshot);

if (args is [ApiKeyCommand.Name, .. string[] arguments])
    return await ApiKeyCommand.RunAsync(arguments, rootKeyEnvironment, AddSnapshot, AddStorage);

if (args is [RootKeyCommand.Name, .. string[] rootKeys])
    return await RootKeyCommand.RunAsync(rootKeys, rootKeyEnvironment, AddSnapshot, AddBeside);

if (args is [UnsealCommand.Name, .. string[] unseal])
    return await UnsealCommand.RunAsync(unseal, rootKeyEnvironment);

if (args is [TenantKeyCommand.Name, .. string[] tenantKey])
    return await TenantKeyCommand.RunAsync(tenantKey, rootKeyEnvironment, AddSnapshot, AddStorage);

if (args is [KeyringCommand.Name, .. string[] rotation])
    return await KeyringCommand.RunAsync(rotation, rootKeyEnvironment, AddSnapshot, AddStorage);

return await StartFailures.ExplainAsync(async () =>
{
    if (CommandLine.Answer(args) is { } answer)
    {
        await Console.Out.WriteAsync(answer);
        return;
    }

    EnvironmentRule.Check(EnvironmentRule.VariablesOfProcess(), rootKeyEnvironment.CredentialsDirectory);
    WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(
        new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    QkmsSettings settings = QkmsSettings.From(builder.Configuration);

    builder.AddQkmsLogging();
    builder.AddQkmsTelemetry(settings.Telemetry);
    builder.AddQkmsListener();
    builder.AddQkmsHttp(
        settings.Http,
        AlgorithmJson.Default,
        ApiKeyJson.Default,
        DataKeyJson.Default,
        DeviceJson.Default,
        EncryptionJson.Default,
        HealthJson.Default,
        JournalJson.Default,
        KemJson.Default,
        KeyJson.Default,
        MacJson.Default,
        RotationJson.Default,
        SignatureJson.Default,
        TenantJson.Default);
    builder.AddQkmsCrossOrigins(settings.AllowedOrigins);
    builder.AddQkmsEnvelope();
    builder.AddQkmsAws();
    builder.AddQkmsHealth();
    builder.AddQkmsOpenApi();
    builder.Services.AddSingleton(settings);
    builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = settings.ShutdownTimeout);
    builder.Services.AddSingleton(TimeProvider.System);
    builder.Services.AddSingleton(_ => new RateLimits(settings.Plans, settings.RateLimits));
    builder.Services.AddSingleton(_ => new FailedLogins(settings.RateLimits));
    builder.Services.AddSingleton<ShownVersions>();
    builder.Services.AddQkmsCore(settings);
    builder.Services.AddHostedService<Housekeeping>();
    builder.Services.AddHostedService<DueRotations>();
    builder.Services.AddHostedService<RefusalWriting>();
    builder.Services.AddHostedService<ApiKeyUseWriting>();
    builder.Services.AddHostedService<MemoryReturn>();
    builder.Services.AddSingleton(new DiagnosisLimits());
    builder.Services.AddSingleton<DatabaseDiagnosis>();
    builder.Services.AddHostedService<DiagnosisRounds>();
    if (settings.Storage.ConnectionString is { } shared)
    {
        builder.Services.AddQkmsStorage(new PostgresStorageOptions { ConnectionString = shared, DataDirectory = settings.DataDirectory });
        builder.Services.AddHostedService<WithheldTenantsWatch>();
        builder.Services.AddHostedService<KeyringWatching>();
    }
    else
    {
        builder.Services.AddQkmsStorage(new SqliteStorageOptions { DataDirectory = settings.DataDirectory });
    }

    await using WebApplication app = builder.Build();
    app.UseQkmsHttp(settings.TrustedProxies);
    app.UseMiddleware<FrontDoor>(settings.AwsEnabled);
    app.UseQkmsOpenApi();
    app.UseRouting();
    app.UseMiddleware<Authentication>();
    app.UseMiddleware<RequestBodies>();

    RouteGroupBuilder routes = app.MapGroup("")
        .Speaks(app.Services.GetRequiredService<Protocol>())
        .RequirePermissions()
        .RefuseUnknownQueries()
        .CheckIdempotencyKeys();
    routes.MapKeys();
    routes.MapRotations();
    routes.MapEncryption();
    routes.MapKem();
    routes.MapSignatures();
    routes.MapMacs();
    routes.MapDataKeys();
    routes.MapDevices();
    routes.MapAlgorithms();
    routes.MapApiKeys();
    routes.MapTenants();
    routes.MapJournal();
    routes.MapHealth();
    if (settings.AwsEnabled)
        app.MapAws();

    RoutesMadeOnce.Replace(app);

    await QkmsHost.RunAsync(app, new RootKeyLocator(
        rootKeyEnvironment, settings.DataDirectory, app.Services.GetRequiredService<TimeProvider>()), hardening);
});

/// <summary>The service's entry point; public so that the tests can host it.</summary>
public partial class Program
{
    /// <summary>Adds the database that the settings name, to be read by another process than the service.</summary>
    internal static IServiceCollection AddSnapshot(IServiceCollection services, QkmsSettings settings) =>
        settings.Storage.ConnectionString is { } shared
            ? services.AddQkmsSnapshot(new PostgresStorageOptions { ConnectionString = shared })
            : services.AddQkmsSnapshot(new SqliteStorageOptions { DataDirectory = settings.DataDirectory });

    /// <summary>Adds the database that the settings name, to be changed by another process than the service.</summary>
    internal static IServiceCollection AddStorage(IServiceCollection services, QkmsSettings settings) =>
        settings.Storage.ConnectionString is { } shared
            ? services.AddQkmsStorage(new PostgresStorageOptions { ConnectionString = shared })
            : services.AddQkmsStorage(new SqliteStorageOptions { DataDirectory = settings.DataDirectory });

    /// <summary>The same while the service goes on.</summary>
    internal static IServiceCollection AddBeside(IServiceCollection services, QkmsSettings settings) =>
        settings.Storage.ConnectionString is { } shared
            ? services.AddQkmsStorage(new PostgresStorageOptions { ConnectionString = shared })
            : services.AddQkmsStorageBeside(new SqliteStorageOptions { DataDirectory = settings.DataDirectory });

    /// <summary>Adds the database that the settings name, to be backed up and restored.</summary>
    internal static IServiceCollection AddBackup(IServiceCollection services, QkmsSettings settings)
    {
        AddSnapshot(services, settings);
        return settings.Storage.ConnectionString is { } shared
            ? services.AddQkmsBackup(new PostgresStorageOptions { ConnectionString = shared, DataDirectory = settings.DataDirectory })
            : services.AddQkmsBackup(new SqliteStorageOptions { DataDirectory = settings.DataDirectory });
    }

    /// <summary>Adds a database in a folder of its own, into which a backup is restored to be looked at.</summary>
    internal static IServiceCollection AddFolder(IServiceCollection services, string folder)
    {
        SqliteStorageOptions options = new() { DataDirectory = folder };
        return services.AddQkmsSnapshot(options).AddQkmsBackup(options);
    }
}
