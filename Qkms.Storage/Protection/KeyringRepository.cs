using Qkms.Core.Keyrings;
using Qkms.Core.Names;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Protection;

/// <summary>Root wrappers and the keyring.</summary>
internal sealed class KeyringRepository(KmsSession session) : IKeyringRepository
{
    private const string SelectRootWrappers =
        """
        SELECT master_key_id, wrapper_id, kind, root_key_id, wrapped, created_at
        FROM root_wrappers
        ORDER BY wrapper_id
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RootWrapper>> ListRootWrappersAsync() =>
        [.. (await session.ListAsync<RootWrapperRow>(SelectRootWrappers)).Select(row => row.ToWrapper())];

    private const string InsertRootWrapper =
        """
        INSERT INTO root_wrappers (master_key_id, wrapper_id, kind, root_key_id, wrapped, created_at)
        VALUES (@MasterKeyId, @WrapperId, @Kind, @RootKeyId, @Wrapped, @CreatedAt)
        """;

    /// <inheritdoc/>
    public Task InsertRootWrapperAsync(RootWrapper wrapper) => session.ExecuteAsync(InsertRootWrapper, RootWrapperRow.From(wrapper));

    private const string SelectSystemKeys =
        $"""
        SELECT {KeyringRow.Columns}
        FROM keyring
        WHERE tenant_id IS NULL
        ORDER BY version, kind
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<KeyringEntry>> ListSystemKeysAsync() =>
        [.. (await session.ListAsync<KeyringRow>(SelectSystemKeys)).Select(row => row.ToEntry())];

    private const string SelectNewestTenantKey =
        $"""
        SELECT {KeyringRow.Columns}
        FROM keyring
        WHERE tenant_id = @TenantId AND kind = @Kind
        ORDER BY version DESC
        LIMIT 1
        """;

    /// <inheritdoc/>
    public async Task<KeyringEntry?> FindNewestTenantKeyAsync(TenantId tenantId) =>
        (await session.FindAsync<KeyringRow>(
            SelectNewestTenantKey,
            new { TenantId = tenantId.Value.ToBytes(), Kind = (int)KeyringKind.Tenant }))?.ToEntry();

    private const string SelectTenantKey =
        $"""
        SELECT {KeyringRow.Columns}
        FROM keyring
        WHERE tenant_id = @TenantId AND id = @Id AND kind = @Kind
        """;

    /// <inheritdoc/>
    public async Task<KeyringEntry?> FindTenantKeyAsync(TenantId tenantId, Guid id) =>
        (await session.FindAsync<KeyringRow>(
            SelectTenantKey,
            new { TenantId = tenantId.Value.ToBytes(), Id = id.ToBytes(), Kind = (int)KeyringKind.Tenant }))?.ToEntry();

    private const string InsertKey =
        $"""
        INSERT INTO keyring ({KeyringRow.Columns})
        VALUES (@Id, @Kind, @TenantId, @Version, @MasterKeyId, @Wrapped, @CreatedAt)
        """;

    /// <inheritdoc/>
    public Task InsertAsync(KeyringEntry entry) => session.ExecuteAsync(InsertKey, KeyringRow.From(entry));
}
