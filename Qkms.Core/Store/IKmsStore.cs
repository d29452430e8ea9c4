namespace Qkms.Core.Store;

/// <summary>
/// The database behind the service, as Core sees it. Disposing it finishes the writes that wait, refuses all others, and closes it.
/// </summary>
internal interface IKmsStore : IAsyncDisposable
{
    /// <summary>What is in use, for the start-up line: "SQLite 3.40.1, /srv/qkms/qkms.db".</summary>
    string Description { get; }

    /// <summary>True when the database belongs to this process alone; then a missing root key may be made beside it.</summary>
    bool IsEmbedded { get; }

    /// <summary>Takes the data directory or the connection, and brings the schema up to date.</summary>
    /// <exception cref="StoreUnusableException">Another process holds it, or its schema is not ours.</exception>
    Task OpenAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Has <paramref name="action"/> run whenever another server takes over, before anything is read from that: what is remembered of the
    /// old one is to be dropped. An embedded database has no other.
    /// </summary>
    void WhenServerChanges(Action action)
    {
    }

    /// <summary>One atomic, durable unit: when the task completes, the change is on disk.</summary>
    /// <param name="work">Awaits only the session, may run more than once, and has no effect outside the session.</param>
    /// <param name="cancellationToken">Honoured until the work is queued; after that the unit runs to its end.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/> when the database cannot take it; then nothing
    /// was committed.</exception>
    Task<T> WriteAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken);

    /// <summary>
    /// The same for a caller who has a thread of his own and lets it be used: where nobody else writes at that moment the unit runs on it,
    /// and the way to another thread and back is saved.
    /// </summary>
    /// <param name="work">As with <see cref="WriteAsync"/>.</param>
    /// <exception cref="KmsException">As with <see cref="WriteAsync"/>.</exception>
    Task<T> WriteHereAsync<T>(Func<IKmsSession, Task<T>> work) => WriteAsync(work, CancellationToken.None);

    /// <summary>
    /// One atomic, durable unit before anything is served, however long it takes: of several nodes one is in it at a time, and sees what
    /// the one before it has committed.
    /// </summary>
    /// <param name="work">As with <see cref="WriteAsync"/>.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/> when the database cannot take it.</exception>
    Task<T> UpgradeAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken);

    /// <summary>
    /// Erases what rows that were written over or deleted have left in the files of the database, as far as the database can; to be
    /// called when that write is committed.
    /// </summary>
    /// <returns>False when others hold it back for the moment: call again later.</returns>
    Task<bool> EraseRemainsAsync(CancellationToken cancellationToken);

    /// <summary>Reads what is committed. Each statement sees the newest commit.</summary>
    /// <param name="work">Awaits only the session and may run more than once.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/> when the database does not answer.</exception>
    Task<T> ReadAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken);

    /// <summary>
    /// The same for what somebody without a valid API key can cause: two at once, so the caller lets through that many. It waits for
    /// nothing that known callers use, and they do not wait for it. A database whose reads wait for nothing has nothing to keep apart.
    /// </summary>
    /// <param name="work">Awaits only the session and may run more than once.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/> when the database does not answer.</exception>
    Task<T> ReadAsideAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) => ReadAsync(work, cancellationToken);
}

/// <summary>A transaction: repositories take it, and it knows none of them. It ends with the delegate that received it.</summary>
internal interface IKmsSession
{
    /// <summary>
    /// Runs <paramref name="action"/> after the commit and before the caller's task completes; not at all when the unit fails.
    /// </summary>
    void OnCommitted(Action action);

    /// <summary>
    /// The database as it stands at this moment of a unit that writes; null where the database cannot tell what others do.
    /// </summary>
    StoreMark? Mark => null;
}
