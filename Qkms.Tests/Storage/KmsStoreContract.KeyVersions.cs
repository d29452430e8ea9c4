namespace Qkms.Tests.Storage;

public abstract partial class KmsStoreContract
{
    [StoreFact]
    public async Task A_version_comes_back_by_kid_and_by_number()
    {
        StoredTenant tenant = await AddTenantAsync();
        Key key = _rows.Key(tenant.Id, algorithm: "RSA-2048");
        KeyVersion first = _rows.Version(key, 1, KeyState.Retired);
        KeyVersion second = _rows.Version(key, 2) with
        {
            Spelling = "RSA-2048",
            OaepHash = "SHA-384",
            SoftUsageLimit = 5,
            MaxUsageLimit = 10,
            SoftLimitExpiration = StoreRows.Now.AddDays(1),
            ExpiresAt = StoreRows.Now.AddDays(2),
            ProcessUntil = StoreRows.Now.AddDays(3),
            AutoRotate = true,
            PreviousKid = first.Kid,
            NextKid = Kid.FromStored("next"),
            CreatedAt = StoreRows.Now,
            RetiredAt = StoreRows.Now,
            RevokedAt = StoreRows.Now,
            DestroyedAt = StoreRows.Now,
            DestroyAt = StoreRows.Now,
            Used = 7,
        };
        await tenant.AddKeyAsync(key, first);
        Sealed<KeyVersion> added = StoreRows.Seal(second);
        (await WriteAsync(session => Repositories.Keys.InsertVersionAsync(session, added, tenant.Material(second)))).Should().BeTrue();

        Sealed<KeyVersion>? byKid = await FindVersionAsync(tenant.Id, second.Kid);

        byKid.Should().BeEquivalentTo(added, options => options
            .Using<DateTimeOffset>(time => time.Subject.ToUnixTimeMilliseconds().Should().Be(time.Expectation.ToUnixTimeMilliseconds()))
            .WhenTypeIs<DateTimeOffset>());
        byKid!.UnverifiedRow.CreatedAt.Should().Be(StoreRows.StoredNow, "the database keeps milliseconds");
        (await FindVersionAsync(key.Address, 2)).Should().BeEquivalentTo(byKid);
        (await FindVersionAsync(key.Address, 1))!.UnverifiedRow.Kid.Should().Be(first.Kid);
        (await FindVersionAsync(key.Address, 3)).Should().BeNull();
    }

    [StoreFact]
    public async Task A_version_of_another_tenant_is_not_found_and_not_changed()
    {
        StoredTenant tenant = await AddTenantAsync();
        StoredTenant other = await AddTenantAsync("other");
        (Key key, IReadOnlyList<KeyVersion> versions) = await tenant.AddKeyAsync("default", "ML-KEM-768", KeyState.Active);
        KeyVersion version = versions[0];
        KeyAddress foreign = key.Address with { TenantId = other.Id };

        (await FindVersionAsync(other.Id, version.Kid)).Should().BeNull();
        (await FindVersionAsync(foreign, 1)).Should().BeNull();
        (await ReadAsync(session => Repositories.Keys.FindMaterialAsync(session, other.Id, version.Id))).Should().BeNull();
        (await WriteAsync(session =>
            Repositories.Keys.UpdateVersionAsync(session, StoreRows.Seal(version with { Address = foreign, State = KeyState.Revoked }))))
            .Should().BeFalse();
        (await FindVersionAsync(tenant.Id, version.Kid))!.UnverifiedRow.State
            .Should().Be(KeyState.Active);
    }

    [StoreFact]
    public async Task A_kid_is_taken_once_in_its_tenant()
    {
        StoredTenant tenant = await AddTenantAsync();
        StoredTenant other = await AddTenantAsync("other");
        Key key = _rows.Key(tenant.Id);
        await tenant.AddKeyAsync(key, _rows.Version(key, 1, KeyState.Retired, kid: "mine"));
        Key another = _rows.Key(tenant.Id, "another");
        await tenant.AddKeyAsync(another);
        Key foreign = _rows.Key(other.Id);
        await other.AddKeyAsync(foreign);

        (await InsertVersionAsync(tenant, _rows.Version(another, 1, kid: "mine"))).Should().BeFalse();
        (await InsertVersionAsync(tenant, _rows.Version(another, 1, kid: "Mine"))).Should().BeTrue("kids are compared exactly");
        (await InsertVersionAsync(other, _rows.Version(foreign, 1, kid: "mine"))).Should().BeTrue("another tenant has kids of its own");
    }

    [StoreFact]
    public async Task A_number_is_taken_once_in_its_key()
    {
        StoredTenant tenant = await AddTenantAsync();
        (Key key, _) = await tenant.AddKeyAsync("default", "ML-KEM-768", KeyState.Retired);

        (await InsertVersionAsync(tenant, _rows.Version(key, 1))).Should().BeFalse();
        (await InsertVersionAsync(tenant, _rows.Version(key, 2))).Should().BeTrue();
    }

    [StoreFact]
    public async Task A_key_has_one_active_version_at_most()
    {
        StoredTenant tenant = await AddTenantAsync();
        (Key key, IReadOnlyList<KeyVersion> versions) = await tenant.AddKeyAsync("default", "ML-KEM-768", KeyState.Active);
        KeyVersion second = _rows.Version(key, 2) with { PreviousKid = versions[0].Kid };

        (await InsertVersionAsync(tenant, second)).Should().BeFalse();

        bool rotated = await WriteAsync(async session =>
            await Repositories.Keys.UpdateVersionAsync(
                session, StoreRows.Seal(versions[0] with { State = KeyState.Retired, NextKid = second.Kid }))
            && await Repositories.Keys.InsertVersionAsync(session, StoreRows.Seal(second), tenant.Material(second)));
        rotated.Should().BeTrue();
        (await FindVersionAsync(tenant.Id, second.Kid))!.UnverifiedRow.State
            .Should().Be(KeyState.Active);
    }

    [StoreFact]
    public async Task A_version_is_replaced_once()
    {
        StoredTenant tenant = await AddTenantAsync();
        (Key key, IReadOnlyList<KeyVersion> versions) = await tenant.AddKeyAsync("default", "ML-KEM-768", KeyState.Retired);
        (await InsertVersionAsync(tenant, _rows.Version(key, 2, KeyState.Retired) with { PreviousKid = versions[0].Kid }))
            .Should().BeTrue();

        (await InsertVersionAsync(tenant, _rows.Version(key, 3) with { PreviousKid = versions[0].Kid })).Should().BeFalse();
    }

    [StoreFact]
    public async Task A_refused_version_leaves_no_material_and_no_counter()
    {
        StoredTenant tenant = await AddTenantAsync();
        (Key key, _) = await tenant.AddKeyAsync("default", "ML-KEM-768", KeyState.Active);
        KeyVersion refused = _rows.Version(key, 1, KeyState.Retired);

        (await InsertVersionAsync(tenant, refused)).Should().BeFalse();

        (await ReadAsync(session => Repositories.Keys.FindMaterialAsync(session, tenant.Id, refused.Id))).Should().BeNull();
    }

    [StoreFact]
    public async Task Material_comes_back_by_version()
    {
        StoredTenant tenant = await AddTenantAsync();
        (_, IReadOnlyList<KeyVersion> versions) = await tenant.AddKeyAsync("default", "ML-KEM-768", KeyState.Retired, KeyState.Active);

        foreach (KeyVersion version in versions)
            (await ReadAsync(session => Repositories.Keys.FindMaterialAsync(session, tenant.Id, version.Id)))
                .Should().BeEquivalentTo(tenant.Material(version));
    }

    [StoreFact]
    public async Task A_version_changes_what_may_change()
    {
        StoredTenant tenant = await AddTenantAsync();
        (_, IReadOnlyList<KeyVersion> versions) = await tenant.AddKeyAsync("default", "ML-KEM-768", KeyState.Active);
        Sealed<KeyVersion> changed = StoreRows.Seal(versions[0] with
        {
            State = KeyState.Destroyed,
            SoftUsageLimit = 1,
            MaxUsageLimit = 2,
            SoftLimitExpiration = StoreRows.StoredNow.AddHours(1),
            ExpiresAt = StoreRows.StoredNow.AddHours(2),
            ProcessUntil = StoreRows.StoredNow.AddHours(3),
            AutoRotate = true,
            NextKid = Kid.FromStored("next"),
            RetiredAt = StoreRows.StoredNow.AddHours(4),
            RevokedAt = StoreRows.StoredNow.AddHours(5),
            DestroyedAt = StoreRows.StoredNow.AddHours(6),
            DestroyAt = StoreRows.StoredNow.AddHours(7),
        });

        (await WriteAsync(session => Repositories.Keys.UpdateVersionAsync(session, changed))).Should().BeTrue();

        (await FindVersionAsync(tenant.Id, versions[0].Kid))
            .Should().BeEquivalentTo(changed);
        (await WriteAsync(session =>
            Repositories.Keys.UpdateVersionAsync(session, StoreRows.Seal(versions[0] with { Id = new KeyVersionId(_rows.NextId()) }))))
            .Should().BeFalse();
    }

    //
    [StoreFact]
    public async Task Material_is_erased_once_and_for_its_tenant_only()
    {
        StoredTenant tenant = await AddTenantAsync();
        StoredTenant other = await AddTenantAsync("other");
        (_, IReadOnlyList<KeyVersion> versions) = await tenant.AddKeyAsync("default", "ML-KEM-768", KeyState.Retired, KeyState.Active);

        KeyMaterial found = tenant.Material(versions[0]);
        (await EraseAsync(found with { TenantId = other.Id })).Should().BeFalse();
        (await EraseAsync(found with { Wrapped = [1, 2, 3] })).Should().BeFalse("it is not the one that was found");
        (await EraseAsync(found)).Should().BeTrue();
        (await EraseAsync(found)).Should().BeFalse();

        (await ReadAsync(session => Repositories.Keys.FindMaterialAsync(session, tenant.Id, versions[0].Id))).Should().BeNull();
        (await ReadAsync(session => Repositories.Keys.FindMaterialAsync(session, tenant.Id, versions[1].Id))).Should().NotBeNull();
        (await Store.EraseRemainsAsync(CancellationToken.None)).Should().BeTrue();

        Task<bool> EraseAsync(KeyMaterial material) => WriteAsync(session => Repositories.Keys.EraseMaterialAsync(session, material));
    }

    //
    [StoreFact]
    public async Task What_is_due_for_destruction_is_listed_for_all_tenants_and_in_pages()
    {
        List<(TenantId, KeyVersionId)> due = [];
        foreach (string name in (string[])["acme", "other"])
        {
            StoredTenant tenant = await AddTenantAsync(name);
            Key key = _rows.Key(tenant.Id);
            KeyVersion[] versions =
            [
                .. new int?[] { null, -1, 0, 1 }.Select((offset, index) => _rows.Version(key, index + 1, KeyState.Retired) with
                {
                    DestroyAt = offset is null ? null : StoreRows.StoredNow.AddMilliseconds(offset.Value),
                }),
            ];
            await tenant.AddKeyAsync(key, versions);
            due.AddRange(versions[1..3].Select(version => (tenant.Id, version.Id)));
        }

        (await ListDueAsync(after: null, limit: 10)).Should().Equal(due);
        (await ListDueAsync(after: null, limit: 3)).Should().Equal(due[..3]);
        (await ListDueAsync(after: due[2].Item2, limit: 3)).Should().Equal(due[3..]);
        (await ListDueAsync(after: due[3].Item2, limit: 3)).Should().BeEmpty();
    }

    private async Task<IEnumerable<(TenantId, KeyVersionId)>> ListDueAsync(KeyVersionId? after, int limit) =>
        (await ReadAsync(session => Repositories.Keys.ListDueForDestructionAsync(
            session, StoreRows.StoredNow, after?.Value.ToByteArray(bigEndian: true), limit))).Select(due => due.Ids!.Value);

    private Task<bool> InsertVersionAsync(StoredTenant tenant, KeyVersion version) =>
        WriteAsync(session => Repositories.Keys.InsertVersionAsync(session, StoreRows.Seal(version), tenant.Material(version)));

    private async Task<Sealed<KeyVersion>?> FindVersionAsync(TenantId tenantId, Kid kid) =>
        (await ReadAsync(session => Repositories.Keys.FindWithKeyAsync(session, tenantId, kid)))?.Version;

    private async Task<Sealed<KeyVersion>?> FindVersionAsync(KeyAddress address, int number) =>
        (await ReadAsync(session => Repositories.Keys.FindWithVersionAsync(session, address, number)))?.Version;
}
