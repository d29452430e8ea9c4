using Qkms.Api.Hosting;
using Qkms.Core.AwsKms;
using Qkms.Core.Keyrings;
using Qkms.Core.Pkcs11;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Api.Commands;

/// <summary>The domain without the web, for a command that changes an installation.</summary>
internal static class CommandServices
{
    /// <summary>
    /// Opens the installation that the settings name, and makes none: the store alone would, where there is none, or take over an older
    /// one. To be disposed of by the caller.
    /// </summary>
    /// <param name="settings">The settings.</param>
    /// <param name="environment">What the environment says of the root key, which is zeroed.</param>
    /// <param name="addSnapshot">Adds the database to be read.</param>
    /// <param name="addStorage">Adds the database to be written.</param>
    /// <exception cref="StoreUnusableException">There is no installation, or, with SQLite, a service runs on it.</exception>
    /// <exception cref="RootKeyException">There is no root key, or it is another installation's.</exception>
    public static async Task<ServiceProvider> OpenAsync(
        QkmsSettings settings,
        RootKeyEnvironment environment,
        Func<IServiceCollection, IServiceCollection> addSnapshot,
        Func<IServiceCollection, IServiceCollection> addStorage)
    {
        await RequireInstallationAsync(addSnapshot);
        using RootSecrets secrets = FindSecrets(environment, settings);
        ServiceProvider services = await OpenAsync(settings, secrets, addStorage);
        secrets.Locator.Forget();
        return services;
    }

    /// <summary>
    /// The same for a command that has more than the environment to open it with, after <see cref="RequireInstallationAsync"/>.
    /// </summary>
    public static async Task<ServiceProvider> OpenAsync(
        QkmsSettings settings, RootSecrets secrets, Func<IServiceCollection, IServiceCollection> addStorage)
    {
        ServiceProvider services = addStorage(new ServiceCollection())
            .AddLogging()
            .AddSingleton(TimeProvider.System)
            .AddQkmsCore(settings)
            .BuildServiceProvider();
        try
        {
            await services.GetRequiredService<IKmsStore>().OpenAsync(CancellationToken.None);
            await services.GetRequiredService<KeyringOpener>().OpenAsync(secrets, CancellationToken.None);
            return services;
        }
        catch
        {
            await services.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads only: the store would make a new installation where there is none.</summary>
    /// <exception cref="StoreUnusableException">There is no installation.</exception>
    public static async Task RequireInstallationAsync(Func<IServiceCollection, IServiceCollection> addSnapshot)
    {
        await using ServiceProvider looking = addSnapshot(new ServiceCollection()).BuildServiceProvider();
        ITenantRepository tenants = looking.GetRequiredService<ITenantRepository>();
        if (!await looking.GetRequiredService<IStoreSnapshot>().ReadAsync(tenants.AnyAsync, CancellationToken.None))
            throw new StoreUnusableException("The database has no tenant yet: start the service once.");
    }

    /// <summary>What opens the database, to be disposed of by the caller.</summary>
    /// <exception cref="RootKeyException">There is neither a root key nor a passphrase nor a token nor another KMS, or it cannot be
    /// used.</exception>
    public static RootSecrets FindSecrets(RootKeyEnvironment environment, QkmsSettings settings)
    {
        RootKeyLocator rootKeys = new(environment, settings.DataDirectory);
        RootSecrets secrets = new(rootKeys);
        try
        {
            return secrets.HasAny
                ? secrets
                : throw new RootKeyException(
                    $"There is no root key: neither {RootKeyEnvironment.FileVariable} nor {RootKeyEnvironment.ValueVariable} nor "
                    + $"{RootKeyEnvironment.PassphraseVariable} nor {TokenVariables.Uri} nor {AwsKmsEnvironment.KeyVariable} is set, and "
                    + $"{rootKeys.DefaultPath} does not exist.");
        }
        catch
        {
            secrets.Dispose();
            throw;
        }
    }
}
