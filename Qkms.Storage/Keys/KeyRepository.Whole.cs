using Qkms.Core.Callers;
using Qkms.Core.Keys;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Keys;

/// <content>Keys as a whole.</content>
internal sealed partial class KeyRepository
{
    private const string SelectKeyAsTold =
        $"""
        SELECT {KeyRow.ColumnsBehind}
        FROM keys k
        WHERE k.tenant_id = @TenantId AND k.id = @Id
        """;

    /// <inheritdoc/>
    public async Task<(Sealed<Key> Key, bool IsNewest)?> FindKeyAsync(IKmsSession session, TenantId tenantId, KeyId keyId) =>
        await session.Sql.FindAsync<KeyRow>(
            SelectKeyAsTold, new { TenantId = tenantId.Value.ToBytes(), Id = keyId.Value.ToBytes() }) is { } row
            ? (row.ToSealed(), row.IsNewest)
            : null;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Sealed<Key>>> ListKeysAsync(
        IKmsSession session, TenantId tenantId, KeyScope scope, KeyId? after, int limit)
    {
        // By the primary key: what is made meanwhile comes behind.
        string sql =
            $"""
            SELECT {KeyRow.Columns}
            FROM keys
            WHERE tenant_id = @TenantId AND owner_kind = '' AND owner_id = '' AND destroyed_count < version_count
            """
            + ScopeFilter.AndWithin(scope, session.Sql.Dialect, "name")
            + (after is null ? "" : " AND id > @After")
            + " ORDER BY id LIMIT @Limit";
        IReadOnlyList<KeyRow> rows = await session.Sql.ListAsync<KeyRow>(
            sql,
            new
            {
                TenantId = tenantId.Value.ToBytes(),
                ScopeNames = ScopeFilter.NamesOf(scope),
                ScopeFolders = ScopeFilter.FoldersOf(scope),
                After = after?.Value.ToBytes(),
                Limit = limit,
            });
        return [.. rows.Select(row => row.ToSealed())];
    }
}
