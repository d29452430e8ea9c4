using Qkms.Core.ApiKeys;
using Qkms.Core.Callers;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.ApiKeys;

/// <summary>Credentials.</summary>
internal sealed class CredentialRepository : ICredentialRepository
{
    // No tenant here: the row says whose it is.
    private const string SelectByLookupId =
        $"""
        SELECT {CredentialRow.Columns}
        FROM credentials
        WHERE kind = @Kind AND lookup_id = @LookupId
        """;

    /// <inheritdoc/>
    public async Task<Sealed<Credential>?> FindByLookupIdAsync(IKmsSession session, string kind, string lookupId) =>
        (await session.Sql.FindAsync<CredentialRow>(SelectByLookupId, new { Kind = kind, LookupId = lookupId }))?.ToSealed();

    // The first look finds out which row is meant, the second fetches one, whether the id exists or not.
    private const string SelectByLookupIdOrOtherwise =
        $"""
        SELECT {CredentialRow.Columns}
        FROM credentials
        WHERE kind = @Kind AND lookup_id = COALESCE(
          (SELECT lookup_id FROM credentials WHERE kind = @Kind AND lookup_id = @LookupId), @Otherwise)
        """;

    /// <inheritdoc/>
    public async Task<Sealed<Credential>?> FindByLookupIdAsync(IKmsSession session, string kind, string lookupId, string otherwise) =>
        (await session.Sql.FindAsync<CredentialRow>(
            SelectByLookupIdOrOtherwise, new { Kind = kind, LookupId = lookupId, Otherwise = otherwise }))?.ToSealed();

    private const string SelectCredential =
        $"""
        SELECT {CredentialRow.Columns}
        FROM credentials
        WHERE tenant_id = @TenantId AND id = @Id
        """;

    /// <inheritdoc/>
    public async Task<Sealed<Credential>?> FindAsync(IKmsSession session, TenantId tenantId, CredentialId id) =>
        (await session.Sql.FindAsync<CredentialRow>(
            SelectCredential, new { TenantId = tenantId.Value.ToBytes(), Id = id.Value.ToBytes() }))?.ToSealed();

    /// <inheritdoc/>
    public async Task<Sealed<Credential>?> LockAsync(IKmsSession session, TenantId tenantId, CredentialId id) =>
        (await session.Sql.FindAsync<CredentialRow>(
            SelectCredential + session.Sql.Dialect.LockParent,
            new { TenantId = tenantId.Value.ToBytes(), Id = id.Value.ToBytes() }))?.ToSealed();

    // A credential is not listed that nobody can present.
    private const string SelectNewest =
        $"""
        SELECT {CredentialRow.Columns},
          (SELECT u.last_used_at FROM credential_usage u WHERE u.credential_id = credentials.id AND u.tenant_id = @TenantId)
            AS last_used_at
        FROM credentials
        WHERE tenant_id = @TenantId AND lookup_id <> '{ApiKeyDecoy.LookupId}' AND id < @Before
        ORDER BY id DESC
        LIMIT @Limit
        """;

    // Greater than every id of 16 bytes.
    private static readonly byte[] _fromTheNewest = [.. Enumerable.Repeat(byte.MaxValue, 17)];

    /// <inheritdoc/>
    public async Task<IReadOnlyList<StoredApiKeyUse>> ListAsync(
        IKmsSession session, TenantId tenantId, CredentialId? before, int limit) =>
    [
        .. (await session.Sql.ListAsync<CredentialUseRow>(
            SelectNewest,
            new { TenantId = tenantId.Value.ToBytes(), Before = before?.Value.ToBytes() ?? _fromTheNewest, Limit = limit }))
            .Select(row => new StoredApiKeyUse(row.ToSealed(), row.LastUsedAt.ToTime())),
    ];

    private const string SelectLastUse =
        "SELECT last_used_at FROM credential_usage WHERE tenant_id = @TenantId AND credential_id = @Id";

    /// <inheritdoc/>
    public async Task<DateTimeOffset?> FindLastUseAsync(IKmsSession session, TenantId tenantId, CredentialId id) =>
        await session.Sql.ListAsync<long>(
            SelectLastUse, new { TenantId = tenantId.Value.ToBytes(), Id = id.Value.ToBytes() }) is [long at] ? ((long?)at).ToTime() : null;

    private const string SelectPredecessor =
        $"""
        SELECT {CredentialRow.Columns}
        FROM credentials
        WHERE tenant_id = @TenantId AND successor_id = @SuccessorId
        """;

    /// <inheritdoc/>
    public async Task<Sealed<Credential>?> FindPredecessorAsync(IKmsSession session, TenantId tenantId, CredentialId successorId) =>
        (await session.Sql.FindAsync<CredentialRow>(
            SelectPredecessor, new { TenantId = tenantId.Value.ToBytes(), SuccessorId = successorId.Value.ToBytes() }))?.ToSealed();

    // Credential.TakesPlaceAt.
    private const string TakesPlace =
        $"""
        tenant_id = @TenantId AND state = 1 AND successor_id IS NULL
          AND (expires_at IS NULL OR expires_at > @Now) AND (grace_until IS NULL OR grace_until > @Now)
        """;

    private const string CountPlaces = $"SELECT COUNT(*) FROM credentials WHERE {TakesPlace}";

    /// <inheritdoc/>
    public Task<long> CountPlacesAsync(IKmsSession session, TenantId tenantId, DateTimeOffset now) =>
        session.Sql.ScalarAsync<long>(CountPlaces, new { TenantId = tenantId.Value.ToBytes(), Now = now.ToStored() });

    // Credential.AdministersAt.
    private const string CountOtherAdmins =
        $"""
        SELECT COUNT(*)
        FROM credentials
        WHERE {TakesPlace} AND kind = '{Credential.ApiKeyKind}'
          AND id <> @Id AND roles & @Admin <> 0 AND permissions IS NULL AND key_scope IS NULL
        """;

    /// <inheritdoc/>
    public async Task<bool> HasOtherAdminAsync(IKmsSession session, TenantId tenantId, CredentialId id, DateTimeOffset now) =>
        await session.Sql.ScalarAsync<long>(
            CountOtherAdmins,
            new { TenantId = tenantId.Value.ToBytes(), Id = id.Value.ToBytes(), Now = now.ToStored(), Admin = (int)Roles.Admin }) > 0;

    // No tenant here: it is one number for the operator.
    private const string CountEnding =
        $"""
        SELECT COUNT(*)
        FROM credentials
        WHERE state = 1
          AND (expires_at IS NULL OR expires_at > @Now) AND (grace_until IS NULL OR grace_until > @Now)
          AND (expires_at <= @Until OR grace_until <= @Until)
        """;

    /// <inheritdoc/>
    public Task<long> CountEndingAsync(IKmsSession session, DateTimeOffset now, DateTimeOffset until) =>
        session.Sql.ScalarAsync<long>(CountEnding, new { Now = now.ToStored(), Until = until.ToStored() });

    private const string WriteUse =
        """
        INSERT INTO credential_usage (credential_id, tenant_id, last_used_at)
        SELECT id, tenant_id, @At
        FROM credentials
        WHERE tenant_id = @TenantId AND id = @Id
        ON CONFLICT (credential_id) DO UPDATE SET last_used_at = excluded.last_used_at
        WHERE credential_usage.last_used_at < excluded.last_used_at AND credential_usage.tenant_id = excluded.tenant_id
        """;

    /// <inheritdoc/>
    public Task WriteUsesAsync(IKmsSession session, IReadOnlyList<ApiKeyUse> uses) => session.Sql.ExecuteEachAsync(
        WriteUse,
        ["@At", "@TenantId", "@Id"],

        // In one order, so that no two nodes wait for each other.
        uses.OrderBy(use => use.Id.Value).Select(use =>
            new object?[] { use.At.ToStored(), use.TenantId.Value.ToBytes(), use.Id.Value.ToBytes() }));

    private const string InsertCredential =
        $"""
        INSERT INTO credentials ({CredentialRow.Columns})
        VALUES (@Id, @TenantId, @Kind, @LookupId, @Verifier, @SealedSecret, @HashKeyId, @Label, @Roles, @Permissions, @KeyScope,
          @State, @CreatedAt, @ExpiresAt, @GraceUntil, @SuccessorId, @Seal, @SealKeyId)
        ON CONFLICT DO NOTHING
        """;

    /// <inheritdoc/>
    public Task<bool> InsertAsync(IKmsSession session, Sealed<Credential> credential) => WriteAsync(session, InsertCredential, credential);

    private const string UpdateCredential =
        """
        UPDATE credentials
        SET label = @Label, roles = @Roles, permissions = @Permissions, key_scope = @KeyScope, state = @State,
          expires_at = @ExpiresAt, grace_until = @GraceUntil, successor_id = @SuccessorId, seal = @Seal, seal_key_id = @SealKeyId
        WHERE tenant_id = @TenantId AND id = @Id
        """;

    /// <inheritdoc/>
    public Task<bool> UpdateAsync(IKmsSession session, Sealed<Credential> credential) => WriteAsync(session, UpdateCredential, credential);

    private static async Task<bool> WriteAsync(IKmsSession session, string sql, Sealed<Credential> credential)
    {
        CredentialRow row = CredentialRow.From(credential);
        if (await session.Sql.ExecuteAsync(sql, row) != 1)
            return false;

        session.Sql.MustStand(WrittenRow.Of(
            credential.UnverifiedRow.LogName, "credentials", row, [nameof(CredentialRow.TenantId), nameof(CredentialRow.Id)]));
        return true;
    }
}
