using Qkms.Core.Callers;
using Qkms.Core.Journal;
using Qkms.Core.Sealing;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Journal;

/// <summary>The journal.</summary>
internal sealed class JournalRepository : IJournalRepository
{
    private const string SelectInstallation = "SELECT installation_id FROM installation";

    /// <inheritdoc/>
    public async Task<Guid> FindInstallationIdAsync(IKmsSession session) =>
        await session.Sql.FindAsync<byte[]>(SelectInstallation, new { }) is { Length: 16 } id
            ? new Guid(id, bigEndian: true)
            : throw new SealBrokenException("the row of the installation");

    private const string SelectStream =
        $"""
        SELECT {JournalStreamRow.Columns}
        FROM audit_streams
        WHERE tenant_id = @TenantId AND stream = @Number
        """;

    /// <inheritdoc/>
    public async Task<Sealed<JournalStream>?> LockStreamAsync(IKmsSession session, TenantId tenantId, int number) =>
        (await session.Sql.FindAsync<JournalStreamRow>(
            SelectStream + session.Sql.Dialect.LockRow, new { TenantId = tenantId.Value.ToBytes(), Number = number }))?.ToSealed();

    /// <inheritdoc/>
    public async Task<Sealed<JournalStream>?> FindStreamAsync(IKmsSession session, TenantId tenantId, int number) =>
        (await session.Sql.FindAsync<JournalStreamRow>(SelectStream, new { TenantId = tenantId.Value.ToBytes(), Number = number }))
            ?.ToSealed();

    private const string SelectEvents =
        $"""
        SELECT {JournalColumns.Columns}
        FROM audit_events
        WHERE tenant_id = @TenantId AND position IS NOT NULL AND position >= @From AND position < @To
        """;

    // An index of kids holds those of the life cycle, and is found by this very text.
    private const string OfLifecycle = " AND stream = 1 AND kid IS NOT NULL";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<StoredEvent>> ListEventsAsync(
        IKmsSession session, TenantId tenantId, JournalQuery query, KeyScope scope, JournalWindow window, int limit)
    {
        string sql = string.Concat(
            SelectEvents,
            query.IsIndexed ? OfLifecycle : " AND stream = @Stream",
            query.Kid is null ? "" : " AND kid = @Kid",
            query.Action is null ? "" : " AND action = @Action",
            query.Actor is null ? "" : " AND actor_id = @Actor");
        sql = string.Concat(
            sql,
            ScopeFilter.AndAboutKeyWithin(scope, session.Sql.Dialect),
            query.Since is null ? "" : " AND time >= @Since",
            query.Until is null ? "" : " AND time < @Until",
            query.OldestFirst ? " ORDER BY position LIMIT @Limit" : " ORDER BY position DESC LIMIT @Limit");
        IReadOnlyList<JournalRow> rows = await session.Sql.ListAsync<JournalRow>(
            sql,
            new
            {
                TenantId = tenantId.Value.ToBytes(),
                query.Stream,
                window.From,
                window.To,
                Kid = query.Kid?.Value,
                query.Action,
                query.Actor,
                Since = query.Since.ToStored(),
                Until = query.Until.ToStored(),
                Limit = limit,
                ScopeNames = ScopeFilter.NamesOf(scope),
                ScopeFolders = ScopeFilter.FoldersOf(scope),
            });
        return [.. rows.Select(row => row.ToEvent())];
    }

    private const string SelectAllUses =
        """
        SELECT stream
        FROM audit_streams
        WHERE tenant_id = @TenantId AND kind = 2
        ORDER BY stream
        """;

    /// <inheritdoc/>
    public Task LockAllUsesAsync(IKmsSession session, TenantId tenantId) => session.Sql.ListAsync<long>(
        SelectAllUses + session.Sql.Dialect.LockRow, new { TenantId = tenantId.Value.ToBytes() });

    /// <inheritdoc/>
    public async Task<IReadOnlyList<int>> ListUsesAsync(IKmsSession session, TenantId tenantId) =>
        [.. (await session.Sql.ListAsync<long>(SelectAllUses, new { TenantId = tenantId.Value.ToBytes() })).Select(number => (int)number)];

    private const string SelectUses =
        $"""
        SELECT {JournalStreamRow.Columns}
        FROM audit_streams
        WHERE tenant_id = @TenantId AND kind = 2 AND node = @Node
        """;

    /// <inheritdoc/>
    public async Task<Sealed<JournalStream>?> LockUsesAsync(IKmsSession session, TenantId tenantId, string node) =>
        (await session.Sql.FindAsync<JournalStreamRow>(
            SelectUses + session.Sql.Dialect.LockRow, new { TenantId = tenantId.Value.ToBytes(), Node = node }))?.ToSealed();

    // An index of these events, with this very condition.
    private const string UsesSetIndex = "audit_events_uses_set";

    private static string SelectUsesSet(SqlDialect dialect) =>
        $"""
        SELECT {JournalColumns.Columns}
        FROM audit_events{dialect.By(UsesSetIndex)}
        WHERE tenant_id = @TenantId AND stream = 1 AND action = 'journal.uses_set' AND actor_id = @Node AND position IS NOT NULL
        ORDER BY position DESC
        LIMIT 1
        """;

    /// <inheritdoc/>
    public async Task<StoredEvent?> FindUsesSetAsync(IKmsSession session, TenantId tenantId, string node) =>
        (await session.Sql.FindAsync<JournalRow>(
            SelectUsesSet(session.Sql.Dialect), new { TenantId = tenantId.Value.ToBytes(), Node = node }))?.ToEvent();

    private static string SelectToldOfUses(SqlDialect dialect) =>
        $"""
        SELECT id
        FROM tenants
        WHERE EXISTS (
          SELECT 1 FROM audit_events{dialect.By(UsesSetIndex)}
          WHERE tenant_id = tenants.id AND stream = 1 AND action = 'journal.uses_set' AND actor_id = @Node AND position IS NOT NULL)
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlySet<TenantId>> ListToldOfUsesAsync(IKmsSession session, string node) =>
        (await session.Sql.ListAsync<byte[]>(SelectToldOfUses(session.Sql.Dialect), new { Node = node }))
            .Where(id => id is { Length: 16 })
            .Select(id => new TenantId(new Guid(id, bigEndian: true)))
            .ToHashSet();

    // No tenant here: they are about the installation. Found by an index of these events, which has this very condition.
    private const string SelectOfRootKeys =
        $"""
        SELECT {JournalColumns.Columns}
        FROM audit_events
        WHERE action IN ('root_key.added', 'root_key.removed')
        ORDER BY id DESC
        LIMIT @Limit
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<StoredEvent>> ListOfRootKeysAsync(IKmsSession session, int limit) =>
        [.. (await session.Sql.ListAsync<JournalRow>(SelectOfRootKeys, new { Limit = limit })).Select(row => row.ToEvent())];

    private static string SelectEveryUsesSet(SqlDialect dialect) =>
        $"""
        SELECT {JournalColumns.Columns}
        FROM audit_events{dialect.By(UsesSetIndex)}
        WHERE tenant_id = @TenantId AND stream = 1 AND action = 'journal.uses_set' AND position IS NOT NULL
        ORDER BY position DESC
        LIMIT @Limit
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<StoredEvent>> ListUsesSetAsync(IKmsSession session, TenantId tenantId, int limit) =>
    [
        .. (await session.Sql.ListAsync<JournalRow>(
            SelectEveryUsesSet(session.Sql.Dialect), new { TenantId = tenantId.Value.ToBytes(), Limit = limit }))
            .Select(row => row.ToEvent()),
    ];

    private const string SelectNewestOfTenant =
        $"""
        SELECT {JournalColumns.Columns}
        FROM audit_events
        WHERE tenant_id = @TenantId AND stream = 1 AND position IS NOT NULL AND action LIKE @Action AND to_state = @To
        ORDER BY position DESC
        LIMIT 1
        """;

    /// <inheritdoc/>
    public async Task<StoredEvent?> FindNewestOfTenantAsync(IKmsSession session, TenantId tenantId) =>
        (await session.Sql.FindAsync<JournalRow>(
            SelectNewestOfTenant,
            new { TenantId = tenantId.Value.ToBytes(), Action = JournalActions.OfTenants + "%", To = tenantId.ToString() }))?.ToEvent();

    private static string SelectNewestOfKey(SqlDialect dialect) =>
        $"""
        SELECT {JournalColumns.Columns}
        FROM audit_events{dialect.By("audit_events_key")}
        WHERE tenant_id = @TenantId AND stream = 1 AND key_id = @KeyId AND key_id IS NOT NULL AND key_seal IS NOT NULL
          AND position IS NOT NULL
        ORDER BY position DESC
        LIMIT 1
        """;

    /// <inheritdoc/>
    public async Task<StoredEvent?> FindNewestOfKeyAsync(IKmsSession session, TenantId tenantId, KeyId keyId) =>
        (await session.Sql.FindAsync<JournalRow>(
            SelectNewestOfKey(session.Sql.Dialect), new { TenantId = tenantId.Value.ToBytes(), KeyId = keyId.Value.ToBytes() }))?.ToEvent();

    private const string SelectLastNumber = "SELECT COALESCE(MAX(stream), 0) FROM audit_streams WHERE tenant_id = @TenantId";

    /// <inheritdoc/>
    public async Task<int> FindLastNumberAsync(IKmsSession session, TenantId tenantId) =>
        (int)await session.Sql.ScalarAsync<long>(SelectLastNumber, new { TenantId = tenantId.Value.ToBytes() });

    private const string SelectAnyStream =
        """
        SELECT CASE WHEN
          EXISTS (SELECT 1 FROM audit_streams)
          OR EXISTS (SELECT 1 FROM audit_events WHERE mac IS NOT NULL OR position IS NOT NULL)
        THEN 1 ELSE 0 END
        """;

    /// <inheritdoc/>
    public async Task<bool> HasStreamsAsync(IKmsSession session) => await session.Sql.ScalarAsync<long>(SelectAnyStream) > 0;

    private const string InsertStream =
        $"""
        INSERT INTO audit_streams ({JournalStreamRow.Columns})
        VALUES (@TenantId, @Stream, @Kind, @Node, @InstallationId, @NextPosition, @HeadHash, @FirstPosition, @FirstPreviousHash,
          @CreatedAt, @RowVersion, @Seal, @SealKeyId)
        ON CONFLICT DO NOTHING
        """;

    /// <inheritdoc/>
    public async Task<bool> InsertStreamAsync(IKmsSession session, Sealed<JournalStream> stream) =>
        await session.Sql.ExecuteAsync(InsertStream, JournalStreamRow.From(stream)) == 1;

    private const string UpdateStream =
        """
        UPDATE audit_streams
        SET next_position = @NextPosition, head_hash = @HeadHash, first_position = @FirstPosition,
          first_previous_hash = @FirstPreviousHash, row_version = @RowVersion, seal = @Seal, seal_key_id = @SealKeyId
        WHERE tenant_id = @TenantId AND stream = @Stream AND row_version = @RowVersion - 1
        """;

    // In the order in which the statement has them: it runs with every batch of uses.
    private static readonly string[] _updated =
    [
        "@NextPosition", "@HeadHash", "@FirstPosition", "@FirstPreviousHash", "@RowVersion", "@Seal", "@SealKeyId", "@TenantId", "@Stream",
    ];

    // The kind stands in an index, which is written anew when it is set, even to what it was.
    private const string CloseStream =
        """
        UPDATE audit_streams
        SET kind = @Kind, next_position = @NextPosition, head_hash = @HeadHash, row_version = @RowVersion, seal = @Seal,
          seal_key_id = @SealKeyId
        WHERE tenant_id = @TenantId AND stream = @Stream AND row_version = @RowVersion - 1
        """;

    /// <inheritdoc/>
    public async Task<bool> UpdateStreamAsync(IKmsSession session, Sealed<JournalStream> stream)
    {
        JournalStreamRow row = JournalStreamRow.From(stream);
        return (stream.UnverifiedRow.Kind == JournalStreamKind.ClosedLifecycle
            ? await session.Sql.ExecuteAsync(CloseStream, row)
            : await session.Sql.ExecuteEachAsync(
                UpdateStream,
                _updated,
                [
                    [
                        row.NextPosition, row.HeadHash, row.FirstPosition, row.FirstPreviousHash, row.RowVersion, row.Seal, row.SealKeyId,
                        row.TenantId, row.Stream,
                    ],
                ])) == 1;
    }

    // No tenant here: what is due is due for all, and each row says whose it is.
    private const string SelectDueForTrimming =
        """
        SELECT s.tenant_id, s.stream
        FROM audit_streams s
        JOIN audit_events e ON e.tenant_id = s.tenant_id AND e.stream = s.stream AND e.position = s.first_position
        WHERE s.kind = 2 AND s.first_position < s.next_position - 1 AND (e.time < @Before OR e.time > @Now)
          AND (s.tenant_id, s.stream) > (@AfterTenant, @AfterStream)
        ORDER BY s.tenant_id, s.stream
        LIMIT @Limit
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<StoredStreamName>> ListDueForTrimmingAsync(
        IKmsSession session, DateTimeOffset before, DateTimeOffset now, StoredStreamName? after, int limit) =>
    [
        .. (await session.Sql.ListAsync<StreamNameRow>(
            SelectDueForTrimming,
            new
            {
                Before = before.ToStored(),
                Now = now.ToStored(),
                AfterTenant = after?.TenantId ?? [],
                AfterStream = after?.Number ?? 0,
                Limit = limit,
            })).Select(row => new StoredStreamName(row.TenantId, row.Stream)),
    ];

    private const string DeleteUsesStreams = "DELETE FROM audit_streams WHERE tenant_id = @TenantId AND kind = 2";

    /// <inheritdoc/>
    public Task DeleteUsesStreamsAsync(IKmsSession session, TenantId tenantId) =>
        session.Sql.ExecuteAsync(DeleteUsesStreams, new { TenantId = tenantId.Value.ToBytes() });

    private const string DeleteEvents =
        """
        DELETE FROM audit_events
        WHERE tenant_id = @TenantId AND stream = @Number AND position IS NOT NULL AND position >= @From AND position < @To
        """;

    /// <inheritdoc/>
    public Task<int> DeleteEventsAsync(IKmsSession session, JournalStream stream, long from, long to) => session.Sql.ExecuteAsync(
        DeleteEvents, new { TenantId = stream.TenantId.Value.ToBytes(), stream.Number, From = from, To = to });

    /// <inheritdoc/>
    public async Task InsertEventsAsync(IKmsSession session, IReadOnlyList<ChainedEvent> events)
    {
        int written = session.Sql.Dialect.TakesArrays
            ? await session.Sql.ExecuteAsync(JournalColumns.InsertMany, JournalColumns.OfMany(events))
            : await session.Sql.ExecuteEachAsync(JournalColumns.InsertOne, JournalColumns.Parameters, events.Select(JournalColumns.OfOne));

        // Only a trigger or a rule of somebody else makes an insert of nothing.
        if (written != events.Count)
            throw new SealBrokenException($"journal event {events[0].Event.Id}: the database did not store it (a trigger, a rule?)");
    }

    private const string SelectFormerHashes =
        """
        SELECT id, leaf_hash
        FROM audit_events
        WHERE tenant_id = @TenantId AND position IS NULL AND id > @After
        ORDER BY id
        LIMIT @Limit
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<(Guid Id, byte[] LeafHash)>> ListFormerHashesAsync(
        IKmsSession session, TenantId tenantId, Guid after, int limit) =>
    [
        .. (await session.Sql.ListAsync<FormerHashRow>(
            SelectFormerHashes, new { TenantId = tenantId.Value.ToBytes(), After = after.ToBytes(), Limit = limit }))
            .Select(row => (new Guid(row.Id, bigEndian: true), row.LeafHash)),
    ];

    private sealed class StreamNameRow
    {
        public byte[] TenantId { get; init; } = [];

        public long Stream { get; init; }
    }

    private sealed class FormerHashRow
    {
        public byte[] Id { get; init; } = [];

        public byte[] LeafHash { get; init; } = [];
    }
}
