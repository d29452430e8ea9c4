using Qkms.Core.Callers;
using Qkms.Core.Rotations;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Rotations;

/// <summary>The rotation jobs, and what else is due for a rotation.</summary>
internal sealed class RotationJobRepository : IRotationJobRepository
{
    private const string SelectJob =
        $"""
        SELECT {RotationJobRow.Columns}
        FROM rotation_jobs
        WHERE tenant_id = @TenantId AND id = @Id
        """;

    /// <inheritdoc/>
    public async Task<Sealed<RotationJob>?> FindAsync(IKmsSession session, TenantId tenantId, RotationJobId id) =>
        (await session.Sql.FindAsync<RotationJobRow>(
            SelectJob, new { TenantId = tenantId.Value.ToBytes(), Id = id.Value.ToBytes() }))?.ToSealed();

    /// <inheritdoc/>
    public async Task<Sealed<RotationJob>?> LockAsync(IKmsSession session, TenantId tenantId, RotationJobId id) =>
        (await session.Sql.FindAsync<RotationJobRow>(
            SelectJob + session.Sql.Dialect.LockRow,
            new { TenantId = tenantId.Value.ToBytes(), Id = id.Value.ToBytes() }))?.ToSealed();

    // Only the indexes of waiting jobs can be in the way: the id is new.
    private const string InsertJob =
        $"""
        INSERT INTO rotation_jobs ({RotationJobRow.Columns})
        VALUES (@Id, @TenantId, @Kid, @Name, @Cause, @RequestedKid, @RequestedAlgorithm, @Limits, @ScheduledAt, @State, @Attempts,
          @NextAttemptAt, @NewKid, @ErrorCode, @Reason, @ActorKind, @ActorId, @CreatedAt, @FinishedAt, @RowVersion, @Seal, @SealKeyId)
        ON CONFLICT DO NOTHING
        """;

    /// <inheritdoc/>
    public Task<bool> InsertAsync(IKmsSession session, Sealed<RotationJob> job) => WriteAsync(session, InsertJob, job);

    private const string UpdateJob =
        """
        UPDATE rotation_jobs
        SET state = @State, attempts = @Attempts, next_attempt_at = @NextAttemptAt, new_kid = @NewKid, error_code = @ErrorCode,
          reason = @Reason, finished_at = @FinishedAt, row_version = @RowVersion, seal = @Seal, seal_key_id = @SealKeyId
        WHERE tenant_id = @TenantId AND id = @Id AND row_version = @RowVersion - 1
        """;

    /// <inheritdoc/>
    public Task<bool> UpdateAsync(IKmsSession session, Sealed<RotationJob> job) => WriteAsync(session, UpdateJob, job);

    private static async Task<bool> WriteAsync(IKmsSession session, string sql, Sealed<RotationJob> job)
    {
        RotationJobRow row = RotationJobRow.From(job);
        if (await session.Sql.ExecuteAsync(sql, row) != 1)
            return false;

        session.Sql.MustStand(WrittenRow.Of(
            job.UnverifiedRow.LogName, "rotation_jobs", row, [nameof(RotationJobRow.TenantId), nameof(RotationJobRow.Id)]));
        return true;
    }

    private const string SelectWaiting =
        $"""
        SELECT {RotationJobRow.Columns}
        FROM rotation_jobs
        WHERE tenant_id = @TenantId AND kid = @Kid AND state IN (1, 2)
        ORDER BY id
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Sealed<RotationJob>>> LockWaitingAsync(IKmsSession session, TenantId tenantId, Kid kid) =>
    [
        .. (await session.Sql.ListAsync<RotationJobRow>(
            SelectWaiting + session.Sql.Dialect.LockRow, new { TenantId = tenantId.Value.ToBytes(), Kid = kid.Value }))
            .Select(row => row.ToSealed()),
    ];

    private const string CountOfCause =
        "SELECT COUNT(*) FROM rotation_jobs WHERE tenant_id = @TenantId AND kid = @Kid AND cause = @Cause";

    /// <inheritdoc/>
    public async Task<bool> AnyAsync(IKmsSession session, TenantId tenantId, Kid kid, RotationCause cause) =>
        await session.Sql.ScalarAsync<long>(
            CountOfCause, new { TenantId = tenantId.Value.ToBytes(), Kid = kid.Value, Cause = (int)cause }) > 0;

    private const string SelectOwnOfKey =
        $"""
        SELECT {RotationJobRow.Columns}
        FROM rotation_jobs
        WHERE tenant_id = @TenantId AND state = 3 AND cause <> 1 AND kid IN (
          SELECT previous_kid
          FROM key_versions
          WHERE tenant_id = @TenantId AND key_id = @KeyId AND version >= @First AND version <= @Last)
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Sealed<RotationJob>>> ListOwnOfKeyAsync(
        IKmsSession session, TenantId tenantId, KeyId keyId, int first, int last) =>
    [
        .. (await session.Sql.ListAsync<RotationJobRow>(
            SelectOwnOfKey,
            new { TenantId = tenantId.Value.ToBytes(), KeyId = keyId.Value.ToBytes(), First = first, Last = last }))
            .Select(row => row.ToSealed()),
    ];

    // By the index of what is due, which holds nothing else.
    private const string CountWaiting =
        "SELECT COUNT(*) FROM (SELECT next_attempt_at FROM rotation_jobs WHERE state IN (1, 2) LIMIT @Most) AS waiting";

    /// <inheritdoc/>
    public Task<long> CountWaitingAsync(IKmsSession session, int most) =>
        session.Sql.ScalarAsync<long>(CountWaiting, new { Most = most });

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Sealed<RotationJob>>> ListAsync(
        IKmsSession session, TenantId tenantId, RotationJobFilter filter, KeyScope scope, RotationJobId? before, int limit)
    {
        // Only the conditions that are asked for, so that the index of the one that is serves it.
        string sql =
            $"SELECT {RotationJobRow.Columns} FROM rotation_jobs WHERE tenant_id = @TenantId"
            + (filter.Kid is null ? "" : " AND kid = @Kid")
            + (filter.Name is null ? "" : " AND name = @Name")
            + ScopeFilter.AndWithin(scope, session.Sql.Dialect, "name")
            + (filter.State is null ? "" : " AND state = @State")
            + (before is null ? "" : " AND id < @Before")
            + " ORDER BY id DESC LIMIT @Limit";
        IReadOnlyList<RotationJobRow> rows = await session.Sql.ListAsync<RotationJobRow>(
            sql,
            new
            {
                TenantId = tenantId.Value.ToBytes(),
                Kid = filter.Kid?.Value,
                Name = filter.Name?.Value,
                State = (int?)filter.State,
                ScopeNames = ScopeFilter.NamesOf(scope),
                ScopeFolders = ScopeFilter.FoldersOf(scope),
                Before = before?.Value.ToBytes(),
                Limit = limit,
            });
        return [.. rows.Select(row => row.ToSealed())];
    }

    // No tenant in the three below: what is due is due for all, and each row says whose it is. Each has an index of its own that holds what
    // waits and nothing else, in the order in which it is due.
    internal static string SelectDueJobs(SqlDialect dialect) => SelectDue(dialect, "next_attempt_at", "rotation_jobs", "state IN (1, 2)");

    // One that is switched off rotates when it is on again.
    internal static string SelectDueKeys(SqlDialect dialect) =>
        SelectDue(dialect, "next_rotation_at", "keys", "active_kid IS NOT NULL AND d.state = 1");

    internal static string SelectDueVersions(SqlDialect dialect) =>
        SelectDue(dialect, "soft_limit_expiration", "key_versions", "auto_rotate = 1 AND state = 1");

    private static string SelectDue(SqlDialect dialect, string due, string table, string waits) =>
        $"""
        SELECT CAST(d.tenant_id AS {dialect.Bytes}) AS tenant_id, CAST(d.id AS {dialect.Bytes}) AS id, CAST(d.{due} AS BIGINT) AS due_at
        FROM {table} d
        WHERE {waits} AND d.{due} IS NOT NULL AND d.{due} <= @Now AND (d.{due}, d.id) > (@DueAt, @After)
          AND {OfActiveTenants.In("d")}
        ORDER BY d.{due}, d.id
        LIMIT @Limit
        """;

    /// <inheritdoc/>
    public Task<IReadOnlyList<DueRow>> ListDueAsync(IKmsSession session, DateTimeOffset now, DueRow? after, int limit) =>
        ListDueAsync(session, SelectDueJobs(session.Sql.Dialect), now, after, limit);

    /// <inheritdoc/>
    public Task<IReadOnlyList<DueRow>> ListDueKeysAsync(IKmsSession session, DateTimeOffset now, DueRow? after, int limit) =>
        ListDueAsync(session, SelectDueKeys(session.Sql.Dialect), now, after, limit);

    /// <inheritdoc/>
    public Task<IReadOnlyList<DueRow>> ListDueVersionsAsync(IKmsSession session, DateTimeOffset now, DueRow? after, int limit) =>
        ListDueAsync(session, SelectDueVersions(session.Sql.Dialect), now, after, limit);

    private static async Task<IReadOnlyList<DueRow>> ListDueAsync(
        IKmsSession session, string sql, DateTimeOffset now, DueRow? after, int limit) =>
    [
        .. (await session.Sql.ListAsync<DueStoredRow>(
            sql,
            new { Now = now.ToStored(), DueAt = after?.DueAt ?? long.MinValue, After = after?.StoredId ?? [], Limit = limit }))
            .Select(row => row.ToDue()),
    ];
}
