namespace Qkms.Tests.Storage;

public abstract partial class KmsStoreContract
{
    [StoreFact]
    public async Task A_key_comes_back_by_address_and_by_id()
    {
        StoredTenant tenant = await AddTenantAsync();
        Sealed<Key> added = StoreRows.Seal(_rows.Key(tenant.Id) with
        {
            Description = "a key",
            Enablement = KeyEnablement.PendingDeletion,
            DeleteAt = StoreRows.StoredNow.AddDays(7),
            DeleteOrderedAt = StoreRows.StoredNow,
            RotationPeriod = TimeSpan.FromDays(90),
            NextRotationAt = StoreRows.StoredNow.AddDays(90),
        });
        Key key = added.UnverifiedRow;

        (await WriteAsync(session => Repositories.Keys.InsertKeyAsync(session, added))).Should().BeTrue();

        (await FindKeyAsync(key.Address)).Should().BeEquivalentTo(added);
        (await WriteAsync(session => Repositories.Keys.LockKeyAsync(session, tenant.Id, key.Id))).Should().BeEquivalentTo(added);
    }

    [StoreFact]
    public async Task A_key_of_another_tenant_is_not_found_and_not_changed()
    {
        StoredTenant tenant = await AddTenantAsync();
        StoredTenant other = await AddTenantAsync("other");
        Sealed<Key> added = StoreRows.Seal(_rows.Key(tenant.Id));
        Key key = added.UnverifiedRow;
        await WriteAsync(session => Repositories.Keys.InsertKeyAsync(session, added));
        KeyAddress foreign = key.Address with { TenantId = other.Id };

        (await FindKeyAsync(foreign)).Should().BeNull();
        (await WriteAsync(session => Repositories.Keys.LockKeyAsync(session, other.Id, key.Id))).Should().BeNull();
        (await WriteAsync(
            session => Repositories.Keys.UpdateKeyAsync(session, StoreRows.Seal(key with { Address = foreign, RowVersion = 2 }))))
            .Should().BeFalse();
        (await FindKeyAsync(key.Address)).Should().BeEquivalentTo(added);
    }

    [StoreFact]
    public async Task An_address_is_taken_once_and_each_part_makes_another()
    {
        StoredTenant tenant = await AddTenantAsync();
        StoredTenant other = await AddTenantAsync("other");
        async Task<bool> Insert(Key key) => await WriteAsync(session => Repositories.Keys.InsertKeyAsync(session, StoreRows.Seal(key)));

        (await Insert(_rows.Key(tenant.Id, "default", "RSA-2048"))).Should().BeTrue();

        (await Insert(_rows.Key(tenant.Id, "default", "RSA-2048"))).Should().BeFalse();
        (await Insert(_rows.Key(tenant.Id, "named", "RSA-2048"))).Should().BeTrue();
        (await Insert(_rows.Key(tenant.Id, "default", "RSA-3072"))).Should().BeTrue();
        (await Insert(_rows.Key(tenant.Id, "default", "RSA-2048", KeyUse.Signature))).Should().BeTrue();
        (await Insert(_rows.Key(tenant.Id, "default", "RSA-2048", owner: new KeyOwner("device", "d1")))).Should().BeTrue();
        (await Insert(_rows.Key(other.Id, "default", "RSA-2048"))).Should().BeTrue();
    }

    [StoreFact]
    public async Task A_key_is_written_only_over_the_row_that_was_read()
    {
        StoredTenant tenant = await AddTenantAsync();
        (Key key, IReadOnlyList<KeyVersion> versions) = await tenant.AddKeyAsync("default", "ML-KEM-768", KeyState.Active);
        Sealed<Key> changed = StoreRows.Seal(key with
        {
            Enablement = KeyEnablement.PendingDeletion,
            DeleteAt = StoreRows.StoredNow,
            Description = "changed",
            RotationPeriod = TimeSpan.FromDays(1),
            NextRotationAt = StoreRows.StoredNow,
            NextVersion = 5,
            ActiveKid = versions[0].Kid,
            VersionCount = 4,
            DestroyedCount = 3,
            States = new VersionStates("1a1 3d3"),
            RowVersion = 2,
        });

        (await WriteAsync(session => Repositories.Keys.UpdateKeyAsync(session, changed))).Should().BeTrue();

        (await FindKeyAsync(key.Address)).Should().BeEquivalentTo(changed);
        (await WriteAsync(
            session => Repositories.Keys.UpdateKeyAsync(session, StoreRows.Seal(changed.UnverifiedRow with { Description = "late" }))))
            .Should().BeFalse("another write raised the row's version first");
        (await FindKeyAsync(key.Address)).Should().BeEquivalentTo(changed);
    }

    // what a list and a use need is read in one statement, so that both rows are of one moment.
    [StoreFact]
    public async Task A_key_comes_with_the_version_that_is_asked_for()
    {
        StoredTenant tenant = await AddTenantAsync();
        (Key key, IReadOnlyList<KeyVersion> versions) = await tenant.AddKeyAsync(
            "default", "ML-KEM-768", KeyState.Retired, KeyState.Active, KeyState.Revoked);
        await tenant.AddKeyAsync("other", "ML-KEM-768", KeyState.Active);
        Sealed<Key> active = StoreRows.Seal(key with { ActiveKid = versions[1].Kid, RowVersion = 2 });
        (await WriteAsync(session => Repositories.Keys.UpdateKeyAsync(session, active))).Should().BeTrue();

        VersionWithKey byKid = (await ReadAsync(session => Repositories.Keys.FindWithKeyAsync(session, tenant.Id, versions[0].Kid)))!;
        VersionWithKey byId = (await ReadAsync(session => Repositories.Keys.FindWithKeyAsync(session, tenant.Id, versions[0].Id)))!;
        KeyWithVersion first = (await ReadAsync(session => Repositories.Keys.FindWithVersionAsync(session, key.Address, 1)))!;
        KeyWithVersion inUse = (await ReadAsync(session => Repositories.Keys.FindWithActiveAsync(session, key.Address)))!;
        KeyWithVersion newest = (await ReadAsync(session => Repositories.Keys.FindWithNewestAsync(session, key.Address)))!;
        KeyWithVersion none = (await ReadAsync(session => Repositories.Keys.FindWithVersionAsync(session, key.Address, 4)))!;

        byId.Should().BeEquivalentTo(byKid);
        byKid.Version.Should().BeEquivalentTo(first.Version);
        (byKid.Version.UnverifiedRow.Kid, inUse.Version!.UnverifiedRow.Kid, newest.Version!.UnverifiedRow.Kid)
            .Should().Be((versions[0].Kid, versions[1].Kid, versions[2].Kid));
        foreach (Sealed<Key>? with in new[] { byKid.Key, byId.Key, first.Key, inUse.Key, newest.Key, none.Key })
            with.Should().BeEquivalentTo(active);

        none.Version.Should().BeNull();
    }

    private async Task<Sealed<Key>?> FindKeyAsync(KeyAddress address) =>
        (await ReadAsync(session => Repositories.Keys.FindWithActiveAsync(session, address)))?.Key;
}
