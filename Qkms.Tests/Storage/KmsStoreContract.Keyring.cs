namespace Qkms.Tests.Storage;

public abstract partial class KmsStoreContract
{
    [StoreFact]
    public async Task Every_root_wrapper_comes_back()
    {
        (await ReadAsync(session => Repositories.Keyring.ListRootWrappersAsync(session))).Should().BeEmpty();
        RootWrapper first = new(
            _rows.NextId(), _rows.NextId(), "root-key", "p", "0011aabb", KeyringState.InUse, [1, 2, 3], StoreRows.StoredNow);
        RootWrapper second = first with { WrapperId = _rows.NextId(), RootKeyId = "ccdd" };
        foreach (RootWrapper wrapper in (RootWrapper[])[first, second])
        {
            await WriteAsync(async session =>
            {
                await Repositories.Keyring.InsertRootWrapperAsync(session, wrapper);
                return true;
            });
        }

        (await ReadAsync(session => Repositories.Keyring.ListRootWrappersAsync(session))).Should().BeEquivalentTo([first, second]);
    }

    [StoreFact]
    public async Task The_set_of_root_wrappers_is_one_row_that_goes_on_epoch_by_epoch()
    {
        (await ReadAsync(session => Repositories.Keyring.FindRootWrapperSetAsync(session))).Should().BeNull();
        RootWrapperSet first = new(_rows.NextId(), 1, new byte[32]);
        RootWrapperSet second = first with { Epoch = 2, Mac = [.. Enumerable.Repeat((byte)7, 32)] };
        await WriteAsync(async session =>
        {
            await Repositories.Keyring.InsertRootWrapperSetAsync(session, first);
            return true;
        });
        Func<Task> twice = () => WriteAsync(async session =>
        {
            await Repositories.Keyring.InsertRootWrapperSetAsync(session, second);
            return true;
        });
        await twice.Should().ThrowAsync<Exception>();

        Func<Task> early = () => UpdateAsync(second with { Epoch = 3 });
        await early.Should().ThrowAsync<Exception>("it is read back at the end of the unit");
        (await UpdateAsync(second)).Should().BeTrue();
        (await UpdateAsync(second)).Should().BeFalse();

        (await ReadAsync(session => Repositories.Keyring.FindRootWrapperSetAsync(session))).Should().BeEquivalentTo(second);
        (await WriteAsync(session => Repositories.Keyring.DeleteRootWrapperAsync(session, _rows.NextId()))).Should().BeFalse();

        Task<bool> UpdateAsync(RootWrapperSet set) =>
            WriteAsync(session => Repositories.Keyring.UpdateRootWrapperSetAsync(session, set));
    }

    [StoreFact]
    public async Task System_keys_come_newest_version_last_and_without_tenant_keys()
    {
        await AddTenantAsync();
        KeyringEntry[] entries =
        [
            _rows.SystemKey(KeyringKind.RowSeal, 2),
            _rows.SystemKey(KeyringKind.RowSeal, 1),
            _rows.SystemKey(KeyringKind.Cursor, 1),
        ];
        foreach (KeyringEntry entry in entries)
            await AddKeyringEntryAsync(entry);

        IReadOnlyList<KeyringEntry> listed = await ReadAsync(session => Repositories.Keyring.ListSystemKeysAsync(session));

        listed.Should().BeEquivalentTo(entries);
        listed.Select(entry => entry.Version).Should().BeInAscendingOrder();
    }

    [StoreFact]
    public async Task A_version_of_a_keyring_key_exists_once()
    {
        await AddKeyringEntryAsync(_rows.SystemKey(KeyringKind.RowSeal, 1));

        Func<Task> again = () => AddKeyringEntryAsync(_rows.SystemKey(KeyringKind.RowSeal, 1));

        await again.Should().ThrowAsync<Exception>();
        (await ReadAsync(session => Repositories.Keyring.ListSystemKeysAsync(session))).Should().ContainSingle();
    }

    [StoreFact]
    public async Task The_newest_tenant_key_is_used_and_older_ones_are_found_by_id()
    {
        TenantId tenantId = (await AddTenantAsync()).Id;
        TenantId other = (await AddTenantAsync("other")).Id;
        KeyringEntry newer = _rows.TenantKey(tenantId, version: 2);
        await AddKeyringEntryAsync(newer);
        KeyringEntry otherKey = (await ReadAsync(session => Repositories.Keyring.FindNewestTenantKeyAsync(session, other)))!;

        (await ReadAsync(session => Repositories.Keyring.FindNewestTenantKeyAsync(session, tenantId))).Should().BeEquivalentTo(newer);
        (await ReadAsync(session => Repositories.Keyring.FindTenantKeyAsync(session, tenantId, newer.Id))).Should().BeEquivalentTo(newer);
        (await ReadAsync(session => Repositories.Keyring.FindTenantKeyAsync(session, other, newer.Id))).Should().BeNull();
        (await ReadAsync(session => Repositories.Keyring.FindTenantKeyAsync(session, other, otherKey.Id))).Should().NotBeNull();
        (await ReadAsync(session => Repositories.Keyring.FindNewestTenantKeyAsync(session, new TenantId(_rows.NextId()))))
            .Should().BeNull();
    }

    private Task<bool> AddKeyringEntryAsync(KeyringEntry entry) => WriteAsync(async session =>
    {
        await Repositories.Keyring.InsertAsync(session, entry);
        return true;
    });
}
