using Qkms.Core.Keyrings;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Keyrings;

/// <summary>Root wrappers and the keyring.</summary>
internal sealed class KeyringRepository : IKeyringRepository
{
    private const string SelectAnyTenant = "SELECT COUNT(*) FROM (SELECT 1 FROM tenants LIMIT 1) AS first";

    private const string SelectRootWrappers =
        """
        SELECT master_key_id, wrapper_id, kind, root_key_id, wrapped, created_at
        FROM root_wrappers
        ORDER BY wrapper_id
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RootWrapper>> ListRootWrappersAsync(IKmsSession session) =>
        [.. (await session.Sql.ListAsync<RootWrapperRow>(SelectRootWrappers)).Select(row => row.ToWrapper())];

    private const string InsertRootWrapper =
        """
        INSERT INTO root_wrappers (master_key_id, wrapper_id, kind, root_key_id, wrapped, created_at)
        VALUES (@MasterKeyId, @WrapperId, @Kind, @RootKeyId, @Wrapped, @CreatedAt)
        """;

    /// <inheritdoc/>
    public Task InsertRootWrapperAsync(IKmsSession session, RootWrapper wrapper)
    {
        RootWrapperRow row = RootWrapperRow.From(wrapper);
        session.Sql.MustStand(WrittenRow.Of(
            $"root wrapper {wrapper.WrapperId}", "root_wrappers", row, [nameof(RootWrapperRow.WrapperId)]));
        return session.Sql.ExecuteAsync(InsertRootWrapper, row);
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

    private const string SelectNewestTenantKey =
        $"""
        SELECT {KeyringRow.Columns}
        FROM keyring
        WHERE tenant_id = @TenantId AND kind = @Kind
        ORDER BY version DESC
        LIMIT 1
        """;

    /// <inheritdoc/>
    public async Task<bool> HasTenantsAsync(IKmsSession session) => await session.Sql.ScalarAsync<long>(SelectAnyTenant) > 0;

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

    private const string InsertKey =
        $"""
        INSERT INTO keyring ({KeyringRow.Columns})
        VALUES (@Id, @Kind, @TenantId, @Version, @MasterKeyId, @Wrapped, @CreatedAt)
        """;

    /// <inheritdoc/>
    public Task InsertAsync(IKmsSession session, KeyringEntry entry)
    {
        KeyringRow row = KeyringRow.From(entry);
        session.Sql.MustStand(WrittenRow.Of($"keyring key {entry.Id}", "keyring", row, [nameof(KeyringRow.Id)]));
        return session.Sql.ExecuteAsync(InsertKey, row);
    }
}
