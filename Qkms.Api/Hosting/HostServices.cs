using Qkms.Core;
using Qkms.Core.Cryptography;
using Qkms.Core.Keyrings;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Api.Hosting;

/// <summary>The domain without the web, for a command on the host that changes an installation.</summary>
internal static class HostServices
{
    /// <summary>
    /// Opens the installation that the settings name, and makes none: the store alone would, where there is none, or take over an older
    /// one. To be disposed of by the caller.
    /// </summary>
    /// <param name="settings">The settings.</param>
    /// <param name="environment">What the environment says of the root key.</param>
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
        await using (ServiceProvider looking = addSnapshot(new ServiceCollection()).BuildServiceProvider())
        {
            ITenantRepository found = looking.GetRequiredService<ITenantRepository>();
            if (!await looking.GetRequiredService<IStoreSnapshot>().ReadAsync(found.AnyAsync, CancellationToken.None))
                throw new StoreUnusableException("The database has no tenant yet: start the service once.");
        }

        RootKeyLocator rootKeys = new(environment, settings.DataDirectory);
        VerifyCommand.FindSecrets(environment, settings).Dispose();
        ServiceProvider services = addStorage(new ServiceCollection())
            .AddLogging()
            .AddSingleton(TimeProvider.System)
            .AddQkmsCore(
                PqcEngines.Select(settings.Engine, settings.StrictEngine, settings.VerifyAfterSign),
                settings.ApiKeys,
                settings.Materials,
                settings.Signatures,
                settings.Destruction,
                settings.Rotation,
                settings.Audit,
                settings.Devices,
                settings.Plans)
            .BuildServiceProvider();
        try
        {
            await services.GetRequiredService<IKmsStore>().OpenAsync(CancellationToken.None);
            await services.GetRequiredService<KeyringOpener>().OpenAsync(rootKeys, CancellationToken.None);
            return services;
        }
        catch
        {
            await services.DisposeAsync();
            throw;
        }
    }
}
