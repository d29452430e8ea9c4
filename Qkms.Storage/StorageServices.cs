using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Qkms.Core.Aliases;
using Qkms.Core.ApiKeys;
using Qkms.Core.Backups;
using Qkms.Core.Devices;
using Qkms.Core.Diagnosis;
using Qkms.Core.Idempotency;
using Qkms.Core.Installation;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Lifecycle;
using Qkms.Core.Rotations;
using Qkms.Core.Tags;
using Qkms.Core.Tenants;
using Qkms.Core.Verification;
using Qkms.Storage.Aliases;
using Qkms.Storage.ApiKeys;
using Qkms.Storage.Backups;
using Qkms.Storage.Devices;
using Qkms.Storage.Diagnosis;
using Qkms.Storage.Idempotency;
using Qkms.Storage.Journal;
using Qkms.Storage.Keyrings;
using Qkms.Storage.Keys;
using Qkms.Storage.Lifecycle;
using Qkms.Storage.Postgres;
using Qkms.Storage.Rotations;
using Qkms.Storage.Sqlite;
using Qkms.Storage.Tags;
using Qkms.Storage.Tenants;
using Qkms.Storage.Verification;

namespace Qkms.Storage;

/// <summary>Puts the database behind the port of Core. One overload per kind of database; the options say which.</summary>
internal static class StorageServices
{
    /// <summary>
    /// Registers the embedded SQLite database as <see cref="IKmsStore"/>. It wants a <see cref="TimeProvider"/> and logging beside it.
    /// </summary>
    public static IServiceCollection AddQkmsStorage(this IServiceCollection services, SqliteStorageOptions options) =>
        services.AddQkmsStorage(_ => options);

    /// <summary>The same, with options that are known only when the service provider is built.</summary>
    public static IServiceCollection AddQkmsStorage(
        this IServiceCollection services, Func<IServiceProvider, SqliteStorageOptions> options) =>
        services.AddQkmsRepositories().AddSingleton<IKmsStore>(provider => new SqliteKmsStore(
            options(provider),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<SqliteKmsStore>>()));

    /// <summary>
    /// Registers the embedded database, to be changed beside the service. It wants a <see cref="TimeProvider"/> and logging beside it.
    /// </summary>
    public static IServiceCollection AddQkmsStorageBeside(this IServiceCollection services, SqliteStorageOptions options) =>
        services.AddQkmsRepositories().AddSingleton<IKmsStore>(provider => new SqliteBesideStore(
            options,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<SqliteBesideStore>>()));

    /// <summary>
    /// Registers a shared PostgreSQL database as <see cref="IKmsStore"/>. It wants a <see cref="TimeProvider"/> and logging beside it.
    /// </summary>
    public static IServiceCollection AddQkmsStorage(this IServiceCollection services, PostgresStorageOptions options) =>
        services.AddQkmsRepositories().AddSingleton<IKmsStore>(provider => new PostgresKmsStore(
            options,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<PostgresKmsStore>>()));

    /// <summary>Registers one moment of the embedded database, to be read beside the service.</summary>
    public static IServiceCollection AddQkmsSnapshot(this IServiceCollection services, SqliteStorageOptions options) =>
        services.AddQkmsRepositories().AddSingleton<IStoreSnapshot>(new SqliteSnapshot(options.DataDirectory));

    /// <summary>Registers one moment of the shared database, to be read beside the service.</summary>
    public static IServiceCollection AddQkmsSnapshot(this IServiceCollection services, PostgresStorageOptions options) =>
        services.AddQkmsRepositories().AddSingleton<IStoreSnapshot>(new PostgresSnapshot(options));

    /// <summary>Registers the embedded database, to be backed up and restored. It wants a <see cref="TimeProvider"/> beside it.</summary>
    public static IServiceCollection AddQkmsBackup(this IServiceCollection services, SqliteStorageOptions options) => services
        .AddSingleton<IBackupSource>(new SqliteBackup(options))
        .AddSingleton<IRestoreTarget>(provider => new SqliteRestore(options, provider.GetRequiredService<TimeProvider>()));

    /// <summary>Registers the shared database, to be backed up and restored. It wants a <see cref="TimeProvider"/> beside it.</summary>
    public static IServiceCollection AddQkmsBackup(this IServiceCollection services, PostgresStorageOptions options) => services
        .AddSingleton<IBackupSource>(new PostgresBackup(options))
        .AddSingleton<IRestoreTarget>(provider => new PostgresRestore(options, provider.GetRequiredService<TimeProvider>()));

    /// <summary>Registers what reads and writes rows, the same for both databases: the session brings the dialect.</summary>
    public static IServiceCollection AddQkmsRepositories(this IServiceCollection services) => services
        .AddSingleton<IKeyringRepository, KeyringRepository>()
        .AddSingleton<ITenantRepository, TenantRepository>()
        .AddSingleton<ITenantRemainsRepository, TenantRemainsRepository>()
        .AddSingleton<ICredentialRepository, CredentialRepository>()
        .AddSingleton<IKeyRepository, KeyRepository>()
        .AddSingleton<IKeyUsageRepository, KeyUsageRepository>()
        .AddSingleton<IAliasRepository, AliasRepository>()
        .AddSingleton<IKeyTagRepository, KeyTagRepository>()
        .AddSingleton<IDeviceRepository, DeviceRepository>()
        .AddSingleton<IRotationJobRepository, RotationJobRepository>()
        .AddSingleton<IObservedTimeRepository, ObservedTimeRepository>()
        .AddSingleton<IWrappedRowRepository, WrappedRowRepository>()
        .AddSingleton<IFormerRowRepository, FormerRowRepository>()
        .AddSingleton<IJournalRepository, JournalRepository>()
        .AddSingleton<IVerificationRepository, VerificationRepository>()
        .AddSingleton<IIdempotencyRepository, IdempotencyRepository>()
        .AddSingleton<IDiagnosisRepository, DiagnosisRepository>();
}
