using Qkms.Core.Keys;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Keys;

/// <summary>What waits for its destruction.</summary>
internal sealed partial class KeyRepository
{
    // No tenant here: what is due is due for all, and each row says whose it is.
    private static string SelectDue(SqlDialect dialect) =>
        $"""
        SELECT CAST(tenant_id AS {dialect.Bytes}) AS tenant_id, CAST(id AS {dialect.Bytes}) AS id
        FROM key_versions
        WHERE destroy_at <= @Now AND id > @After AND {OfActiveTenants.In("key_versions")}
        ORDER BY id
        LIMIT @Limit
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<DueVersion>> ListDueForDestructionAsync(
        IKmsSession session, DateTimeOffset now, byte[]? after, int limit)
    {
        IReadOnlyList<KeyVersionIdRow> rows = await session.Sql.ListAsync<KeyVersionIdRow>(
            SelectDue(session.Sql.Dialect),
            new { Now = now.ToStored(), After = after ?? [], Limit = limit });
        return [.. rows.Select(row => row.ToDue())];
    }

    // By the index of keys that wait; of the versions of one no page is longer than the limit.
    private static string SelectDueWithKey(SqlDialect dialect) =>
        $"""
        SELECT CAST(v.tenant_id AS {dialect.Bytes}) AS tenant_id, CAST(v.id AS {dialect.Bytes}) AS id
        FROM keys k
        JOIN key_versions v ON v.tenant_id = k.tenant_id AND v.key_id = k.id
        WHERE k.delete_at IS NOT NULL AND k.delete_at <= @Now AND v.state <> 4 AND v.id > @After AND {OfActiveTenants.In("k")}
        ORDER BY v.id
        LIMIT @Limit
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<DueVersion>> ListDueForDeletionAsync(
        IKmsSession session, DateTimeOffset now, byte[]? after, int limit)
    {
        IReadOnlyList<KeyVersionIdRow> rows = await session.Sql.ListAsync<KeyVersionIdRow>(
            SelectDueWithKey(session.Sql.Dialect),
            new { Now = now.ToStored(), After = after ?? [], Limit = limit });
        return [.. rows.Select(row => row.ToDue())];
    }

    private const string SelectAnyWaiting =
        """
        SELECT COUNT(*)
        FROM (
          SELECT 1 AS waits FROM key_versions WHERE destroy_at IS NOT NULL
          UNION ALL
          SELECT 1 AS waits FROM keys WHERE delete_at IS NOT NULL
          LIMIT 1) AS first
        """;

    /// <inheritdoc/>
    public async Task<bool> AnyWaitsForDestructionAsync(IKmsSession session) => await session.Sql.ScalarAsync<long>(SelectAnyWaiting) > 0;
}
