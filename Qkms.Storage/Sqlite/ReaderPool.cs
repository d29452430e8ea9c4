using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Qkms.Storage.Sqlite;

/// <summary>
/// Read-only connections, kept open between reads. Not the provider's pool: that one knows no moment at which to set up a
/// fresh connection, and keeps the files open after the store is gone.
/// </summary>
internal sealed class ReaderPool(SqliteDataSource source) : IDisposable
{
    // As many as can be of use at once; a burst opens more and closes them again.
    private static readonly int _kept = Math.Max(4, 2 * Environment.ProcessorCount);

    private readonly ConcurrentBag<SqliteConnection> _idle = [];
    private volatile bool _disposed;

    /// <summary>A connection for one read.</summary>
    /// <param name="isFresh">Whether it was opened for this, by the name of the file.</param>
    public SqliteConnection Rent(out bool isFresh)
    {
        isFresh = !_idle.TryTake(out SqliteConnection? connection);
        return connection ?? source.OpenReader();
    }

    /// <summary>Takes back one whose read went well; any other is disposed by who rented it.</summary>
    public void Return(SqliteConnection connection)
    {
        if (_disposed || _idle.Count >= _kept)
        {
            connection.Dispose();
            return;
        }

        _idle.Add(connection);
        if (_disposed)
            CloseIdle();
    }

    /// <summary>Closes what is idle; what is rented closes when it comes back.</summary>
    public void Dispose()
    {
        _disposed = true;
        CloseIdle();
    }

    private void CloseIdle()
    {
        while (_idle.TryTake(out SqliteConnection? connection))
            connection.Dispose();
    }
}
