using Qkms.Core.Aliases;
using Qkms.Core.Callers;
using Qkms.Storage.Journal;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Aliases;

/// <summary>Aliases, and what the journal says of them.</summary>
internal sealed class AliasRepository : IAliasRepository
{
    // One statement, and so one moment: whichever of the two is there, there is a row, whose first column says whether the alias is.
    internal const string SelectWithEvent =
        $"""
        SELECT {AliasRow.ColumnsOfA}, {AliasWithEvent.EventColumns}
        FROM (SELECT 1 AS one) o
        LEFT JOIN aliases a ON a.tenant_id = @TenantId AND a.name = @Name
        LEFT JOIN (
          SELECT *
          FROM audit_events
          WHERE tenant_id = @TenantId AND to_state = @Name AND {AliasWithEvent.Events}
          ORDER BY position DESC
          LIMIT 1) e ON e.tenant_id = @TenantId
        """;

    /// <inheritdoc/>
    public async Task<StoredAlias> FindAsync(IKmsSession session, TenantId tenantId, AliasName name)
    {
        (AliasRow First, JournalRow? Second)? found = await session.Sql.FindPairAsync<AliasRow, JournalRow>(
            SelectWithEvent, new { TenantId = tenantId.Value.ToBytes(), Name = name.Value });
        return AliasWithEvent.ToStored(
            name.Value, found is { First: { TenantId.Length: > 0 } row } ? row : null, found?.Second);
    }

    private const string SelectOne =
        $"""
        SELECT {AliasRow.Columns}
        FROM aliases
        WHERE tenant_id = @TenantId AND name = @Name
        """;

    /// <inheritdoc/>
    public async Task<Sealed<Alias>?> LockAsync(IKmsSession session, TenantId tenantId, AliasName name) =>
        (await session.Sql.FindAsync<AliasRow>(
            SelectOne + session.Sql.Dialect.LockRow, new { TenantId = tenantId.Value.ToBytes(), Name = name.Value }))?.ToSealed();

    private const string SelectOfKey =
        $"""
        SELECT {AliasRow.Columns}
        FROM aliases
        WHERE tenant_id = @TenantId AND key_id = @KeyId
        ORDER BY name
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Sealed<Alias>>> ListOfKeyAsync(IKmsSession session, TenantId tenantId, KeyId keyId) =>
    [
        .. (await session.Sql.ListAsync<AliasRow>(
            SelectOfKey + session.Sql.Dialect.LockRow,
            new { TenantId = tenantId.Value.ToBytes(), KeyId = keyId.Value.ToBytes() })).Select(row => row.ToSealed()),
    ];

    private const string CountOfKey = "SELECT COUNT(*) FROM aliases WHERE tenant_id = @TenantId AND key_id = @KeyId";

    /// <inheritdoc/>
    public Task<long> CountOfKeyAsync(IKmsSession session, TenantId tenantId, KeyId keyId) => session.Sql.ScalarAsync<long>(
        CountOfKey, new { TenantId = tenantId.Value.ToBytes(), KeyId = keyId.Value.ToBytes() });

    // By the index of the primary key, and no further than the limit.
    private const string CountAtMost =
        "SELECT COUNT(*) FROM (SELECT name FROM aliases WHERE tenant_id = @TenantId LIMIT @Limit) AS counted";

    /// <inheritdoc/>
    public async Task<bool> HasMoreThanAsync(IKmsSession session, TenantId tenantId, int most) =>
        await session.Sql.ScalarAsync<long>(CountAtMost, new { TenantId = tenantId.Value.ToBytes(), Limit = most + 1 }) > most;

    // A key that is not there hides no alias of it: that is for the check of the row to find.
    internal const string SelectPage =
        $"""
        SELECT {AliasRow.ColumnsOfA}, {AliasWithEvent.EventColumns}
        FROM aliases a
        JOIN keys k ON k.tenant_id = a.tenant_id AND k.id = a.key_id
        LEFT JOIN audit_events e ON e.tenant_id = a.tenant_id AND e.stream = 1 AND e.position = (
          SELECT MAX(position)
          FROM audit_events
          WHERE tenant_id = a.tenant_id AND to_state = a.name AND {AliasWithEvent.Events})
        WHERE a.tenant_id = @TenantId AND k.owner_kind = ''
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<StoredAlias>> ListAsync(
        IKmsSession session, TenantId tenantId, KeyId? keyId, KeyScope scope, AliasName? after, int limit)
    {
        string sql =
            SelectPage
            + (keyId is null ? "" : " AND a.key_id = @KeyId")
            + ScopeFilter.AndWithin(scope, session.Sql.Dialect, "k.name")
            + (after is null ? "" : " AND a.name > @After")
            + " ORDER BY a.name LIMIT @Limit";
        IReadOnlyList<(AliasRow First, JournalRow? Second)> rows = await session.Sql.ListPairsAsync<AliasRow, JournalRow>(
            sql,
            new
            {
                TenantId = tenantId.Value.ToBytes(),
                KeyId = keyId?.Value.ToBytes(),
                ScopeNames = ScopeFilter.NamesOf(scope),
                ScopeFolders = ScopeFilter.FoldersOf(scope),
                After = after?.Value,
                Limit = limit,
            });
        return [.. rows.Select(row => AliasWithEvent.ToStored(row.First.Name, row.First, row.Second))];
    }

    private const string Insert =
        $"""
        INSERT INTO aliases ({AliasRow.Columns})
        VALUES (@TenantId, @Name, @KeyId, @CreatedAt, @UpdatedAt, @RowVersion, @Seal, @SealKeyId)
        ON CONFLICT DO NOTHING
        """;

    /// <inheritdoc/>
    public Task<bool> InsertAsync(IKmsSession session, Sealed<Alias> alias) => WriteAsync(session, Insert, alias);

    private const string Update =
        """
        UPDATE aliases
        SET key_id = @KeyId, updated_at = @UpdatedAt, row_version = @RowVersion, seal = @Seal, seal_key_id = @SealKeyId
        WHERE tenant_id = @TenantId AND name = @Name AND row_version = @RowVersion - 1
        """;

    /// <inheritdoc/>
    public Task<bool> UpdateAsync(IKmsSession session, Sealed<Alias> alias) => WriteAsync(session, Update, alias);

    private static async Task<bool> WriteAsync(IKmsSession session, string sql, Sealed<Alias> alias)
    {
        AliasRow row = AliasRow.From(alias);
        if (await session.Sql.ExecuteAsync(sql, row) != 1)
            return false;

        session.Sql.MustStand(WrittenRow.Of(
            alias.UnverifiedRow.LogName, "aliases", row, [nameof(AliasRow.TenantId), nameof(AliasRow.Name)]));
        return true;
    }

    private const string Delete =
        "DELETE FROM aliases WHERE tenant_id = @TenantId AND name = @Name AND row_version = @RowVersion";

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(IKmsSession session, Alias alias) => await session.Sql.ExecuteAsync(
        Delete, new { TenantId = alias.TenantId.Value.ToBytes(), Name = alias.Name.Value, alias.RowVersion }) == 1;
}
