using Qkms.Core.Tenants;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Tenants;

/// <summary>The tenants.</summary>
internal sealed class TenantRepository : ITenantRepository
{
    private const string SelectAny = "SELECT COUNT(*) FROM (SELECT 1 FROM tenants LIMIT 1) AS first";

    /// <inheritdoc/>
    public async Task<bool> AnyAsync(IKmsSession session) => await session.Sql.ScalarAsync<long>(SelectAny) > 0;

    private const string SelectFirst =
        $"""
        SELECT {TenantRow.Columns}
        FROM tenants
        WHERE state <> 4
        ORDER BY created_at, id
        LIMIT 1
        """;

    /// <inheritdoc/>
    public async Task<Sealed<Tenant>?> FindFirstAsync(IKmsSession session) =>
        (await session.Sql.FindAsync<TenantRow>(SelectFirst, new { }))?.ToSealed();

    private const string SelectIds = "SELECT id FROM tenants WHERE state <> 4 ORDER BY id";

    /// <inheritdoc/>
    public Task<IReadOnlyList<TenantId>> ListIdsAsync(IKmsSession session) => ListIdsAsync(session, SelectIds);

    private const string SelectWithheld = "SELECT id FROM tenants WHERE state IN (2, 3) ORDER BY id";

    /// <inheritdoc/>
    public Task<IReadOnlyList<TenantId>> ListWithheldAsync(IKmsSession session) => ListIdsAsync(session, SelectWithheld);

    private const string SelectNewest =
        $"""
        SELECT {TenantRow.Columns}
        FROM tenants
        WHERE id < @Before AND (@State = 0 OR state = @State) AND (@Plan = '' OR plan = @Plan)
        ORDER BY id DESC
        LIMIT @Limit
        """;

    // Greater than every id of 16 bytes.
    private static readonly byte[] _fromTheNewest = [.. Enumerable.Repeat(byte.MaxValue, 17)];

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Sealed<Tenant>>> ListAsync(IKmsSession session, TenantFilter filter, TenantId? before, int limit) =>
    [
        .. (await session.Sql.ListAsync<TenantRow>(
            SelectNewest,
            new
            {
                Before = before?.Value.ToBytes() ?? _fromTheNewest,
                State = (long)(filter.State ?? 0),
                Plan = filter.Plan ?? "",
                Limit = limit,
            })).Select(row => row.ToSealed()),
    ];

    private const string SelectTenant =
        $"""
        SELECT {TenantRow.Columns}
        FROM tenants
        WHERE id = @Id
        """;

    /// <inheritdoc/>
    public async Task<Sealed<Tenant>?> FindAsync(IKmsSession session, TenantId id) =>
        (await session.Sql.FindAsync<TenantRow>(SelectTenant, new { Id = id.Value.ToBytes() }))?.ToSealed();

    /// <inheritdoc/>
    public async Task<Sealed<Tenant>?> LockAsync(IKmsSession session, TenantId id) =>
        (await session.Sql.FindAsync<TenantRow>(
            SelectTenant + session.Sql.Dialect.LockParent, new { Id = id.Value.ToBytes() }))?.ToSealed();

    // The one row that all tenants share.
    private const string SelectInstallation = "SELECT only_row FROM installation";

    /// <inheritdoc/>
    public Task LockNamesAsync(IKmsSession session) =>
        session.Sql.ListAsync<long>(SelectInstallation + session.Sql.Dialect.LockParent);

    private const string CountOfName = "SELECT COUNT(*) FROM tenants WHERE name = @Name AND id <> @Id";

    /// <inheritdoc/>
    public async Task<bool> IsNameTakenAsync(IKmsSession session, string name, TenantId except) =>
        await session.Sql.ScalarAsync<long>(CountOfName, new { Name = name, Id = except.Value.ToBytes() }) > 0;

    private const string InsertTenant =
        $"""
        INSERT INTO tenants ({TenantRow.Columns})
        VALUES (@Id, @AccountId, @Name, @State, @Plan, @CreatedAt, @StateBefore, @DeleteOrderedAt, @DeleteOrderedBy, @DeleteAt,
          @DeletedAt, @Seal, @SealKeyId)
        ON CONFLICT DO NOTHING
        """;

    /// <inheritdoc/>
    public Task<bool> InsertAsync(IKmsSession session, Sealed<Tenant> tenant) => WriteAsync(session, InsertTenant, tenant);

    private const string UpdateTenant =
        """
        UPDATE tenants
        SET name = @Name, state = @State, plan = @Plan, state_before = @StateBefore, delete_ordered_at = @DeleteOrderedAt,
          delete_ordered_by = @DeleteOrderedBy, delete_at = @DeleteAt, deleted_at = @DeletedAt, seal = @Seal, seal_key_id = @SealKeyId
        WHERE id = @Id
        """;

    /// <inheritdoc/>
    public Task<bool> UpdateAsync(IKmsSession session, Sealed<Tenant> tenant) => WriteAsync(session, UpdateTenant, tenant);

    private const string SelectDue =
        """
        SELECT id, delete_at
        FROM tenants
        WHERE delete_at <= @Now AND (delete_at, id) > (@AfterTime, @AfterId)
        ORDER BY delete_at, id
        LIMIT @Limit
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<DueTenant>> ListDueForDeletionAsync(
        IKmsSession session, DateTimeOffset now, DueTenant? after, int limit) =>
    [
        .. (await session.Sql.ListAsync<DueTenantRow>(
            SelectDue,
            new
            {
                Now = now.ToStored(),
                AfterTime = after?.StoredTime ?? long.MinValue,
                AfterId = after?.StoredId ?? [],
                Limit = limit,
            })).Select(row => new DueTenant(row.Id, row.DeleteAt)),
    ];

    private const string SelectAnyWaiting =
        "SELECT COUNT(*) FROM (SELECT 1 FROM tenants WHERE delete_at IS NOT NULL LIMIT 1) AS first";

    /// <inheritdoc/>
    public async Task<bool> AnyWaitsForDeletionAsync(IKmsSession session) => await session.Sql.ScalarAsync<long>(SelectAnyWaiting) > 0;

    private static async Task<IReadOnlyList<TenantId>> ListIdsAsync(IKmsSession session, string sql) =>
    [
        .. (await session.Sql.ListAsync<byte[]>(sql)).Where(id => id is { Length: 16 })
            .Select(id => new TenantId(new Guid(id, bigEndian: true))),
    ];

    private static async Task<bool> WriteAsync(IKmsSession session, string sql, Sealed<Tenant> tenant)
    {
        TenantRow row = TenantRow.From(tenant);
        if (await session.Sql.ExecuteAsync(sql, row) != 1)
            return false;

        session.Sql.MustStand(WrittenRow.Of(
            tenant.UnverifiedRow.LogName, "tenants", row, [nameof(TenantRow.Id)]));
        return true;
    }

    private sealed class DueTenantRow
    {
        public byte[] Id { get; init; } = [];

        public long DeleteAt { get; init; }
    }
}
