using Qkms.Core.Sealing;

namespace Qkms.Tests.Support;

/// <summary>Private keys of the first tenant, opened the way the service opens them.</summary>
internal static class Materials
{
    /// <summary>The private key of a version.</summary>
    public static async Task<byte[]> OpenAsync(QkmsApplication app, string kid)
    {
        (KeyVersion version, KeyMaterial material, WrappingKey tenantKey) = await FindAsync(app, kid);
        using (tenantKey)
            return Unwrap(version, material, tenantKey);
    }

    /// <summary>
    /// Versions of a running service with their private keys, out of a copy of its data directory that this process opens. Nothing
    /// may be writing meanwhile.
    /// </summary>
    public static async Task<IReadOnlyList<(KeyVersion Version, byte[] Secret)>> ExportAsync(
        ServiceProcess service, IEnumerable<string> kids)
    {
        using TemporaryDirectory copy = new();
        TestStorage.Copy(service.DataDirectory, copy.Path);
        await using QkmsApplication opened = new(copy.Path);
        _ = opened.Server;
        List<(KeyVersion, byte[])> exported = [];
        foreach (string kid in kids)
        {
            (KeyVersion version, KeyMaterial material, WrappingKey tenantKey) = await FindAsync(opened, kid);
            using (tenantKey)
                exported.Add((version, Unwrap(version, material, tenantKey)));
        }

        return exported;
    }

    /// <summary>What is needed to open the private key of a version.</summary>
    public static async Task<(KeyVersion Version, KeyMaterial Material, WrappingKey TenantKey)> FindAsync(QkmsApplication app, string kid)
    {
        using Database database = app.OpenDatabase();
        TenantId tenant = new(
            new Guid((byte[])database.Scalar($"SELECT tenant_id FROM key_versions WHERE kid = '{kid}'")!, bigEndian: true));
        RowSealer sealer = app.Services.GetRequiredService<RowSealer>();
        (KeyVersion version, KeyMaterial material, KeyringEntry entry) = await app.Services.GetRequiredService<IKmsStore>().ReadAsync(
            async session =>
            {
                KeyVersion version = sealer.Open((await Repositories.Keys.FindWithKeyAsync(session, tenant, Kid.FromStored(kid)))!.Version);
                KeyMaterial material = (await Repositories.Keys.FindMaterialAsync(session, tenant, version.Id))!;
                return (version, material, (await Repositories.Keyring.FindTenantKeyAsync(session, tenant, material.WrappingKeyId))!);
            },
            CancellationToken.None);
        return (version, material, app.Services.GetRequiredService<Keyring>().OpenTenantKey(entry));
    }
    private static byte[] Unwrap(KeyVersion version, KeyMaterial material, WrappingKey tenantKey)
    {
        using SecretBytes secret = PrivateKeyWrap.Unwrap(tenantKey, version, material);
        return secret.Span.ToArray();
    }
}
