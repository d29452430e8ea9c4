using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Qkms.Core;
using Qkms.Core.ApiKeys;
using Qkms.Core.Callers;
using Qkms.Core.Cryptography;
using Qkms.Core.Devices;
using Qkms.Core.Installation;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Lifecycle;
using Qkms.Core.Names;
using Qkms.Core.Signatures;
using Qkms.Core.Store;
using Qkms.Core.Tenants;
using Qkms.Core.Time;
using Qkms.Core.Uses;
using Qkms.Storage;

namespace Qkms.Benchmarks;

/// <summary>What the service does behind HTTP, in this process: rows, seals and journal are the same.</summary>
internal static class InProcess
{
    /// <summary>On a store that is open; <paramref name="directory"/> has the root key, or gets one.</summary>
    internal static async Task<ServiceProvider> OpenAsync(IKmsStore store, string directory, PqcEngine engine)
    {
        ServiceCollection services = new();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddSingleton(store);
        services.AddQkmsRepositories();
        services.AddQkmsCore(
            engine,
            new ApiKeyOptions(),
            new MaterialCacheOptions(),
            new SignatureOptions(),
            new DestructionOptions(),
            new RotationOptions(),
            new AuditOptions(),
            new DeviceOptions(),
            new PlanOptions());
        services.AddSingleton(new SecondOpinion(engine, []));
        ServiceProvider provider = services.BuildServiceProvider();
        await provider.GetRequiredService<KeyringOpener>()
            .OpenAsync(new RootKeyLocator(new RootKeyEnvironment(), directory), CancellationToken.None);
        return provider;
    }

    /// <summary>
    /// Makes a tenant without limits, with one API key; <paramref name="take"/> sees the API key before its text is zeroed.
    /// </summary>
    internal static async Task<Caller> AddTenantAsync(IServiceProvider services, string name, Action<NewApiKey>? take = null)
    {
        TenantProvisioning provisioning = services.GetRequiredService<TenantProvisioning>();
        Tenant tenant = provisioning.Plan(name, PlanOptions.Enterprise);
        using NewApiKey apiKey = provisioning.PlanApiKey(tenant, "benchmark", Roles.Admin);
        bool isAdded = await services.GetRequiredService<IKmsStore>().WriteAsync(
            async session =>
            {
                if (!await provisioning.TryAddAsync(session, tenant))
                    return false;

                await provisioning.AddAsync(session, apiKey);
                return true;
            },
            CancellationToken.None);
        if (!isAdded)
            throw new InvalidOperationException($"There is a tenant '{name}' already.");

        take?.Invoke(apiKey);
        return CallerOf(services, tenant.Id, apiKey.Credential.UnverifiedRow.Id);
    }

    /// <summary>Who changes the keys of a tenant.</summary>
    internal static Caller CallerOf(IServiceProvider services, TenantId tenant, CredentialId credential) =>
        new(tenant, credential, new Access(Roles.Admin, null, null), services.GetRequiredService<IdGenerator>().Next());
}
