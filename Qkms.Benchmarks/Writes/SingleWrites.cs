using System.Data.Common;
using Dapper;
using Qkms.Core.Store;
using Qkms.Storage.Sessions;

namespace Qkms.Benchmarks.Writes;

/// <summary>
/// The rivals: the same statements on the same database, each unit in a transaction of its own, or each statement. Reads are the store's.
/// </summary>
internal sealed class SingleWrites : IKmsStore
{
    private readonly IKmsStore _store;
    private readonly SqlDialect _dialect;
    private readonly string? _begin;
    private readonly Func<ValueTask<DbConnection>> _open;
    private readonly SemaphoreSlim _connections;
    private readonly System.Collections.Concurrent.ConcurrentBag<DbConnection> _idle = [];

    /// <summary>On a database that <paramref name="store"/> has open and does not write to meanwhile.</summary>
    /// <param name="store">Reads.</param>
    /// <param name="dialect">The database's own words.</param>
    /// <param name="begin">Begins a transaction that writes; null when every statement is to be a transaction of its own.</param>
    /// <param name="connections">How many write at once.</param>
    /// <param name="open">Opens one.</param>
    internal SingleWrites(IKmsStore store, SqlDialect dialect, string? begin, int connections, Func<ValueTask<DbConnection>> open) =>
        (_store, _dialect, _begin, _connections, _open) = (store, dialect, begin, new SemaphoreSlim(connections), open);

    public string Description => _store.Description;

    public bool IsEmbedded => _store.IsEmbedded;

    public Task OpenAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<T> ReadAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) =>
        _store.ReadAsync(work, cancellationToken);

    public Task<T> UpgradeAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) =>
        _store.UpgradeAsync(work, cancellationToken);

    public Task<bool> EraseRemainsAsync(CancellationToken cancellationToken) => _store.EraseRemainsAsync(cancellationToken);

    public async Task<T> WriteAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken)
    {
        await _connections.WaitAsync(cancellationToken);
        try
        {
            if (!_idle.TryTake(out DbConnection? connection))
                connection = await _open();

            if (_begin is not null)
                await connection.ExecuteAsync(_begin);

            using KmsSession session = KmsSession.ForWriting(connection, _dialect, cancellationToken);
            T result = await work(session);
            if (_begin is not null)
                await connection.ExecuteAsync("COMMIT;");

            foreach (Action hook in session.Committed)
                hook();

            _idle.Add(connection);
            return result;
        }
        finally
        {
            _connections.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (DbConnection connection in _idle)
            await connection.DisposeAsync();

        _connections.Dispose();
    }
}
