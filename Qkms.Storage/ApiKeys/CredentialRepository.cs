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
    public async Task<bool> InsertAsync(IKmsSession session, Sealed<Credential> credential) =>
        await session.Sql.ExecuteAsync(InsertCredential, CredentialRow.From(credential)) == 1;

    private const string UpdateCredential =
        """
        UPDATE credentials
        SET label = @Label, roles = @Roles, permissions = @Permissions, key_scope = @KeyScope, state = @State,
          expires_at = @ExpiresAt, grace_until = @GraceUntil, successor_id = @SuccessorId, seal = @Seal, seal_key_id = @SealKeyId
        WHERE tenant_id = @TenantId AND id = @Id
        """;

    /// <inheritdoc/>
    public async Task<bool> UpdateAsync(IKmsSession session, Sealed<Credential> credential) =>
        await session.Sql.ExecuteAsync(UpdateCredential, CredentialRow.From(credential)) == 1;
}
