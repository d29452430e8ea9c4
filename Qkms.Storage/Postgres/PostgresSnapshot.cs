using System.Data;
using Dapper;
using Npgsql;
using Qkms.Storage.Migrations;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Postgres;

/// <summary>One moment of the shared database.</summary>
/// <param name="options">Where it is.</param>
internal sealed class PostgresSnapshot(PostgresStorageOptions options) : IStoreSnapshot
{
    // Whoever reads what is printed may stop this process for a while. It holds no lock that others wait for.
    private const string AllowPause = "SET LOCAL idle_in_transaction_session_timeout = '10min'";

    private string? _description;

    /// <inheritdoc/>
    public string Description => _description ?? "PostgreSQL";

    /// <inheritdoc/>
    public Task<T> ReadAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) => ReadRowsAsync(
        async connection =>
        {
            using KmsSession session = KmsSession.ForReading(connection, SqlDialect.Postgres, cancellationToken);
            return await work(session);
        },
        cancellationToken);

    /// <summary>The same for who reads whole tables: the connection, in its transaction.</summary>
    /// <exception cref="StoreUnusableException">As with <see cref="ReadAsync"/>.</exception>
    public async Task<T> ReadRowsAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        await using PostgresConnections connections = new(options)
        {
            Schema = new PostgresSchemaCheck(Migration.For("Postgres").Count, static _ => { }),
        };
        try
        {
            await using NpgsqlConnection connection = await connections.OpenReaderAsync(cancellationToken);
            _description = $"PostgreSQL {connection.ServerVersion}, database '{connections.Database}' on {connections.Host}";
            await using NpgsqlTransaction transaction =
                await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
            await connection.ExecuteAsync(new CommandDefinition(AllowPause, cancellationToken: cancellationToken));
            return await work(connection);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            throw new StoreUnusableException($"The database cannot be read: {e.Message}", e);
        }
    }
}
