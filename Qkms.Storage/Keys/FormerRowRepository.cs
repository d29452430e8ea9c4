using Qkms.Core.ApiKeys;
using Qkms.Core.Installation;
using Qkms.Core.Keys;
using Qkms.Core.Tenants;
using Qkms.Storage.ApiKeys;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;
using Qkms.Storage.Tenants;

namespace Qkms.Storage.Keys;

/// <summary>Every sealed row, for the take-over of a database. No tenant here, but for keys: it is done to the rows of all.</summary>
internal sealed class FormerRowRepository : IFormerRowRepository
{
    private const string SelectAnyCurrentSeal =
        """
        SELECT CASE WHEN
          EXISTS (SELECT 1 FROM tenants WHERE seal_key_id IS NOT NULL)
          OR EXISTS (SELECT 1 FROM credentials WHERE seal_key_id IS NOT NULL)
          OR EXISTS (SELECT 1 FROM keys WHERE seal_key_id IS NOT NULL)
          OR EXISTS (SELECT 1 FROM key_versions WHERE seal_key_id IS NOT NULL)
        THEN 1 ELSE 0 END
        """;

    /// <inheritdoc/>
    public async Task<bool> HasCurrentSealsAsync(IKmsSession session) => await session.Sql.ScalarAsync<long>(SelectAnyCurrentSeal) > 0;

    private const string NextPage = "WHERE id > @After ORDER BY id LIMIT @Limit";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Sealed<Tenant>>> ListTenantsAsync(IKmsSession session, Guid after, int limit) =>
        [.. (await ListAsync<TenantRow>(session, $"SELECT {TenantRow.Columns} FROM tenants", after, limit)).Select(row => row.ToSealed())];

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Sealed<Credential>>> ListCredentialsAsync(IKmsSession session, Guid after, int limit) =>
    [
        .. (await ListAsync<CredentialRow>(session, $"SELECT {CredentialRow.Columns} FROM credentials", after, limit))
            .Select(row => row.ToSealed()),
    ];

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Sealed<Key>>> ListKeysAsync(IKmsSession session, Guid after, int limit) =>
        [.. (await ListAsync<KeyRow>(session, $"SELECT {KeyRow.Columns} FROM keys", after, limit)).Select(row => row.ToSealed())];

    private static Task<IReadOnlyList<T>> ListAsync<T>(IKmsSession session, string select, Guid after, int limit) =>
        session.Sql.ListAsync<T>($"{select} {NextPage}", new { After = after.ToBytes(), Limit = limit });

    private const string SelectVersions =
        $"""
        SELECT {KeyVersionRow.ColumnsWithoutUses}
        FROM key_versions v
        WHERE v.tenant_id = @TenantId AND v.key_id = @KeyId AND v.version > @After
        ORDER BY v.version
        LIMIT @Limit
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Sealed<KeyVersion>>> ListVersionsAsync(IKmsSession session, Key key, int after, int limit) =>
    [
        .. (await session.Sql.ListAsync<KeyVersionRow>(
            SelectVersions,
            new { TenantId = key.TenantId.Value.ToBytes(), KeyId = key.Id.Value.ToBytes(), After = after, Limit = limit }))
            .Select(row => row.ToSealed()),
    ];

    /// <inheritdoc/>
    public Task SealAsync(IKmsSession session, Sealed<Tenant> tenant) => session.Sql.ExecuteAsync(
        "UPDATE tenants SET seal = @Seal, seal_key_id = @SealKeyId WHERE id = @Id", TenantRow.From(tenant));

    /// <inheritdoc/>
    public Task SealAsync(IKmsSession session, Sealed<Credential> credential) => session.Sql.ExecuteAsync(
        "UPDATE credentials SET seal = @Seal, seal_key_id = @SealKeyId WHERE tenant_id = @TenantId AND id = @Id",
        CredentialRow.From(credential));

    private const string UpdateKey =
        """
        UPDATE keys
        SET version_states = @VersionStates, seal = @Seal, seal_key_id = @SealKeyId
        WHERE tenant_id = @TenantId AND id = @Id
        """;

    /// <inheritdoc/>
    public Task SealAsync(IKmsSession session, Sealed<Key> key) => session.Sql.ExecuteAsync(UpdateKey, KeyRow.From(key));

    /// <inheritdoc/>
    public Task SealAsync(IKmsSession session, Sealed<KeyVersion> version) => session.Sql.ExecuteAsync(
        "UPDATE key_versions SET seal = @Seal, seal_key_id = @SealKeyId WHERE tenant_id = @TenantId AND id = @Id",
        KeyVersionRow.From(version));
}
