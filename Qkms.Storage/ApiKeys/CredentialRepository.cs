using Qkms.Core.ApiKeys;
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
