using Qkms.Core.Callers;
using Qkms.Core.Store;

namespace Qkms.Core.Journal;

/// <summary>The journal in the database. <see cref="JournalWriter"/> is how events get into it.</summary>
internal interface IJournalRepository
{
    /// <summary>The id of this installation.</summary>
    Task<Guid> FindInstallationIdAsync(IKmsSession session);

    /// <summary>A stream by its number, or null, held until the unit ends: whoever else adds to it waits.</summary>
    Task<Sealed<JournalStream>?> LockStreamAsync(IKmsSession session, TenantId tenantId, int number);

    /// <summary>Holds every stream of uses of a tenant in the same way, in the order of their numbers.</summary>
    Task LockAllUsesAsync(IKmsSession session, TenantId tenantId);

    /// <summary>The numbers of all streams of uses of a tenant, in the order in which they began.</summary>
    Task<IReadOnlyList<int>> ListUsesAsync(IKmsSession session, TenantId tenantId);

    /// <summary>The stream of a node's uses, or null, held in the same way.</summary>
    Task<Sealed<JournalStream>?> LockUsesAsync(IKmsSession session, TenantId tenantId, string node);

    /// <summary>A stream by its number, or null.</summary>
    Task<Sealed<JournalStream>?> FindStreamAsync(IKmsSession session, TenantId tenantId, int number);

    /// <summary>
    /// Events of a stream within a window, in the order that was asked for, at most so many. A scope that leaves names out leaves events
    /// out that are about no key.
    /// </summary>
    Task<IReadOnlyList<StoredEvent>> ListEventsAsync(
        IKmsSession session, TenantId tenantId, JournalQuery query, KeyScope scope, JournalWindow window, int limit);

    /// <summary>
    /// The newest event of the life cycle that says of a node whether it records every use, as it is stored; null when there is none.
    /// </summary>
    Task<StoredEvent?> FindUsesSetAsync(IKmsSession session, TenantId tenantId, string node);

    /// <summary>The tenants in whose life cycle there is such an event about a node.</summary>
    Task<IReadOnlySet<TenantId>> ListToldOfUsesAsync(IKmsSession session, string node);

    /// <summary>The newest events about root keys, in whatever journal, as they are stored; at most so many.</summary>
    Task<IReadOnlyList<StoredEvent>> ListOfRootKeysAsync(IKmsSession session, int limit);

    /// <summary>Such events of every node, newest first, at most so many.</summary>
    Task<IReadOnlyList<StoredEvent>> ListUsesSetAsync(IKmsSession session, TenantId tenantId, int limit);

    /// <summary>
    /// The newest event of a tenant's life cycle that is about the tenant itself, as it is stored; null when there is none.
    /// </summary>
    Task<StoredEvent?> FindNewestOfTenantAsync(IKmsSession session, TenantId tenantId);

    /// <summary>
    /// The newest event of a life cycle that says which row of a key a change left behind, as it is stored; null when there is none.
    /// </summary>
    Task<StoredEvent?> FindNewestOfKeyAsync(IKmsSession session, TenantId tenantId, KeyId keyId);

    /// <summary>The greatest number of the tenant's streams; 0 when it has none.</summary>
    Task<int> FindLastNumberAsync(IKmsSession session, TenantId tenantId);

    /// <summary>Whether there is any stream, or an event that claims a position in one, of whatever tenant.</summary>
    Task<bool> HasStreamsAsync(IKmsSession session);

    /// <summary>Adds a stream; false when it is there already.</summary>
    Task<bool> InsertStreamAsync(IKmsSession session, Sealed<JournalStream> stream);

    /// <summary>
    /// Writes a stream whose <see cref="JournalStream.RowVersion"/> was raised by one; false when the row is not the one that was read.
    /// </summary>
    Task<bool> UpdateStreamAsync(IKmsSession session, Sealed<JournalStream> stream);

    /// <summary>Removes the rows of a tenant's streams of uses. Their events stay.</summary>
    Task DeleteUsesStreamsAsync(IKmsSession session, TenantId tenantId);

    /// <summary>
    /// Streams of uses of every tenant whose first event is older than a time, or of a time that has not come, by tenant and number.
    /// </summary>
    /// <param name="session">The unit.</param>
    /// <param name="before">The time.</param>
    /// <param name="now">The time that it is.</param>
    /// <param name="after">Only those behind this one.</param>
    /// <param name="limit">At most so many.</param>
    Task<IReadOnlyList<StoredStreamName>> ListDueForTrimmingAsync(
        IKmsSession session, DateTimeOffset before, DateTimeOffset now, StoredStreamName? after, int limit);

    /// <summary>Removes the events of a stream from a position up to another, without that one; how many there were.</summary>
    Task<int> DeleteEventsAsync(IKmsSession session, JournalStream stream, long from, long to);

    /// <summary>Adds events at their places.</summary>
    Task InsertEventsAsync(IKmsSession session, IReadOnlyList<ChainedEvent> events);

    /// <summary>The leaf hashes of a tenant's events outside its streams, by rising id.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="after">Only those with a greater id.</param>
    /// <param name="limit">At most so many.</param>
    Task<IReadOnlyList<(Guid Id, byte[] LeafHash)>> ListFormerHashesAsync(IKmsSession session, TenantId tenantId, Guid after, int limit);
}

/// <summary>Which stream a row says that it is.</summary>
/// <param name="TenantId">Its tenant as it stands in the row, whatever that is.</param>
/// <param name="Number">Its number.</param>
internal sealed record StoredStreamName(byte[] TenantId, long Number);
