using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;
using Qkms.Core.Persistence;
using Qkms.Storage.Migrations;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Postgres;

/// <summary>The shared database: several nodes, each unit a transaction of its own.</summary>
internal sealed class PostgresKmsStore : IKmsStore, IDisposable, IAsyncDisposable
{
    private readonly PostgresConnections _connections;
    private readonly PostgresMigrator _migrator;
    private readonly ILogger _logger;
    private string? _description;

    /// <summary>Connects to nothing yet.</summary>
    /// <exception cref="StoreUnusableException">The connection string cannot be used.</exception>
    public PostgresKmsStore(PostgresStorageOptions options, TimeProvider time, ILogger<PostgresKmsStore> logger)
        : this(options, Migration.For("Postgres"), time, logger)
    {
    }

    /// <summary>The same with other scripts.</summary>
    internal PostgresKmsStore(PostgresStorageOptions options, IReadOnlyList<Migration> migrations, TimeProvider time, ILogger<PostgresKmsStore> logger)
    {
        (_connections, _logger) = (new PostgresConnections(options), logger);
        _migrator = new PostgresMigrator(migrations, time, logger);
    }

    /// <inheritdoc/>
    public string Description => _description ?? throw NotOpen();

    /// <inheritdoc/>
    public bool IsEmbedded => false;

    /// <inheritdoc/>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using NpgsqlConnection connection = await _connections.OpenSingleAsync(cancellationToken);
            await _migrator.RunAsync(connection, cancellationToken);
            _description = $"PostgreSQL {connection.PostgreSqlVersion}, host {_connections.Host}, database {_connections.Database}";
        }
        catch (Exception e) when (e is NpgsqlException or System.Net.Sockets.SocketException or TimeoutException)
        {
            throw new StoreUnusableException($"The database {_connections.Database} on {_connections.Host} cannot be used: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public async Task<T> WriteAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _ = Description;
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await WriteOnceAsync(work);
            }
            catch (Exception e) when (attempt < 4 && PostgresFaults.IsConflict(e))
            {
                await Task.Delay(20 * attempt, CancellationToken.None);
            }
        }
    }

    /// <inheritdoc/>
    public async Task<T> ReadAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken)
    {
        _ = Description;
        await using NpgsqlConnection connection = await _connections.OpenReaderAsync(cancellationToken);
        using KmsSession session = KmsSession.ForReading(connection, SqlDialect.Postgres, cancellationToken);
        return await work(session);
    }

    /// <inheritdoc/>
    public void Dispose() => _connections.Dispose();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _connections.DisposeAsync();

    private async Task<T> WriteOnceAsync<T>(Func<IKmsSession, Task<T>> work)
    {
        await using NpgsqlConnection connection = await _connections.OpenWriterAsync(CancellationToken.None);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(CancellationToken.None);
        using KmsSession session = KmsSession.ForWriting(connection, SqlDialect.Postgres, CancellationToken.None);
        T result = await work(session);
        await connection.ExecuteAsync("COMMIT");
        foreach (Action hook in session.Committed)
        {
            try
            {
                hook();
            }
            catch (Exception e)
            {
                StorageLog.HookFailed(_logger, e);
            }
        }

        return result;
    }

    private static InvalidOperationException NotOpen() => new("The store is not open yet.");
}
