using Qkms.Core.Keyrings;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Keyrings;

/// <summary>Root wrappers and the keyring.</summary>
internal sealed class KeyringRepository : IKeyringRepository
{
    private const string SelectRootWrappers =
        $"""
        SELECT {RootWrapperRow.Columns}
        FROM root_wrappers
        ORDER BY wrapper_id
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RootWrapper>> ListRootWrappersAsync(IKmsSession session) =>
        [.. (await session.Sql.ListAsync<RootWrapperRow>(SelectRootWrappers)).Select(row => row.ToWrapper())];

    private const string InsertRootWrapper =
        $"""
        INSERT INTO root_wrappers ({RootWrapperRow.Columns})
        VALUES (@MasterKeyId, @WrapperId, @Kind, @Parameters, @RootKeyId, @State, @Wrapped, @CreatedAt)
        """;

    /// <inheritdoc/>
    public Task InsertRootWrapperAsync(IKmsSession session, RootWrapper wrapper)
    {
        RootWrapperRow row = RootWrapperRow.From(wrapper);
        session.Sql.MustStand(WrittenRow.Of(
            $"root wrapper {wrapper.WrapperId}", "root_wrappers", row, [nameof(RootWrapperRow.WrapperId)]));
        return session.Sql.ExecuteAsync(InsertRootWrapper, row);
    }

    /// <inheritdoc/>
    public Task UpdateWrappedAsync(IKmsSession session, RootWrapper wrapper) => session.Sql.ExecuteAsync(
        "UPDATE root_wrappers SET wrapped = @Wrapped WHERE wrapper_id = @WrapperId", RootWrapperRow.From(wrapper));

    /// <inheritdoc/>
    public async Task<bool> DeleteRootWrapperAsync(IKmsSession session, Guid wrapperId) => await session.Sql.ExecuteAsync(
        "DELETE FROM root_wrappers WHERE wrapper_id = @WrapperId", new { WrapperId = wrapperId.ToBytes() }) == 1;

    private const string SelectRootWrapperSet = $"SELECT {RootWrapperSetRow.Columns} FROM root_wrapper_set WHERE only_row = @OnlyRow";

    /// <inheritdoc/>
    public async Task<RootWrapperSet?> FindRootWrapperSetAsync(IKmsSession session) =>
        (await session.Sql.FindAsync<RootWrapperSetRow>(SelectRootWrapperSet, new { OnlyRow = 1L }))?.ToSet();

    /// <inheritdoc/>
    public async Task<RootWrapperSet?> LockRootWrapperSetAsync(IKmsSession session) =>
        (await session.Sql.FindAsync<RootWrapperSetRow>(SelectRootWrapperSet + session.Sql.Dialect.LockRow, new { OnlyRow = 1L }))?.ToSet();

    private const string InsertRootWrapperSet =
        $"""
        INSERT INTO root_wrapper_set ({RootWrapperSetRow.Columns})
        VALUES (@OnlyRow, @MasterKeyId, @Epoch, @Mac)
        """;

    /// <inheritdoc/>
    public Task InsertRootWrapperSetAsync(IKmsSession session, RootWrapperSet set) =>
        session.Sql.ExecuteAsync(InsertRootWrapperSet, Standing(session, set));

    private const string UpdateRootWrapperSet =
        """
        UPDATE root_wrapper_set
        SET master_key_id = @MasterKeyId, epoch = @Epoch, mac = @Mac
        WHERE only_row = @OnlyRow AND epoch = @Epoch - 1
        """;

    /// <inheritdoc/>
    public async Task<bool> UpdateRootWrapperSetAsync(IKmsSession session, RootWrapperSet set) =>
        await session.Sql.ExecuteAsync(UpdateRootWrapperSet, Standing(session, set)) == 1;

    private static RootWrapperSetRow Standing(IKmsSession session, RootWrapperSet set)
    {
        RootWrapperSetRow row = RootWrapperSetRow.From(set);
        session.Sql.MustStand(WrittenRow.Of(
            "the set of root wrappers", "root_wrapper_set", row, [nameof(RootWrapperSetRow.OnlyRow)]));
        return row;
    }

    private const string SelectSystemKeys =
        $"""
        SELECT {KeyringRow.Columns}
        FROM keyring
        WHERE tenant_id IS NULL
        ORDER BY version, kind
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<KeyringEntry>> ListSystemKeysAsync(IKmsSession session) =>
        [.. (await session.Sql.ListAsync<KeyringRow>(SelectSystemKeys)).Select(row => row.ToEntry())];

    // Every table with a tenant: where all but one of them were lost, that one still says that the installation is not new.
    private const string SelectAnyRowOfTenant =
        """
        SELECT CASE WHEN
          EXISTS (SELECT 1 FROM tenants)
          OR EXISTS (SELECT 1 FROM keyring WHERE tenant_id IS NOT NULL)
          OR EXISTS (SELECT 1 FROM keys)
          OR EXISTS (SELECT 1 FROM key_versions)
          OR EXISTS (SELECT 1 FROM key_material)
          OR EXISTS (SELECT 1 FROM key_usage)
          OR EXISTS (SELECT 1 FROM version_counts)
          OR EXISTS (SELECT 1 FROM credentials)
          OR EXISTS (SELECT 1 FROM credential_usage)
          OR EXISTS (SELECT 1 FROM audit_events)
          OR EXISTS (SELECT 1 FROM audit_streams)
          OR EXISTS (SELECT 1 FROM rotation_jobs)
          OR EXISTS (SELECT 1 FROM idempotency)
          OR EXISTS (SELECT 1 FROM aliases)
          OR EXISTS (SELECT 1 FROM key_tags)
          OR EXISTS (SELECT 1 FROM devices)
          OR EXISTS (SELECT 1 FROM device_counts)
        THEN 1 ELSE 0 END
        """;

    /// <inheritdoc/>
    public async Task<bool> HasRowsOfTenantsAsync(IKmsSession session) => await session.Sql.ScalarAsync<long>(SelectAnyRowOfTenant) > 0;

    // No tenant here: the key is for those of all.
    private const string SelectAnySealedCredential =
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM credentials WHERE sealed_secret IS NOT NULL) THEN 1 ELSE 0 END";

    /// <inheritdoc/>
    public async Task<bool> HasSealedCredentialsAsync(IKmsSession session) =>
        await session.Sql.ScalarAsync<long>(SelectAnySealedCredential) > 0;

    // No tenant here: it is done to those of all.
    private const string SelectTenantKeys =
        $"""
        SELECT {KeyringRow.Columns}
        FROM keyring
        WHERE tenant_id IS NOT NULL AND id > @After
        ORDER BY id
        LIMIT @Limit
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<KeyringEntry>> ListTenantKeysAsync(IKmsSession session, Guid? after, int limit) =>
    [
        .. (await session.Sql.ListAsync<KeyringRow>(SelectTenantKeys, new { After = (after ?? Guid.Empty).ToBytes(), Limit = limit }))
            .Select(row => row.ToEntry()),
    ];

    /// <inheritdoc/>
    public Task UpdateWrappedAsync(IKmsSession session, KeyringEntry entry) =>
        session.Sql.ExecuteAsync("UPDATE keyring SET wrapped = @Wrapped WHERE id = @Id", KeyringRow.From(entry));

    private const string SelectNewestTenantKey =
        $"""
        SELECT {KeyringRow.Columns}
        FROM keyring
        WHERE tenant_id = @TenantId AND kind = @Kind
        ORDER BY version DESC
        LIMIT 1
        """;

    /// <inheritdoc/>
    public async Task<KeyringEntry?> FindNewestTenantKeyAsync(IKmsSession session, TenantId tenantId) =>
        (await session.Sql.FindAsync<KeyringRow>(
            SelectNewestTenantKey,
            new { TenantId = tenantId.Value.ToBytes(), Kind = (int)KeyringKind.Tenant }))?.ToEntry();

    private const string SelectTenantKey =
        $"""
        SELECT {KeyringRow.Columns}
        FROM keyring
        WHERE tenant_id = @TenantId AND id = @Id AND kind = @Kind
        """;

    /// <inheritdoc/>
    public async Task<KeyringEntry?> FindTenantKeyAsync(IKmsSession session, TenantId tenantId, Guid id) =>
        (await session.Sql.FindAsync<KeyringRow>(
            SelectTenantKey,
            new { TenantId = tenantId.Value.ToBytes(), Id = id.ToBytes(), Kind = (int)KeyringKind.Tenant }))?.ToEntry();

    // What it wraps refers to it, and is added under a lock that is shared with others who add: this one is not.
    /// <inheritdoc/>
    public async Task<KeyringEntry?> LockTenantKeyAsync(IKmsSession session, TenantId tenantId, Guid id) =>
        (await session.Sql.FindAsync<KeyringRow>(
            SelectTenantKey + session.Sql.Dialect.LockRow,
            new { TenantId = tenantId.Value.ToBytes(), Id = id.ToBytes(), Kind = (int)KeyringKind.Tenant }))?.ToEntry();

    private const string SelectKeysOfTenant =
        $"""
        SELECT {KeyringRow.Columns}
        FROM keyring
        WHERE tenant_id = @TenantId AND kind = @Kind
        ORDER BY version
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<KeyringEntry>> ListKeysOfTenantAsync(IKmsSession session, TenantId tenantId) =>
    [
        .. (await session.Sql.ListAsync<KeyringRow>(
            SelectKeysOfTenant, new { TenantId = tenantId.Value.ToBytes(), Kind = (int)KeyringKind.Tenant }))
            .Select(row => row.ToEntry()),
    ];

    // Not a DELETE: SQLite would move the neighbours, keys of other tenants, and leave copies of them in space that belongs to no row.
    private const string OverwriteKey =
        "UPDATE keyring SET wrapped = @Wrapped, state = @State WHERE tenant_id = @TenantId AND id = @Id";

    /// <inheritdoc/>
    public async Task<bool> EraseAsync(IKmsSession session, KeyringEntry found)
    {
        KeyringRow row = KeyringRow.From(found with { Wrapped = new byte[found.Wrapped.Length], State = KeyringState.Destroyed });
        if (found.TenantId is not { } tenantId
            || await FindTenantKeyAsync(session, tenantId, found.Id) is not { } stored
            || !stored.Wrapped.AsSpan().SequenceEqual(found.Wrapped)
            || await session.Sql.ExecuteAsync(OverwriteKey, row) != 1)
            return false;

        session.Sql.MustStand(WrittenRow.Of($"keyring key {found.Id}", "keyring", row, [nameof(KeyringRow.Id)]));
        return true;
    }

    private const string InsertKey =
        $"""
        INSERT INTO keyring ({KeyringRow.Columns})
        VALUES (@Id, @Kind, @TenantId, @Version, @MasterKeyId, @State, @Wrapped, @CreatedAt)
        """;

    /// <inheritdoc/>
    public Task InsertAsync(IKmsSession session, KeyringEntry entry)
    {
        KeyringRow row = KeyringRow.From(entry);
        session.Sql.MustStand(WrittenRow.Of($"keyring key {entry.Id}", "keyring", row, [nameof(KeyringRow.Id)]));
        return session.Sql.ExecuteAsync(InsertKey, row);
    }
}
