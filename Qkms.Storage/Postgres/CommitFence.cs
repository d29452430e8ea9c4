using System.Diagnostics;
using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;
using Polly;
using Polly.Retry;
using Qkms.Storage.Rows;
using Qkms.Storage.Telemetry;

namespace Qkms.Storage.Postgres;

/// <summary>
/// Decides whether a write was committed whose answer was lost, and makes the decision final. It asks on a connection of its
/// own by inserting the write's id once more: the database lets that wait for the lost transaction, so that either the row is
/// there, and the write was committed, or the second one takes its place, and the write can never be. A question may be asked
/// any number of times.
/// </summary>
internal sealed class CommitFence
{
    private readonly PostgresConnections _connections;
    private readonly ILogger _logger;
    private readonly ResiliencePipeline _untilAnswered;

    /// <summary>Asks for as long as <see cref="PostgresStorageOptions.OutcomeTimeout"/>.</summary>
    public CommitFence(PostgresConnections connections, PostgresStorageOptions options, ILogger logger)
    {
        (_connections, _logger) = (connections, logger);
        _untilAnswered = new ResiliencePipelineBuilder()
            .AddTimeout(options.OutcomeTimeout)
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<Exception>(IsWorthAskingAgain),
                MaxRetryAttempts = int.MaxValue,
                Delay = TimeSpan.FromMilliseconds(50),
                MaxDelay = TimeSpan.FromMilliseconds(200),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
            })
            .Build();
    }

    /// <summary>Whether the write was committed. If not, it never will be.</summary>
    /// <param name="writeId">The write.</param>
    /// <param name="backend">The server's process that had it.</param>
    /// <param name="begun">A timestamp of <see cref="Stopwatch"/> at which that process already belonged to the write.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.OutcomeUnknown"/> when the database does not say so in time.</exception>
    public async Task<bool> WasCommittedAsync(Guid writeId, int backend, long begun)
    {
        try
        {
            bool committed = await _untilAnswered.ExecuteAsync(
                static (ask, token) => new ValueTask<bool>(ask.Fence.AskAsync(ask.WriteId, ask.Backend, ask.Begun, token)),
                (Fence: this, WriteId: writeId.ToBytes(), Backend: backend, Begun: begun));
            StorageLog.OutcomeFound(_logger, writeId, committed ? "committed" : "not committed");
            return committed;
        }
        catch (Exception e)
        {
            // Whatever went wrong here, it says nothing about the write.
            StorageLog.OutcomeUnknown(_logger, writeId, e);
            throw KmsErrors.OutcomeUnknown.Refusal();
        }
    }

    // The whole question is one message: a connection that lives for one answer is enough. Each further round trip would be another
    // chance for the connection to break, and the question comes up just when connections break.
    //
    // A server that has not noticed the broken connection keeps the transaction and its locks open, so its process is ended. The
    // number may belong to another process by now; that one began later than the write.
    //
    // The update changes nothing but is a change: its commit waits for the standbys that the lost commit may still be waiting for.
    // A server that may forget a commit cannot vouch for one.
    private const string Ask =
        $"""
        BEGIN ISOLATION LEVEL READ COMMITTED;
        SELECT pg_terminate_backend(pid)
        FROM pg_stat_activity
        WHERE pid = @Backend AND usename = current_user AND backend_start < clock_timestamp() - make_interval(secs => @Seconds);
        INSERT INTO writes (write_id, committed_at, fenced)
        VALUES (@WriteId, {PostgresSql.Now}, 1)
        ON CONFLICT (write_id) DO UPDATE SET committed_at = writes.committed_at
        RETURNING fenced = 0 AS committed, {PostgresConnections.Forgets},
          {ServerTimeline.SystemSql} AS system, {ServerTimeline.NumberSql} AS timeline,
          (SELECT id FROM epochs WHERE number = @Known) AS known;
        COMMIT
        """;

    private async Task<bool> AskAsync(byte[] writeId, int backend, long begun, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await _connections.OpenUncheckedAsync(cancellationToken);
        CommitWarnings warnings = new(connection);
        long? known = _connections.Guard?.KnownNumber;
        var write = new { Backend = backend, Seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds, WriteId = writeId, Known = known };
        await using SqlMapper.GridReader answers = await connection.QueryMultipleAsync(
            new CommandDefinition(Ask, write, cancellationToken: cancellationToken));
        await answers.ReadAsync<bool>();

        // Dapper reads on to the end of the answer, so this fails unless the commit succeeded.
        (bool committed, bool forgets, long system, long timeline, byte[]? id) =
            await answers.ReadSingleAsync<(bool, bool, long, long, byte[]?)>();
        warnings.Refuse();
        if (forgets)
            throw PostgresConnections.NotDurable();

        if (_connections.Guard?.Vouches(new ServerTimeline(system, timeline), known, id) != false)
            return committed;

        // Another server than the one that this node works on. A checked connection finds out whether it is a newer one, and moves the
        // node there, or refuses it.
        await using (await _connections.OpenSingleAsync(cancellationToken))
        {
        }

        throw PostgresFaults.Moved();
    }

    // Everything but the end of the time and of the service: as long as there is no answer, the next question may get one.
    private static bool IsWorthAskingAgain(Exception exception) => exception is not (OperationCanceledException or ObjectDisposedException);
}
