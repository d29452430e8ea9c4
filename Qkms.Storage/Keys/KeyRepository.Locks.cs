using Qkms.Core.Keys;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Keys;

/// <content>Keys that are held while their versions are used.</content>
internal sealed partial class KeyRepository
{
    // Several nodes do not share the lock: they would take turns in holding it, and who changes the key would never get it.
    private const string LockKeys =
        """
        SELECT k.id
        FROM keys k
        JOIN unnest(@TenantIds, @Ids) AS used (tenant_id, id) ON k.tenant_id = used.tenant_id AND k.id = used.id
        ORDER BY k.id
        FOR NO KEY UPDATE OF k
        """;

    /// <inheritdoc/>
    public async Task LockKeysAsync(IKmsSession session, IEnumerable<KeyVersion> versions)
    {
        // One writer holds everything.
        if (session.Sql.Dialect.LockRow.Length == 0)
            return;

        (TenantId Tenant, KeyId Key)[] keys = [.. versions.Select(version => (version.TenantId, version.KeyId)).Distinct()];
        await session.Sql.ListAsync<byte[]>(
            LockKeys,
            new
            {
                TenantIds = Array.ConvertAll(keys, key => key.Tenant.Value.ToBytes()),
                Ids = Array.ConvertAll(keys, key => key.Key.Value.ToBytes()),
            });
    }

    private const string SelectSeals =
        """
        SELECT v.seal AS version_seal, v.seal_key_id AS version_seal_key_id, k.seal AS key_seal, k.seal_key_id AS key_seal_key_id
        FROM key_versions v
        JOIN keys k ON k.tenant_id = v.tenant_id AND k.id = v.key_id
        WHERE v.tenant_id = @TenantId AND v.id = @Id
        """;

    /// <inheritdoc/>
    public async Task<RowSeals?> FindSealsAsync(IKmsSession session, TenantId tenantId, KeyVersionId versionId)
    {
        SealsRow? row = await session.Sql.FindAsync<SealsRow>(
            SelectSeals, new { TenantId = tenantId.Value.ToBytes(), Id = versionId.Value.ToBytes() });
        return row is null
            ? null
            : new RowSeals(StoredSeal.Join(row.VersionSeal, row.VersionSealKeyId), StoredSeal.Join(row.KeySeal, row.KeySealKeyId));
    }

    private sealed class SealsRow
    {
        public byte[] VersionSeal { get; init; } = [];

        public byte[]? VersionSealKeyId { get; init; }

        public byte[] KeySeal { get; init; } = [];

        public byte[]? KeySealKeyId { get; init; }
    }
}
