using Qkms.Core.Lifecycle;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Lifecycle;

/// <summary>
/// The hours in which the service was seen running, and the hold of destructions. They are the installation's: no tenant.
/// </summary>
internal sealed class ObservedTimeRepository : IObservedTimeRepository
{
    private const string SelectLast = "SELECT hour FROM observed_hours WHERE hour <= @UpTo ORDER BY hour DESC LIMIT 1";

    /// <inheritdoc/>
    public async Task<long?> FindLastAsync(IKmsSession session, long upTo) =>
        await session.Sql.ListAsync<long>(SelectLast, new { UpTo = upTo }) is [long hour] ? hour : null;

    private const string Count = "SELECT COUNT(*) FROM observed_hours WHERE hour > @After AND hour <= @UpTo";

    /// <inheritdoc/>
    public Task<long> CountAsync(IKmsSession session, long after, long upTo) =>
        session.Sql.ScalarAsync<long>(Count, new { After = after, UpTo = upTo });

    private const string SelectDayBefore =
        "SELECT DISTINCT hour / 24 AS day FROM observed_hours WHERE hour <= @UpTo ORDER BY day DESC LIMIT 1 OFFSET @Days";

    /// <inheritdoc/>
    public async Task<long?> FindDayBeforeAsync(IKmsSession session, int days, long upTo) =>
        await session.Sql.ListAsync<long>(SelectDayBefore, new { Days = days, UpTo = upTo }) is [long day] ? day : null;

    // One statement, however long nobody could write: SQLite wants the condition before ON CONFLICT.
    private const string Insert =
        """
        INSERT INTO observed_hours (hour)
        WITH RECURSIVE seen (hour) AS (SELECT @First UNION ALL SELECT hour + 1 FROM seen WHERE hour < @Last)
        SELECT hour FROM seen WHERE TRUE
        ON CONFLICT DO NOTHING
        """;

    /// <inheritdoc/>
    public Task AddAsync(IKmsSession session, long first, long last) =>
        session.Sql.ExecuteAsync(Insert, new { First = first, Last = last });

    private const string DeleteOld = "DELETE FROM observed_hours WHERE hour < @Hour";

    /// <inheritdoc/>
    public Task DeleteBeforeAsync(IKmsSession session, long hour) => session.Sql.ExecuteAsync(DeleteOld, new { Hour = hour });

    private const string SelectHold = "SELECT held_at FROM destruction_hold";

    /// <inheritdoc/>
    public async Task<DateTimeOffset?> FindHoldAsync(IKmsSession session) =>
        await session.Sql.ListAsync<long>(SelectHold) is [long at] ? new StoredRowReader().Time(at) : null;

    private const string InsertHold = "INSERT INTO destruction_hold (only_row, held_at) VALUES (1, @At) ON CONFLICT DO NOTHING";

    /// <inheritdoc/>
    public Task HoldAsync(IKmsSession session, DateTimeOffset at) => session.Sql.ExecuteAsync(InsertHold, new { At = at.ToStored() });

    private const string DeleteHold = "DELETE FROM destruction_hold";

    /// <inheritdoc/>
    public Task ReleaseAsync(IKmsSession session) => session.Sql.ExecuteAsync(DeleteHold);
}
