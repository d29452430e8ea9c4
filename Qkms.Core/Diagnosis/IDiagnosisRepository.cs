using Qkms.Core.Store;

namespace Qkms.Core.Diagnosis;

/// <summary>What a diagnosis asks the database. Counts are of all tenants: an operator asks for the installation.</summary>
internal interface IDiagnosisRepository
{
    /// <summary>How the database itself is.</summary>
    Task<StoreState> FindStateAsync(IKmsSession session);

    /// <summary>Rotation jobs that failed since.</summary>
    Task<long> CountFailedJobsAsync(IKmsSession session, DateTimeOffset since);

    /// <summary>Rotation jobs that were due before, and are not done.</summary>
    Task<long> CountLateJobsAsync(IKmsSession session, DateTimeOffset before);

    /// <summary>
    /// Events since that tell of broken seals or wrong computation. It reads the whole journal: for a command, not for each minute.
    /// </summary>
    Task<long> CountAlarmsAsync(IKmsSession session, DateTimeOffset since);
}

/// <summary>How a database is.</summary>
/// <param name="InstallationId">Whose it is; null before the first start.</param>
/// <param name="Clock">The server's clock; null where the database has none of its own.</param>
/// <param name="LogBytes">The write-ahead log: of SQLite its size, of PostgreSQL what replication slots hold back.</param>
/// <param name="LongestTransaction">For how long the oldest other transaction has kept old rows.</param>
internal sealed record StoreState(Guid? InstallationId, DateTimeOffset? Clock, long LogBytes, TimeSpan LongestTransaction);
