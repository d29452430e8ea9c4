using Qkms.Core.Keys;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Keys;

/// <summary>Rotation chains.</summary>
internal sealed partial class KeyRepository
{
    // The depth ends it, also where somebody made a circle of it. Each step is a look-up by the unique kid.
    private static string SelectChain(string neighbour) =>
        $"""
        WITH RECURSIVE chain (depth, kid, neighbour) AS (
          SELECT 1, kid, {neighbour}
          FROM key_versions
          WHERE tenant_id = @TenantId AND kid = @First
          UNION ALL
          SELECT c.depth + 1, n.kid, n.{neighbour}
          FROM chain c
          JOIN key_versions n ON n.tenant_id = @TenantId AND n.kid = c.neighbour
          WHERE c.depth < @Limit
        )
        SELECT {KeyVersionRow.Columns}, {KeyRow.ColumnsBehind}
        FROM chain c
        JOIN key_versions v ON v.tenant_id = @TenantId AND v.kid = c.kid
        LEFT JOIN key_usage u ON u.tenant_id = v.tenant_id AND u.version_id = v.id
        LEFT JOIN keys k ON k.tenant_id = v.tenant_id AND k.id = v.key_id
        ORDER BY c.depth
        """;

    private static readonly string _selectSuccessors = SelectChain("next_kid");

    private static readonly string _selectPredecessors = SelectChain("previous_kid");

    /// <inheritdoc/>
    public async Task<IReadOnlyList<VersionWithKey>> ListChainAsync(
        IKmsSession session, TenantId tenantId, Kid first, bool isForward, int limit)
    {
        IReadOnlyList<(KeyVersionRow First, KeyRow? Second)> rows = await session.Sql.ListPairsAsync<KeyVersionRow, KeyRow>(
            isForward ? _selectSuccessors : _selectPredecessors,
            new { TenantId = tenantId.Value.ToBytes(), First = first.Value, Limit = limit });
        return [.. rows.Select(Paired)];
    }

    private const string SelectNextStart =
        """
        SELECT version
        FROM key_versions
        WHERE tenant_id = @TenantId AND key_id = @KeyId AND previous_kid IS NULL AND version > @Version
        ORDER BY version
        LIMIT 1
        """;

    /// <inheritdoc/>
    public async Task<int?> FindNextChainStartAsync(IKmsSession session, KeyVersion version)
    {
        IReadOnlyList<long> starts = await session.Sql.ListAsync<long>(
            SelectNextStart,
            new { TenantId = version.TenantId.Value.ToBytes(), KeyId = version.KeyId.Value.ToBytes(), version.Version });
        return starts is [long start] ? checked((int)start) : null;
    }
}
