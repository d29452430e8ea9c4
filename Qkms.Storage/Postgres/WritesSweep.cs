using System.Security.Cryptography;
using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;
using Qkms.Storage.Telemetry;

namespace Qkms.Storage.Postgres;

/// <summary>
/// Deletes the ids of writes that nobody will ask about any more: they are asked about within seconds. The newest that is older than an
/// hour stays, so that what <see cref="EpochGuard"/> saw as the newest one is there for an hour after that. Every node does it once an
/// hour, each at a moment of its own; two that meet pass over each other's rows.
/// </summary>
internal sealed class WritesSweep : IDisposable
{
    private const int Portion = 5000;

    private static readonly TimeSpan _period = TimeSpan.FromHours(1);

    private readonly PostgresConnections _connections;
    private readonly ILogger _logger;
    private readonly ITimer _timer;

    /// <summary>Sweeps for the first time within the hour.</summary>
    public WritesSweep(PostgresConnections connections, TimeProvider time, ILogger logger)
    {
        (_connections, _logger) = (connections, logger);
        TimeSpan first = TimeSpan.FromSeconds(RandomNumberGenerator.GetInt32((int)_period.TotalSeconds));
        _timer = time.CreateTimer(_ => _ = SweepQuietlyAsync(), state: null, first, _period);
    }

    private const string DeleteOld =
        $"""
        DELETE FROM writes
        WHERE write_id IN (
          SELECT write_id
          FROM writes
          WHERE committed_at < (SELECT MAX(committed_at) FROM writes WHERE committed_at < {PostgresSql.Now} - 3600000)
          ORDER BY committed_at
          LIMIT @Portion
          FOR UPDATE SKIP LOCKED)
        """;

    /// <summary>Deletes what is older than an hour, in portions that hold nobody up; the number of rows.</summary>
    public async Task<int> SweepAsync()
    {
        await using NpgsqlConnection connection = await _connections.OpenSingleAsync(CancellationToken.None);
        int total = 0;
        int deleted;
        do
        {
            deleted = await connection.ExecuteAsync(DeleteOld, new { Portion });
            total += deleted;
        }
        while (deleted == Portion);

        return total;
    }

    /// <summary>Sweeps no more.</summary>
    public void Dispose() => _timer.Dispose();

    private async Task SweepQuietlyAsync()
    {
        try
        {
            await SweepAsync();
        }
        catch (Exception e)
        {
            // The next one takes what this one left.
            StorageLog.SweepFailed(_logger, e);
        }
    }
}
