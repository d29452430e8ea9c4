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
}
