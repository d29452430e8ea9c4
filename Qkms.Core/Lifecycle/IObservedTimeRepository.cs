using Qkms.Core.Store;

namespace Qkms.Core.Lifecycle;

/// <summary>
/// The hours in which the service was seen running, and whether destructions are held. They belong to the whole installation. An hour is
/// counted from 1970-01-01T00:00Z.
/// </summary>
internal interface IObservedTimeRepository
{
    /// <summary>The newest hour up to this one; null when there is none.</summary>
    Task<long?> FindLastAsync(IKmsSession session, long upTo);

    /// <summary>How many hours there are after one and up to another.</summary>
    Task<long> CountAsync(IKmsSession session, long after, long upTo);

    /// <summary>
    /// The day, counted from 1970-01-01, that so many later days follow, each with an hour of its own up to this one; null when there are
    /// fewer.
    /// </summary>
    Task<long?> FindDayBeforeAsync(IKmsSession session, int days, long upTo);

    /// <summary>Adds hours that may be there already, from the first to the last.</summary>
    Task AddAsync(IKmsSession session, long first, long last);

    /// <summary>Deletes the hours before this one.</summary>
    Task DeleteBeforeAsync(IKmsSession session, long hour);

    /// <summary>Since when destructions are held, by the clock of the node that noticed; null when they are not.</summary>
    Task<DateTimeOffset?> FindHoldAsync(IKmsSession session);

    /// <summary>Holds destructions; one that is there stays as it is.</summary>
    Task HoldAsync(IKmsSession session, DateTimeOffset at);

    /// <summary>Ends the hold.</summary>
    Task ReleaseAsync(IKmsSession session);
}
