using Qkms.Core.Store;

namespace Qkms.Core.Idempotency;

/// <summary>Kept results in the database.</summary>
internal interface IIdempotencyRepository
{
    /// <summary>The result that is kept for a key and not expired, or null.</summary>
    Task<KeptResult?> FindAsync(IKmsSession session, TenantId tenantId, string key, DateTimeOffset now);

    /// <summary>
    /// Keeps a result, in the place of one that has expired by the time this one was made. False when there is another, of a unit that
    /// was committed first; one that is not committed yet is waited for.
    /// </summary>
    Task<bool> InsertAsync(IKmsSession session, KeptResult result);

    /// <summary>Removes results of every tenant that have expired.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="now">The time.</param>
    /// <param name="limit">At most so many.</param>
    /// <returns>How many there were.</returns>
    Task<int> DeleteExpiredAsync(IKmsSession session, DateTimeOffset now, int limit);
}
