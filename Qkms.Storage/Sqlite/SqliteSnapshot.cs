using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Qkms.Storage.Migrations;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Sqlite;

/// <summary>One moment of the embedded database, read beside the process that works on it.</summary>
/// <param name="dataDirectory">Where it lies.</param>
internal sealed class SqliteSnapshot(string dataDirectory) : IStoreSnapshot
{
    private readonly string _path = DataDirectory.DatabasePathIn(dataDirectory);

    /// <inheritdoc/>
    public string Description => $"{NativeSqlite.Description}, {_path}";

    /// <inheritdoc/>
    public Task<T> ReadAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) => ReadRowsAsync(
        async connection =>
        {
            using KmsSession session = KmsSession.ForReading(connection, SqlDialect.Sqlite, cancellationToken);
            return await work(session);
        });

    /// <summary>The same for who reads whole tables: the connection, in its transaction.</summary>
    /// <exception cref="StoreUnusableException">As with <see cref="ReadAsync"/>.</exception>
    public async Task<T> ReadRowsAsync<T>(Func<SqliteConnection, Task<T>> work)
    {
        // The library is set up before its first use.
        _ = NativeSqlite.Description;
        if (!File.Exists(_path))
            throw new StoreUnusableException($"There is no database '{_path}'.");

        try
        {
            WriteAheadLog.RefuseDamaged(_path);
            using SqliteConnection connection = new SqliteDataSource(_path).OpenReader();

            // Until it ends, every statement sees what the first one saw.
            connection.Execute("BEGIN DEFERRED");
            SqliteMigrator migrator = new(Migration.For("Sqlite"), TimeProvider.System, NullLogger.Instance);
            if (migrator.FindDifference(connection) is { } difference)
                throw Schema.Refusal(difference);

            return await work(connection);
        }
        catch (SqliteException e)
        {
            throw new StoreUnusableException($"The database '{_path}' cannot be read: {e.Message}", e);
        }
    }
}
