using Qkms.Core.Keys;
using Qkms.Storage.Keyrings;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Keys;

/// <summary>Keys, key versions and their material.</summary>
internal sealed partial class KeyRepository : IKeyRepository
{
    // The index of names serves it, whose condition has to stand here word for word; the other one holds every key of the algorithm. For
    // other owners it is the index of those.
    private const string SelectNewestKid =
        """
        SELECT kid
        FROM key_versions
        WHERE tenant_id = @TenantId AND name = @Name AND algorithm || '' = @Algorithm AND use = @Use AND

        """;

    /// <inheritdoc/>
    public async Task<Kid?> FindNewestKidAsync(IKmsSession session, KeyAddress address)
    {
        string owner = address.Owner == KeyOwner.Tenant
            ? "owner_kind = ''"
            : "owner_kind <> '' AND owner_kind = @OwnerKind AND owner_id = @OwnerId";
        return await session.Sql.FindAsync<string>(
            $"{SelectNewestKid}{owner} ORDER BY id DESC LIMIT 1", new KeyAddressParameters(address)) is { } kid
            ? Kid.FromStored(kid)
            : null;
    }

    private const string SelectKeyById =
        $"""
        SELECT {KeyRow.Columns}
        FROM keys
        WHERE tenant_id = @TenantId AND id = @Id
        """;

    /// <inheritdoc/>
    public async Task<Sealed<Key>?> LockKeyAsync(IKmsSession session, TenantId tenantId, KeyId keyId) =>
        (await session.Sql.FindAsync<KeyRow>(
            SelectKeyById + session.Sql.Dialect.LockRow,
            new { TenantId = tenantId.Value.ToBytes(), Id = keyId.Value.ToBytes() }))?.ToSealed();

    private const string InsertKey =
        $"""
        INSERT INTO keys ({KeyRow.Columns})
        VALUES (@Id, @TenantId, @OwnerKind, @OwnerId, @Name, @Algorithm, @Use, @Origin, @State, @DeleteAt, @DeleteOrderedAt, @Description,
          @RotationPeriod, @NextRotationAt, @NextVersion, @ActiveKid, @VersionCount, @DestroyedCount, @VersionStates, @RowVersion,
          @CreatedAt, @Seal, @SealKeyId)
        ON CONFLICT DO NOTHING
        """;

    /// <inheritdoc/>
    public Task<bool> InsertKeyAsync(IKmsSession session, Sealed<Key> key) => WriteKeyAsync(session, InsertKey, key);

    private const string UpdateKey =
        """
        UPDATE keys
        SET state = @State, delete_at = @DeleteAt, delete_ordered_at = @DeleteOrderedAt, description = @Description,
          rotation_period = @RotationPeriod, next_rotation_at = @NextRotationAt, next_version = @NextVersion,
          active_kid = @ActiveKid, version_count = @VersionCount,
          destroyed_count = @DestroyedCount, version_states = @VersionStates, row_version = @RowVersion, seal = @Seal,
          seal_key_id = @SealKeyId
        WHERE tenant_id = @TenantId AND id = @Id AND row_version = @RowVersion - 1
        """;

    /// <inheritdoc/>
    public Task<bool> UpdateKeyAsync(IKmsSession session, Sealed<Key> key) => WriteKeyAsync(session, UpdateKey, key);

    private static async Task<bool> WriteKeyAsync(IKmsSession session, string sql, Sealed<Key> key)
    {
        KeyRow row = KeyRow.From(key);
        if (await session.Sql.ExecuteAsync(sql, row) != 1)
            return false;

        session.Sql.MustStand(WrittenRow.Of(
            key.UnverifiedRow.LogName, "keys", row, [nameof(KeyRow.TenantId), nameof(KeyRow.Id)], except: KeyRow.OfJournal));
        return true;
    }

    private const string FromVersions =
        """
        FROM key_versions v
        LEFT JOIN key_usage u ON u.tenant_id = v.tenant_id AND u.version_id = v.id
        """;

    private const string SelectVersionById =
        $"""
        SELECT {KeyVersionRow.Columns}
        {FromVersions}
        WHERE v.tenant_id = @TenantId AND v.id = @Id
        """;

    /// <inheritdoc/>
    public async Task<Sealed<KeyVersion>?> FindVersionAsync(IKmsSession session, TenantId tenantId, KeyVersionId versionId) =>
        (await session.Sql.FindAsync<KeyVersionRow>(
            SelectVersionById,
            new { TenantId = tenantId.Value.ToBytes(), Id = versionId.Value.ToBytes() }))?.ToSealed();

    private const string SelectWithKey =
        $"""
        SELECT {KeyVersionRow.Columns}, {KeyRow.ColumnsBehind}
        {FromVersions}
        LEFT JOIN keys k ON k.tenant_id = v.tenant_id AND k.id = v.key_id
        WHERE v.tenant_id = @TenantId AND
        """;

    /// <inheritdoc/>
    public Task<VersionWithKey?> FindWithKeyAsync(IKmsSession session, TenantId tenantId, Kid kid) => FindWithKeyAsync(
        session, $"{SelectWithKey} v.kid = @Kid", new { TenantId = tenantId.Value.ToBytes(), Kid = kid.Value });

    /// <inheritdoc/>
    public Task<VersionWithKey?> FindWithKeyAsync(IKmsSession session, TenantId tenantId, KeyVersionId versionId) => FindWithKeyAsync(
        session, $"{SelectWithKey} v.id = @Id", new { TenantId = tenantId.Value.ToBytes(), Id = versionId.Value.ToBytes() });

    private static async Task<VersionWithKey?> FindWithKeyAsync(IKmsSession session, string sql, object parameters) =>
        await session.Sql.FindPairAsync<KeyVersionRow, KeyRow>(sql, parameters) is { } found
            ? Paired(found)
            : null;

    private static VersionWithKey Paired((KeyVersionRow First, KeyRow? Second) row) =>
        new(row.First.ToSealed(), row.Second?.ToSealed(), row.Second?.IsNewest == true);

    private static KeyWithVersion Paired((KeyRow First, KeyVersionRow? Second) row) =>
        new(row.First.ToSealed(), row.Second?.ToSealed(), row.First.IsNewest);

    // By way of the logical key: an edited copy of the address in a version must not make the version disappear.
    private const string SelectKeyAnd =
        $"""
        SELECT {KeyRow.ColumnsBehind}, {KeyVersionRow.Columns}
        FROM keys k
        LEFT JOIN key_versions v ON v.tenant_id = k.tenant_id AND
        """;

    private const string OfKeyAt =
        """

        LEFT JOIN key_usage u ON u.tenant_id = v.tenant_id AND u.version_id = v.id
        WHERE k.tenant_id = @TenantId AND k.owner_kind = @OwnerKind AND k.owner_id = @OwnerId
          AND k.name = @Name AND k.algorithm = @Algorithm AND k.use = @Use
        """;

    private const string SelectWithVersion = $"{SelectKeyAnd} v.key_id = k.id AND v.version = @Version {OfKeyAt}";

    private const string SelectWithActive = $"{SelectKeyAnd} v.kid = k.active_kid {OfKeyAt}";

    private const string SelectWithNewest =
        $"""
        {SelectKeyAnd} v.key_id = k.id AND v.version = (
          SELECT MAX(n.version) FROM key_versions n WHERE n.tenant_id = k.tenant_id AND n.key_id = k.id)
        {OfKeyAt}
        """;

    /// <inheritdoc/>
    public Task<KeyWithVersion?> FindWithVersionAsync(IKmsSession session, KeyAddress address, int version) =>
        FindKeyWithAsync(session, SelectWithVersion, new KeyVersionParameters(address, version));

    /// <inheritdoc/>
    public Task<KeyWithVersion?> FindWithActiveAsync(IKmsSession session, KeyAddress address) =>
        FindKeyWithAsync(session, SelectWithActive, new KeyAddressParameters(address));

    /// <inheritdoc/>
    public Task<KeyWithVersion?> FindWithNewestAsync(IKmsSession session, KeyAddress address) =>
        FindKeyWithAsync(session, SelectWithNewest, new KeyAddressParameters(address));

    private static async Task<KeyWithVersion?> FindKeyWithAsync(IKmsSession session, string sql, object parameters) =>
        await session.Sql.FindPairAsync<KeyRow, KeyVersionRow>(sql, parameters) is { } found
            ? Paired(found)
            : null;

    private const string SelectByNumberDown =
        $"""
        {SelectKeyAnd} v.key_id = k.id AND v.version <= @Version {OfKeyAt}
        ORDER BY v.version DESC
        LIMIT @Limit
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<KeyWithVersion>> ListVersionsAsync(IKmsSession session, KeyAddress address, int newest, int limit) =>
    [
        .. (await session.Sql.ListPairsAsync<KeyRow, KeyVersionRow>(
            SelectByNumberDown, new KeyVersionParameters(address, newest) { Limit = limit }))
            .Select(Paired),
    ];

    private const string SelectKeysOfName =
        $"""
        SELECT {KeyRow.Columns}
        FROM keys
        WHERE tenant_id = @TenantId AND owner_kind = '' AND owner_id = '' AND name = @Name
        ORDER BY id
        LIMIT @Limit
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Sealed<Key>>> ListKeysAsync(IKmsSession session, TenantId tenantId, KeyName name, int limit)
    {
        IReadOnlyList<KeyRow> rows = await session.Sql.ListAsync<KeyRow>(
            SelectKeysOfName, new { TenantId = tenantId.Value.ToBytes(), Name = name.Value, Limit = limit });
        return [.. rows.Select(row => row.ToSealed())];
    }

    // One statement, and so one moment. A key with many versions on the page stands beside the first of them only: what it says of its
    // versions may be long.
    private const string SelectPage =
        $"""
        WITH page AS MATERIALIZED (
          SELECT {KeyVersionRow.Columns}
          {FromVersions}

        """;

    private const string WithKeys =
        $"""

          ORDER BY v.id DESC
          LIMIT @Limit
        )
        SELECT {KeyVersionRow.ColumnsAgain}, {KeyRow.ColumnsBehind}
        FROM (SELECT page.*, ROW_NUMBER() OVER (PARTITION BY page.key_id ORDER BY page.id DESC) AS nth FROM page) v
        LEFT JOIN keys k ON k.tenant_id = @TenantId AND k.id = v.key_id AND v.nth = 1
        ORDER BY v.id DESC
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<VersionWithKey>> ListVersionsAsync(
        IKmsSession session, KeyVersionQuery query, KeyVersionId? before, int limit)
    {
        IReadOnlyList<(KeyVersionRow First, KeyRow? Second)> rows = await session.Sql.ListPairsAsync<KeyVersionRow, KeyRow>(
            SelectPage + KeyVersionFilter.Where(query, session.Sql.Dialect, before is not null) + WithKeys,
            new KeyVersionQueryParameters(query) { Before = before?.Value.ToBytes(), Limit = limit });
        return [.. rows.Select(Paired)];
    }

    // One row per algorithm.
    private const string SumCounters =
        """
        SELECT CAST(COALESCE(SUM(versions), 0) AS BIGINT)
        FROM version_counts
        WHERE tenant_id = @TenantId
        """;

    // A row per algorithm and use: names are looked up by the address of their keys.
    private const string SumKeys =
        """
        SELECT CAST(COALESCE(SUM(version_count), 0) AS BIGINT)
        FROM keys
        WHERE tenant_id = @TenantId AND owner_kind = '' AND owner_id = ''
        """;

    // A status depends on the time: it is looked for row by row, and so no further than a page can be long.
    private const string CountRows =
        $"""
        SELECT COUNT(*)
        FROM (
          SELECT 1
          {FromVersions}

        """;

    /// <inheritdoc/>
    public Task<long> CountVersionsAsync(IKmsSession session, KeyVersionQuery query) => session.Sql.ScalarAsync<long>(
        query switch
        {
            { Status: not null } =>
                $"{CountRows}{KeyVersionFilter.Where(query, session.Sql.Dialect, before: false)} LIMIT @Limit) AS first",
            { Name: null, Scope.IsAll: true } => SumCounters + KeyVersionFilter.AndAlgorithm(query),
            _ => SumKeys
                + (query.Name is null ? "" : " AND name = @Name")
                + ScopeFilter.AndWithin(query.Scope, session.Sql.Dialect, "name")
                + KeyVersionFilter.AndAlgorithm(query),
        },
        new KeyVersionQueryParameters(query) { Limit = KeyVersionQuery.MaxCounted });

    private const string CountOneMore =
        """
        INSERT INTO version_counts (tenant_id, algorithm, versions)
        VALUES (@TenantId, @Algorithm, 1)
        ON CONFLICT (tenant_id, algorithm) DO UPDATE SET versions = version_counts.versions + 1
        """;

    private const string InsertVersion =
        """
        INSERT INTO key_versions (id, key_id, tenant_id, owner_kind, owner_id, name, algorithm, use, kid, version, spelling,
          state, oaep_hash, public_key, soft_usage_limit, max_usage_limit, soft_limit_expiration, expires_at,
          process_until, auto_rotate, previous_kid, next_kid, created_at, retired_at, revoked_at, destroyed_at, destroy_at,
          destroy_ordered_at, labels, row_version, seal, seal_key_id)
        VALUES (@Id, @KeyId, @TenantId, @OwnerKind, @OwnerId, @Name, @Algorithm, @Use, @Kid, @Version, @Spelling,
          @State, @OaepHash, @PublicKey, @SoftUsageLimit, @MaxUsageLimit, @SoftLimitExpiration, @ExpiresAt,
          @ProcessUntil, @AutoRotate, @PreviousKid, @NextKid, @CreatedAt, @RetiredAt, @RevokedAt, @DestroyedAt, @DestroyAt,
          @DestroyOrderedAt, @Labels, @RowVersion, @Seal, @SealKeyId)
        ON CONFLICT DO NOTHING
        """;

    private const string InsertMaterial =
        """
        INSERT INTO key_material (version_id, tenant_id, wrapping_key_id, format, wrapped)
        VALUES (@VersionId, @TenantId, @WrappingKeyId, @Format, @Wrapped)
        """;

    // Few come with uses; whoever has no row has none.
    private const string InsertUsage = "INSERT INTO key_usage (version_id, tenant_id, used) VALUES (@Id, @TenantId, @Used)";

    /// <inheritdoc/>
    public async Task<bool> InsertVersionAsync(IKmsSession session, Sealed<KeyVersion> version, KeyMaterial material)
    {
        KeyVersionRow row = KeyVersionRow.From(version);
        if (!await WriteVersionAsync(session, InsertVersion, version, row))
            return false;

        session.Sql.MustStand(TenantKeyInUse.Of(material.WrappingKeyId));
        await WriteMaterialAsync(session, InsertMaterial, KeyMaterialRow.From(material));
        if (row.Used > 0)
            await session.Sql.ExecuteAsync(InsertUsage, row);

        // Last: other units that add a version of the algorithm wait for this one from here on. Those of devices are in no list.
        if (row.OwnerKind.Length == 0)
            await session.Sql.ExecuteAsync(CountOneMore, row);

        return true;
    }

    private const string UpdateVersion =
        """
        UPDATE key_versions
        SET state = @State, soft_usage_limit = @SoftUsageLimit, max_usage_limit = @MaxUsageLimit,
          soft_limit_expiration = @SoftLimitExpiration, expires_at = @ExpiresAt, process_until = @ProcessUntil,
          auto_rotate = @AutoRotate, next_kid = @NextKid, retired_at = @RetiredAt, revoked_at = @RevokedAt,
          destroyed_at = @DestroyedAt, destroy_at = @DestroyAt, destroy_ordered_at = @DestroyOrderedAt,
          labels = @Labels, row_version = @RowVersion, seal = @Seal, seal_key_id = @SealKeyId
        WHERE tenant_id = @TenantId AND id = @Id
        """;

    /// <inheritdoc/>
    public Task<bool> UpdateVersionAsync(IKmsSession session, Sealed<KeyVersion> version) =>
        WriteVersionAsync(session, UpdateVersion, version, KeyVersionRow.From(version));

    private static async Task<bool> WriteVersionAsync(IKmsSession session, string sql, Sealed<KeyVersion> version, KeyVersionRow row)
    {
        if (await session.Sql.ExecuteAsync(sql, row) != 1)
            return false;

        session.Sql.MustStand(WrittenRow.Of(
            version.UnverifiedRow.LogName,
            "key_versions",
            row,
            [nameof(KeyVersionRow.TenantId), nameof(KeyVersionRow.Id)],
            except: KeyVersionRow.OfCounter));
        return true;
    }

    private static async Task<bool> WriteMaterialAsync(IKmsSession session, string sql, KeyMaterialRow row)
    {
        session.Sql.MustStand(WrittenRow.Of(
            $"the private key of version {new Guid(row.VersionId, bigEndian: true)}",
            "key_material",
            row,
            [nameof(KeyMaterialRow.VersionId)]));
        return await session.Sql.ExecuteAsync(sql, row) == 1;
    }

    private const string SelectMaterial =
        """
        SELECT version_id, tenant_id, wrapping_key_id, format, wrapped
        FROM key_material
        WHERE tenant_id = @TenantId AND version_id = @VersionId
        """;

    /// <inheritdoc/>
    public async Task<KeyMaterial?> FindMaterialAsync(IKmsSession session, TenantId tenantId, KeyVersionId versionId)
    {
        KeyMaterialRow? row = await session.Sql.FindAsync<KeyMaterialRow>(
            SelectMaterial,
            new { TenantId = tenantId.Value.ToBytes(), VersionId = versionId.Value.ToBytes() });
        return row is { IsErased: false } ? row.ToMaterial() : null;
    }

    // Not a DELETE. Where rows are deleted, SQLite moves their neighbours from page to page, and leaves copies of those in space
    // that belongs to no row: 'secure_delete' does not reach them when their own turn comes. A value of the same length is written
    // over the old one where it lies.
    private const string OverwriteMaterial =
        "UPDATE key_material SET wrapped = @Wrapped WHERE tenant_id = @TenantId AND version_id = @VersionId";

    /// <inheritdoc/>
    public async Task<bool> EraseMaterialAsync(IKmsSession session, KeyMaterial found)
    {
        // The unit holds the key's row, and nobody but a unit that does touches its private keys.
        return await FindMaterialAsync(session, found.TenantId, found.VersionId) is { } material
            && material.WrappingKeyId == found.WrappingKeyId
            && material.Wrapped.AsSpan().SequenceEqual(found.Wrapped)
            && await WriteMaterialAsync(
                session, OverwriteMaterial, KeyMaterialRow.From(material with { Wrapped = new byte[material.Wrapped.Length] }));
    }
}
