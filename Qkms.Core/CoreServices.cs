using Microsoft.Extensions.DependencyInjection;
using Qkms.Core.ApiKeys;
using Qkms.Core.Audit;
using Qkms.Core.Cryptography;
using Qkms.Core.Keys;
using Qkms.Core.Protection;
using Qkms.Core.Tenants;

namespace Qkms.Core;

/// <summary>Registers the domain.</summary>
public static class CoreServices
{
    /// <summary>Adds everything of Core; the caller adds a store, a <see cref="TimeProvider"/> and logging.</summary>
    public static IServiceCollection AddQkmsCore(this IServiceCollection services, PqcEngine engine, ApiKeyOptions apiKeys) => services
        .AddSingleton(engine)
        .AddSingleton(apiKeys)
        .AddSingleton<IdGenerator>()
        .AddSingleton<Keyring>()
        .AddSingleton<KeyringOpener>()
        .AddSingleton<RowSealer>()
        .AddSingleton<ApiKeyIssuer>()
        .AddSingleton<ApiKeyProver>()
        .AddSingleton<ApiKeyHandles>()
        .AddSingleton<ApiKeyAuthenticator>()
        .AddSingleton<TenantProvisioning>()
        .AddSingleton<InitialTenant>()
        .AddSingleton<TenantKeys>()
        .AddSingleton<KeyPairFactory>()
        .AddSingleton<KeyGenerationGate>()
        .AddSingleton<KeyRows>()
        .AddSingleton<KeyListCursor>()
        .AddSingleton<KeyReader>()
        .AddSingleton<KeyLifecycle>()
        .AddSingleton<IntegrityAlarm>();
}
