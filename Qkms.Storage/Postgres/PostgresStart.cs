using System.Diagnostics;
using System.Net.Sockets;
using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;
using Polly;
using Polly.Retry;
using Qkms.Storage.Migrations;
using Qkms.Storage.Telemetry;

namespace Qkms.Storage.Postgres;

/// <summary>The first contact with the server: waits for it, looks at what it is, and brings the schema up to date.</summary>
internal sealed class PostgresStart(
    PostgresConnections connections, EpochGuard guard, PostgresStorageOptions options, PostgresMigrator migrator, ILogger logger)
{
    /// <summary>After this the database can be used. Answers what it is, for people.</summary>
    /// <exception cref="StoreUnusableException">It cannot be; the message says why.</exception>
    public async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        guard.Recall();
        try
        {
            return await UntilThere().ExecuteAsync(static (self, token) => self.RunOnceAsync(token), this, cancellationToken);
        }
        catch (Exception e) when (e is NpgsqlException or SocketException or TimeoutException or IOException)
        {
            throw new StoreUnusableException(
                $"The database '{connections.Database}' on {connections.Host} cannot be used: {Reason(e)}", e);
        }
    }

    private async ValueTask<string> RunOnceAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await connections.OpenSingleAsync(cancellationToken);
        await WarnAsync(connection, cancellationToken);
        await migrator.RunAsync(connection, cancellationToken);
        await guard.ArmAsync(connection);
        return $"PostgreSQL {connection.PostgreSqlVersion}, host {connections.Host}, database {connections.Database}";
    }

    /// <summary>A server that starts together with its nodes is not there at once, and its connections may break.</summary>
    private ResiliencePipeline UntilThere()
    {
        TimeSpan pause = TimeSpan.FromMilliseconds(500);
        long begun = Stopwatch.GetTimestamp();
        return new ResiliencePipelineBuilder()
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<Exception>(
                    e => IsNotThereYet(e) && Stopwatch.GetElapsedTime(begun) < options.StartTimeout),
                MaxRetryAttempts = int.MaxValue,
                Delay = pause,
                OnRetry = retry =>
                {
                    if (retry.AttemptNumber == 0)
                        StorageLog.WaitingForDatabase(logger, connections.Host, options.StartTimeout.TotalSeconds);

                    return default;
                },
            })
            .Build();
    }

    private const string ShowDurability = "SELECT current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on'";

    private async Task WarnAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (connections.IsExposed)
            StorageLog.DatabaseExposed(logger, connections.Host);

        if (!await connection.ExecuteScalarAsync<bool>(new CommandDefinition(ShowDurability, cancellationToken: cancellationToken)))
            StorageLog.DatabaseNotDurable(logger);
    }

    // A wrong password does not get right by waiting.
    private static bool IsNotThereYet(Exception exception) => exception switch
    {
        PostgresException e => e.SqlState is PostgresErrorCodes.CannotConnectNow
            or PostgresErrorCodes.TooManyConnections
            or PostgresErrorCodes.AdminShutdown
            or PostgresErrorCodes.CrashShutdown,
        _ => PostgresFaults.IsOutage(exception) && exception is not StoreUnusableException,
    };

    // Without the position in the statement and what else the provider adds on further lines.
    private static string Reason(Exception exception) => exception switch
    {
        PostgresException e => $"{e.SqlState}: {e.MessageText}",
        { InnerException: { } inner } when inner.Message != exception.Message => $"{exception.Message} ({inner.Message})",
        _ => exception.Message,
    };
}
