using Qkms.Core.Journal;
using Qkms.Core.Store;

namespace Qkms.Core.Verification;

/// <summary>What only the verification asks of the database, of one moment.</summary>
internal interface IVerificationRepository
{
    /// <summary>How many events there are.</summary>
    Task<long> CountEventsAsync(IKmsSession session);

    /// <summary>The smallest tenant id behind another that an event or a stream names; null when there is none.</summary>
    Task<byte[]?> FindNextTenantAsync(IKmsSession session, byte[] after);

    /// <summary>Streams of a tenant by their numbers.</summary>
    Task<IReadOnlyList<Sealed<JournalStream>>> ListStreamsAsync(IKmsSession session, byte[] tenantId);

    /// <summary>The smallest number behind another that an event with a position names as its stream; null when there is none.</summary>
    Task<long?> FindNextStreamAsync(IKmsSession session, byte[] tenantId, long after);

    /// <summary>Events of a stream by their positions.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="stream">The number of the stream.</param>
    /// <param name="from">Only those with this position or a greater one.</param>
    /// <param name="limit">At most so many.</param>
    Task<IReadOnlyList<StoredEvent>> ListEventsAsync(IKmsSession session, byte[] tenantId, long stream, long from, int limit);

    /// <summary>Events without a position by their ids.</summary>
    Task<IReadOnlyList<StoredEvent>> ListFormerEventsAsync(IKmsSession session, byte[] tenantId, byte[] after, int limit);

    /// <summary>The newest event of a key that names the seal of its row; null when there is none.</summary>
    Task<StoredEvent?> FindNewestOfKeyAsync(IKmsSession session, TenantId tenantId, KeyId keyId);

    /// <summary>The position of the newest event of a key that names this seal; null when there is none.</summary>
    Task<long?> FindPositionOfSealAsync(IKmsSession session, TenantId tenantId, KeyId keyId, byte[] keySeal);

    /// <summary>Ids of keys that the life cycle names and that have no row, at most so many.</summary>
    Task<IReadOnlyList<Guid>> ListLostKeysAsync(IKmsSession session, byte[] tenantId, int limit);

    /// <summary>Kids of versions without a key, at most so many.</summary>
    Task<IReadOnlyList<string>> ListOrphansAsync(IKmsSession session, int limit);
}
