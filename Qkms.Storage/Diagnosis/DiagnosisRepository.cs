using Qkms.Core.Diagnosis;
using Qkms.Core.Journal;
using Qkms.Core.Rotations;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Diagnosis;

/// <summary>What a diagnosis asks. It is of the whole installation: no tenant.</summary>
internal sealed class DiagnosisRepository : IDiagnosisRepository
{
    private const string SelectInstallation = "SELECT installation_id FROM installation";

    private const string SelectSqliteFile = "SELECT file FROM pragma_database_list WHERE name = 'main'";

    private const string SelectPostgresClock = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";

    // A standby has no position of its own to compare with.
    private const string SelectPostgresLog =
        """
        SELECT CAST(COALESCE(MAX(CASE WHEN pg_is_in_recovery() THEN 0 ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) END), 0)
          AS BIGINT)
        FROM pg_replication_slots
        """;

    // Those that this user may see: its own, or all with pg_read_all_stats.
    private const string SelectPostgresLongest =
        """
        SELECT CAST(COALESCE(MAX(EXTRACT(EPOCH FROM clock_timestamp() - xact_start)), 0) AS BIGINT)
        FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
        """;

    /// <inheritdoc/>
    public async Task<StoreState> FindStateAsync(IKmsSession session)
    {
        Guid? id = await session.Sql.ListAsync<byte[]>(SelectInstallation) is [{ } bytes] ? new Guid(bytes, bigEndian: true) : null;
        if (session.Sql.Dialect == SqlDialect.Sqlite)
        {
            FileInfo log = new((await session.Sql.ListAsync<string>(SelectSqliteFile)).Single() + "-wal");
            return new StoreState(id, Clock: null, log.Exists ? log.Length : 0, TimeSpan.Zero);
        }

        return new StoreState(
            id,
            DateTimeOffset.FromUnixTimeMilliseconds(await session.Sql.ScalarAsync<long>(SelectPostgresClock)),
            await session.Sql.ScalarAsync<long>(SelectPostgresLog),
            TimeSpan.FromSeconds(await session.Sql.ScalarAsync<long>(SelectPostgresLongest)));
    }

    private const string CountFailed = "SELECT COUNT(*) FROM rotation_jobs WHERE state = @State AND finished_at > @Since";

    /// <inheritdoc/>
    public Task<long> CountFailedJobsAsync(IKmsSession session, DateTimeOffset since) => session.Sql.ScalarAsync<long>(
        CountFailed, new { State = (int)RotationJobState.Failed, Since = since.ToStored() });

    // By the index of what is due.
    private const string CountLate = "SELECT COUNT(*) FROM rotation_jobs WHERE state IN (1, 2) AND next_attempt_at < @Before";

    /// <inheritdoc/>
    public Task<long> CountLateJobsAsync(IKmsSession session, DateTimeOffset before) =>
        session.Sql.ScalarAsync<long>(CountLate, new { Before = before.ToStored() });

    private const string CountAlarms =
        $"""
        SELECT COUNT(*)
        FROM audit_events
        WHERE stream = 1 AND time > @Since AND action IN ('{JournalActions.IntegrityFailed}', '{JournalActions.EngineFailed}')
        """;

    /// <inheritdoc/>
    public Task<long> CountAlarmsAsync(IKmsSession session, DateTimeOffset since) =>
        session.Sql.ScalarAsync<long>(CountAlarms, new { Since = since.ToStored() });
}
