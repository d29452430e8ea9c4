using Qkms.Core.ApiKeys;

namespace Qkms.Tests.Support;

/// <summary>Rows of the first tenant as the service's own store gives them, whatever database is behind it.</summary>
internal static class StoredKeys
{
    /// <summary>The tenant that the first API key speaks for.</summary>
    public static async Task<TenantId> FirstTenantAsync(this QkmsApplication app)
    {
        ApiKeyProof proof = app.Services.GetRequiredService<ApiKeyProver>().Prove(Encoding.ASCII.GetBytes(app.InitialApiKey))!;
        return (await app.Services.GetRequiredService<ApiKeyAuthenticator>().AuthenticateAsync(proof, CancellationToken.None))!.TenantId;
    }

    /// <summary>A version with its key.</summary>
    public static async Task<KeyAndVersion> FindVersionAsync(this QkmsApplication app, string kid)
    {
        TenantId tenant = await app.FirstTenantAsync();
        RowSealer sealer = app.Services.GetRequiredService<RowSealer>();
        return await app.Store().ReadAsync(
            async session =>
            {
                VersionWithKey found = (await Repositories.Keys.FindWithKeyAsync(session, tenant, Kid.FromStored(kid)))!;
                return new KeyAndVersion(sealer.Open(found.Key!), sealer.Open(found.Version));
            },
            CancellationToken.None);
    }

    /// <summary>The wrapped private key of a version, or null.</summary>
    public static async Task<KeyMaterial?> FindMaterialAsync(this QkmsApplication app, string kid)
    {
        KeyVersion version = (await app.FindVersionAsync(kid)).Version;
        return await app.Store().ReadAsync(
            session => Repositories.Keys.FindMaterialAsync(session, version.TenantId, version.Id), CancellationToken.None);
    }

    public static IKmsStore Store(this QkmsApplication app) => app.Services.GetRequiredService<IKmsStore>();
}
