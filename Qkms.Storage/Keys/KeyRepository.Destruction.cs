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

    private const string SelectAnyWaiting =
        "SELECT COUNT(*) FROM (SELECT 1 FROM key_versions WHERE destroy_at IS NOT NULL LIMIT 1) AS first";

    /// <inheritdoc/>
    public async Task<bool> AnyWaitsForDestructionAsync(IKmsSession session) => await session.Sql.ScalarAsync<long>(SelectAnyWaiting) > 0;
}
