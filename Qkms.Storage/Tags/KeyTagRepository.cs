using Qkms.Core.Tags;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Tags;

/// <summary>The tags of keys.</summary>
internal sealed class KeyTagRepository : IKeyTagRepository
{
    private const string Select =
        $"""
        SELECT {KeyTagRow.Columns}
        FROM key_tags
        WHERE tenant_id = @TenantId AND key_id = @KeyId
        """;

    /// <inheritdoc/>
    public async Task<Sealed<KeyTags>?> FindAsync(IKmsSession session, TenantId tenantId, KeyId keyId) =>
        (await session.Sql.FindAsync<KeyTagRow>(
            Select, new { TenantId = tenantId.Value.ToBytes(), KeyId = keyId.Value.ToBytes() }))?.ToSealed();

    private const string Insert =
        $"""
        INSERT INTO key_tags ({KeyTagRow.Columns})
        VALUES (@TenantId, @KeyId, @Tags, @RowVersion, @Seal, @SealKeyId)
        ON CONFLICT DO NOTHING
        """;

    /// <inheritdoc/>
    public Task<bool> InsertAsync(IKmsSession session, Sealed<KeyTags> tags) => WriteAsync(session, Insert, tags);

    private const string Update =
        """
        UPDATE key_tags
        SET tags = @Tags, row_version = @RowVersion, seal = @Seal, seal_key_id = @SealKeyId
        WHERE tenant_id = @TenantId AND key_id = @KeyId AND row_version = @RowVersion - 1
        """;

    /// <inheritdoc/>
    public Task<bool> UpdateAsync(IKmsSession session, Sealed<KeyTags> tags) => WriteAsync(session, Update, tags);

    private static async Task<bool> WriteAsync(IKmsSession session, string sql, Sealed<KeyTags> tags)
    {
        KeyTagRow row = KeyTagRow.From(tags);
        if (await session.Sql.ExecuteAsync(sql, row) != 1)
            return false;

        session.Sql.MustStand(WrittenRow.Of(
            tags.UnverifiedRow.LogName, "key_tags", row, [nameof(KeyTagRow.TenantId), nameof(KeyTagRow.KeyId)]));
        return true;
    }

    private const string Delete = "DELETE FROM key_tags WHERE tenant_id = @TenantId AND key_id = @KeyId";

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(IKmsSession session, TenantId tenantId, KeyId keyId) => await session.Sql.ExecuteAsync(
        Delete, new { TenantId = tenantId.Value.ToBytes(), KeyId = keyId.Value.ToBytes() }) == 1;
}
