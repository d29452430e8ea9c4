namespace Qkms.Core.Store;

/// <summary>
/// The database of one moment, to be read by a process beside the service: nothing is locked, migrated or written, and what others write
/// meanwhile is not seen.
/// </summary>
internal interface IStoreSnapshot
{
    /// <summary>What is read, for people.</summary>
    string Description { get; }

    /// <summary>Reads.</summary>
    /// <param name="work">Awaits only the session.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="StoreUnusableException">It cannot be opened, or its schema is not the one of this build.</exception>
    Task<T> ReadAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken);
}
