using Microsoft.Extensions.Logging;
using Npgsql;
using Qkms.Storage.Telemetry;

namespace Qkms.Storage.Postgres;

/// <summary>
/// Opens a new connection to every host every few seconds, so that the guard sees a server that was promoted elsewhere, or put in the
/// other's place behind a proxy, although the connections to the old one still work.
/// </summary>
internal sealed class HostWatch : IDisposable
{
    private readonly PostgresConnections _connections;
    private readonly EpochGuard _guard;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private int _isLooking;

    /// <summary>Looks for the first time after one period.</summary>
    public HostWatch(PostgresConnections connections, EpochGuard guard, TimeSpan period, TimeProvider time, ILogger logger)
    {
        (_connections, _guard, _logger) = (connections, guard, logger);

        // It belongs to no request, whoever is the first to need the store.
        using (ExecutionContext.SuppressFlow())
            _timer = time.CreateTimer(_ => _ = LookAsync(), state: null, period, period);
    }

    /// <summary>Looks at every host once, unless it is being done.</summary>
    public async Task LookAsync()
    {
        if (Interlocked.Exchange(ref _isLooking, 1) != 0)
            return;

        try
        {
            // All before one: the newest of them is to be recorded.
            foreach (NpgsqlDataSource host in _connections.Hosts)
                await LookAtAsync(host);

            foreach (NpgsqlDataSource host in _connections.Hosts.Where(_ => !_guard.IsRecorded))
                await LookAtAsync(host, records: true);
        }
        finally
        {
            Volatile.Write(ref _isLooking, 0);
        }
    }

    /// <summary>Looks no more.</summary>
    public void Dispose() => _timer.Dispose();

    private async Task LookAtAsync(NpgsqlDataSource host, bool records = false)
    {
        try
        {
            int generation = _guard.Generation;
            await using NpgsqlConnection connection = await host.OpenConnectionAsync();
            if (records)
                await _guard.RecordAsync(connection, generation, CancellationToken.None);
        }
        catch (Exception e) when (PostgresFaults.IsWriteOutage(e) || e is KmsException or ObjectDisposedException)
        {
            // A standby, a server that is away or refused, or one whose standbys do not answer yet: what is to be said of that is said
            // elsewhere.
        }
        catch (Exception e)
        {
            StorageLog.WatchFailed(_logger, e);
        }
    }
}
