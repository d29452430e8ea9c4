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
        ORDER BY created_at, id
        LIMIT 1
        """;

    /// <inheritdoc/>
    public async Task<Sealed<Tenant>?> FindFirstAsync(IKmsSession session) =>
        (await session.Sql.FindAsync<TenantRow>(SelectFirst, new { }))?.ToSealed();

    private const string SelectIds = "SELECT id FROM tenants ORDER BY id";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TenantId>> ListIdsAsync(IKmsSession session) =>
    [
        .. (await session.Sql.ListAsync<byte[]>(SelectIds)).Where(id => id is { Length: 16 })
            .Select(id => new TenantId(new Guid(id, bigEndian: true))),
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

    private const string InsertTenant =
        $"""
        INSERT INTO tenants ({TenantRow.Columns})
        VALUES (@Id, @AccountId, @Name, @State, @Plan, @CreatedAt, @Seal, @SealKeyId)
        ON CONFLICT DO NOTHING
        """;

    /// <inheritdoc/>
    public Task<bool> InsertAsync(IKmsSession session, Sealed<Tenant> tenant) => WriteAsync(session, InsertTenant, tenant);

    private const string UpdateTenant =
        "UPDATE tenants SET state = @State, plan = @Plan, seal = @Seal, seal_key_id = @SealKeyId WHERE id = @Id";

    /// <inheritdoc/>
    public Task<bool> UpdateAsync(IKmsSession session, Sealed<Tenant> tenant) => WriteAsync(session, UpdateTenant, tenant);

    private static async Task<bool> WriteAsync(IKmsSession session, string sql, Sealed<Tenant> tenant)
    {
        TenantRow row = TenantRow.From(tenant);
        if (await session.Sql.ExecuteAsync(sql, row) != 1)
            return false;

        session.Sql.MustStand(WrittenRow.Of(
            tenant.UnverifiedRow.LogName, "tenants", row, [nameof(TenantRow.Id)]));
        return true;
    }
}
