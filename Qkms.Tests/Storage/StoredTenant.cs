using Qkms.Core.Tenants;

namespace Qkms.Tests.Storage;

/// <summary>A tenant in a store, with a tenant key, and verbs that put keys under it.</summary>
internal sealed class StoredTenant
{
    private readonly IKmsStore _store;
    private readonly StoreRows _rows;
    private readonly KeyringEntry _wrappingKey;

    private StoredTenant(IKmsStore store, StoreRows rows, TenantId id, KeyringEntry wrappingKey) =>
        (_store, _rows, Id, _wrappingKey) = (store, rows, id, wrappingKey);

    public TenantId Id { get; }

    public Guid WrappingKeyId => _wrappingKey.Id;

    public static async Task<StoredTenant> AddAsync(IKmsStore store, StoreRows rows, string name)
    {
        Tenant tenant = rows.Tenant(name);
        KeyringEntry wrappingKey = rows.TenantKey(tenant.Id, version: 1);
        await store.WriteAsync(
            async session =>
            {
                bool added = await Repositories.Tenants.InsertAsync(session, StoreRows.Seal(tenant));
                await Repositories.Keyring.InsertAsync(session, wrappingKey);
                return added;
            },
            CancellationToken.None);
        return new StoredTenant(store, rows, tenant.Id, wrappingKey);
    }

    public KeyMaterial Material(KeyVersion version) =>
        new(version.Id, Id, _wrappingKey.Id, MaterialFormat.MLKemSeed, [7, 8, 9, .. version.Id.Value.ToByteArray()]);

    /// <summary>A key with versions in the given states, its counters as many.</summary>
    public async Task<(Key Key, IReadOnlyList<KeyVersion> Versions)> AddKeyAsync(Key key, params KeyVersion[] versions)
    {
        Key counted = key with
        {
            NextVersion = versions.Length + 1,
            VersionCount = versions.Length,
            States = versions.Aggregate(VersionStates.None, (states, version) => states.With(version)),
        };
        bool added = await _store.WriteAsync(
            async session =>
            {
                bool all = await Repositories.Keys.InsertKeyAsync(session, StoreRows.Seal(counted));
                foreach (KeyVersion version in versions)
                    all &= await Repositories.Keys.InsertVersionAsync(session, StoreRows.Seal(version), Material(version));

                return all;
            },
            CancellationToken.None);
        added.Should().BeTrue();
        return (counted, versions);
    }

    public Task<(Key Key, IReadOnlyList<KeyVersion> Versions)> AddKeyAsync(string name, string algorithm, params KeyState[] states)
    {
        Key key = _rows.Key(Id, name, algorithm);
        return AddKeyAsync(key, [.. states.Select((state, index) => _rows.Version(key, index + 1, state))]);
    }
}
