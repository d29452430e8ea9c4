using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;
using Qkms.Core.Time;
using Qkms.Storage.Rows;
using Qkms.Storage.Telemetry;

namespace Qkms.Storage.Postgres;

/// <summary>
/// Keeps the node from going back in time. It knows the newest epoch of the database that this node has worked in, and refuses every
/// server that does not have it: one that was the primary before a failover, one that was promoted beside it, an older backup. On such a
/// server revoked keys would work again, and what is written there would be lost. Every connection passes it before its first use.
/// </summary>
internal sealed class EpochGuard
{
    // A refused server is tried again with every call; a line each time would bury the first.
    private static readonly TimeSpan _silence = TimeSpan.FromMinutes(1);

    // Half of what WritesSweep leaves: whoever has not looked for longer may miss a write that was swept.
    private static readonly TimeSpan _markLife = TimeSpan.FromMinutes(30);

    private readonly IdGenerator _ids;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly EpochFile? _file;
    private readonly Lock _lock = new();
    private readonly List<Action> _whenMoved = [];
    private volatile Position _position = new(Generation: 0, Known: null, Server: null, IsRecorded: false);
    private volatile bool _isArmed;
    private Mark? _seen;
    private Mark? _acknowledged;
    private string? _lastRefusal;
    private long _lastRefusalAt;

    /// <summary>Knows nothing yet.</summary>
    /// <param name="file">The node's memory over restarts, or null where it has none.</param>
    /// <param name="ids">Makes ids of epochs.</param>
    /// <param name="time">Its monotonic clock gives what was seen its age.</param>
    /// <param name="logger">Is told of moves and refusals.</param>
    public EpochGuard(EpochFile? file, IdGenerator ids, TimeProvider time, ILogger logger) =>
        (_file, _ids, _time, _logger) = (file, ids, time, logger);

    /// <summary>Whether connections are checked: not before the database has the schema.</summary>
    public bool IsArmed => _isArmed;

    /// <summary>Changes whenever the node moves to another server or timeline.</summary>
    public int Generation => _position.Generation;

    /// <summary>Whether the server has on record, as safely as any write, that this node works on it.</summary>
    public bool IsRecorded => _position.IsRecorded;

    /// <summary>Has <paramref name="action"/> run at each move, before anything is read from the new server.</summary>
    public void WhenMoved(Action action)
    {
        lock (_lock)
            _whenMoved.Add(action);
    }

    /// <summary>Recalls what this node knew when it ran last.</summary>
    /// <exception cref="StoreUnusableException">The file cannot be used.</exception>
    public void Recall() => _position = _position with { Known = _file?.Read() };

    /// <summary>
    /// Before the schema is brought up to date: a node that has worked on this installation makes no new one in its place.
    /// </summary>
    /// <exception cref="StoreUnusableException">The database is not the one that this node has worked on.</exception>
    public async Task RefuseStrangeAsync(NpgsqlConnection connection)
    {
        if (_position.Known is not { } known)
            return;

        if (!await connection.ExecuteScalarAsync<bool>(HasEpochs))
            throw Refuse(WithoutEpoch(known));

        await CheckAsync(connection);
    }

    /// <summary>From now on every new connection is checked; this one is the first.</summary>
    /// <exception cref="StoreUnusableException">Its server is refused.</exception>
    public async Task ArmAsync(NpgsqlConnection connection)
    {
        _isArmed = true;
        await CheckAsync(connection);
    }

    /// <summary>Looks at the server behind a new connection; what tells this server, started when it was, from every other.</summary>
    /// <exception cref="StoreUnusableException">It is a standby, not durable, or does not have what this node has seen.</exception>
    public async Task<string> CheckAsync(NpgsqlConnection connection)
    {
        // What was learned while the server answered counts.
        while (true)
        {
            (Position asked, byte[]? seen, byte[]? acknowledged) = Now();
            ServerReport report = await AskAsync(connection, asked, seen, acknowledged);
            if (report.Forgets)
                throw PostgresConnections.NotDurable();

            if (report.Timeline is not { } timeline)
                throw PostgresConnections.Follows();

            bool lacksSeen = seen is not null && !report.HasSeen;
            bool lacksAcknowledged = acknowledged is not null && !report.HasAcknowledged;
            if (TryJudge(asked, lacksSeen, lacksAcknowledged, report, new ServerTimeline(report.System, timeline)))
                return report.Process;
        }
    }

    /// <summary>Has the server record the epoch, and waits until that is as safe as the server makes any write.</summary>
    /// <param name="connection">A checked connection that writes.</param>
    /// <param name="generation"><see cref="Generation"/> from before it was opened.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/>: the standbys that must confirm it do not.</exception>
    public async Task RecordAsync(NpgsqlConnection connection, int generation, CancellationToken cancellationToken)
    {
        try
        {
            await RecordOnceAsync(connection, generation, cancellationToken);
        }
        catch (Exception e) when (PostgresFaults.IsLocked(e) || e is NpgsqlException { InnerException: TimeoutException })
        {
            // Not an outage: who reads goes on.
            StorageLog.EpochNotRecorded(_logger, e);
            throw PostgresFaults.Unavailable();
        }
    }

    /// <summary>
    /// Notes a write that was committed, to be looked for on every further connection. False when the node has moved since: then a
    /// server that was left behind may have committed it.
    /// </summary>
    /// <param name="writeId">Its row in <c>writes</c>.</param>
    /// <param name="generation"><see cref="Generation"/> from before the connection was opened.</param>
    public bool TryAcknowledge(byte[] writeId, int generation)
    {
        lock (_lock)
        {
            if (_position.Generation != generation)
                return false;

            _acknowledged = new Mark(new Guid(writeId, bigEndian: true), _time.GetTimestamp());
            return true;
        }
    }

    /// <summary>The number of the epoch that <see cref="Vouches"/> wants to see the id of; null when there is none yet.</summary>
    public long? KnownNumber => _position.Known?.Number;

    /// <summary>Whether a connection that passed no check leads to the server that this node works on.</summary>
    /// <param name="server">What the server said of itself.</param>
    /// <param name="number">The epoch that it was asked for.</param>
    /// <param name="id">The id that it has under this number.</param>
    public bool Vouches(ServerTimeline server, long? number, byte[]? id)
    {
        Position now = _position;
        return !IsArmed || (server == now.Server && number == now.Known?.Number && IsSame(now.Known, id));
    }

    private async Task RecordOnceAsync(NpgsqlConnection connection, int generation, CancellationToken cancellationToken)
    {
        CommitWarnings warnings = new(connection);
        var row = new { Id = _ids.Next().ToBytes(), IsNew = _position.Known is null };
        Epoch last;
        await using (SqlMapper.GridReader answers = await connection.QueryMultipleAsync(
            new CommandDefinition(Record, row, cancellationToken: cancellationToken)))
        {
            await answers.ReadAsync<int>();

            // Dapper reads on to the end of the answer, so this fails unless the commit succeeded.
            (long number, byte[] id) = await answers.ReadSingleAsync<(long, byte[])>();
            last = new Epoch(number, new Guid(id, bigEndian: true));
        }

        warnings.Refuse();
        lock (_lock)
        {
            if (_position.Generation != generation)
                throw PostgresFaults.Moved();

            _position = _position with { Known = last, IsRecorded = true };
            Remember(last);
        }
    }

    private const string HasEpochs = "SELECT to_regclass('epochs') IS NOT NULL";

    private const string Report =
        $"""
        SELECT {PostgresConnections.Forgets}, {PostgresConnections.ServerName} AS process,
          {ServerTimeline.SystemSql} AS system, {ServerTimeline.NumberSql} AS timeline,
          (SELECT id FROM epochs WHERE number = @Known) AS known,
          last.number AS LastNumber, last.system_identifier AS LastSystem, last.timeline AS LastTimeline,
          EXISTS (SELECT FROM writes WHERE write_id = @Seen) AS HasSeen,
          EXISTS (SELECT FROM writes WHERE write_id = @Acknowledged) AS HasAcknowledged,
          (SELECT write_id FROM writes ORDER BY committed_at DESC LIMIT 1) AS newest
        FROM (VALUES (1)) AS one LEFT JOIN (
          SELECT number, system_identifier, timeline FROM epochs ORDER BY number DESC LIMIT 1) AS last ON TRUE
        """;

    // The row of the installation lets nodes begin epochs one after the other. Its update changes nothing but is a change: the commit
    // waits for the standbys, and so for the epoch that another node began.
    private const string Record =
        $"""
        BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
        SELECT only_row FROM installation FOR UPDATE;
        INSERT INTO epochs (number, id, system_identifier, timeline, begun_at)
        SELECT COALESCE((SELECT MAX(number) FROM epochs), 0) + 1, @Id, server.system, server.timeline, {PostgresSql.Now}
        FROM (SELECT {ServerTimeline.SystemSql} AS system, {ServerTimeline.NumberSql} AS timeline) AS server
        WHERE @IsNew OR NOT EXISTS (
          SELECT FROM epochs AS last
          WHERE last.number = (SELECT MAX(number) FROM epochs)
            AND last.system_identifier = server.system
            AND last.timeline = server.timeline);
        UPDATE installation SET only_row = 1;
        SELECT number, id FROM epochs ORDER BY number DESC LIMIT 1;
        COMMIT
        """;

    private static async Task<ServerReport> AskAsync(
        NpgsqlConnection connection, Position asked, byte[]? seen, byte[]? acknowledged)
    {
        try
        {
            return await connection.QuerySingleAsync<ServerReport>(
                Report, new { Known = asked.Known?.Number, Seen = seen, Acknowledged = acknowledged });
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UndefinedTable
            or PostgresErrorCodes.UndefinedFunction
            or PostgresErrorCodes.InsufficientPrivilege
            or PostgresErrorCodes.FeatureNotSupported)
        {
            throw new StoreUnusableException(
                $"The database server cannot say how new its data is, so that it is not used: {e.MessageText}. See docs/postgresql.md.", e);
        }
    }

    /// <summary>Takes the server or throws; false when the node has learned something since it asked.</summary>
    private bool TryJudge(Position asked, bool lacksSeen, bool lacksAcknowledged, ServerReport report, ServerTimeline server)
    {
        lock (_lock)
        {
            Position now = _position;
            if (now.Generation != asked.Generation || now.Known != asked.Known)
                return false;

            bool isSameSystem = server.System == now.Server?.System;
            if (isSameSystem && server.Number < now.Server!.Number)
                throw Refuse(
                    $"it is on an older timeline ({server}) than this node has worked on ({now.Server.Number}): it is not the primary that "
                    + "was promoted last");

            if (now.Known is { } known && !IsSame(known, report.Known))
                throw Refuse(WithoutEpoch(known));

            // A promotion may lose the last writes, which synchronous standbys prevent. Nothing else may. What was only seen is no loss
            // then: a primary whose wait for a standby is cut off shows a write that nobody was told is safe.
            bool isPromotion = isSameSystem && server.Number > now.Server!.Number;
            if ((lacksSeen || lacksAcknowledged) && !isPromotion)
                throw Refuse("writes that were committed are not in it: an older copy was put in its place");

            if (server != now.Server)
                Move(server, lacksAcknowledged);

            bool isOnRecord = report.LastNumber == now.Known?.Number
                && report.LastSystem == server.System
                && report.LastTimeline == server.Number;
            _position = _position with { IsRecorded = isOnRecord };
            _seen = report.Newest is { } newest ? new Mark(new Guid(newest, bigEndian: true), _time.GetTimestamp()) : null;
            if (_acknowledged?.WriteId == _seen?.WriteId)
                _acknowledged = _seen;

            return true;
        }
    }

    private void Move(ServerTimeline server, bool lostWrites)
    {
        if (_position.Server is { } before)
            StorageLog.ServerChanged(_logger, before.ToString(), server.ToString());

        if (lostWrites)
            StorageLog.WritesLost(_logger);

        // Said once: what the new server lacks it will lack for good.
        _acknowledged = null;
        _position = _position with { Generation = _position.Generation + 1, Server = server };
        _whenMoved.ForEach(action => action());
    }

    private (Position Position, byte[]? Seen, byte[]? Acknowledged) Now()
    {
        lock (_lock)
            return (_position, Living(_seen), Living(_acknowledged));

        byte[]? Living(Mark? mark) => mark is not null && _time.GetElapsedTime(mark.At) < _markLife ? mark.WriteId.ToBytes() : null;
    }

    private static string WithoutEpoch(Epoch known) =>
        $"it does not have epoch {known.Number}, in which this node has worked: it is older, or went another way";

    private StoreUnusableException Refuse(string why)
    {
        string refusal = $"The database server is refused: {why}. Revoked keys could work again on it. To accept it nevertheless, see "
            + "docs/postgresql.md.";
        lock (_lock)
        {
            if (refusal != _lastRefusal || _time.GetElapsedTime(_lastRefusalAt) > _silence)
            {
                (_lastRefusal, _lastRefusalAt) = (refusal, _time.GetTimestamp());
                StorageLog.ServerRefused(_logger, why);
            }
        }

        return new StoreUnusableException(refusal);
    }

    private void Remember(Epoch epoch)
    {
        try
        {
            _file?.Write(epoch);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            StorageLog.EpochNotRemembered(_logger, _file!.FullPath, e);
        }
    }

    private static bool IsSame(Epoch? known, byte[]? id) =>
        known is null || (id is not null && known.Id == new Guid(id, bigEndian: true));

    /// <summary>Where the node is; replaced as a whole.</summary>
    /// <param name="Generation">Counts moves.</param>
    /// <param name="Known">The newest epoch that is safely recorded.</param>
    /// <param name="Server">The server and timeline that it works on; null before the first contact.</param>
    /// <param name="IsRecorded">Whether that epoch is of this server and timeline.</param>
    private sealed record Position(int Generation, Epoch? Known, ServerTimeline? Server, bool IsRecorded);

    /// <summary>A write that a server has to have.</summary>
    /// <param name="WriteId">Its row in <c>writes</c>.</param>
    /// <param name="At">When it was last known to be there.</param>
    private sealed record Mark(Guid WriteId, long At);

    /// <summary>What a server says of itself.</summary>
    private sealed class ServerReport
    {
        public bool Forgets { get; init; }

        public string Process { get; init; } = "";

        public long System { get; init; }

        public long? Timeline { get; init; }

        public byte[]? Known { get; init; }

        public long? LastNumber { get; init; }

        public long? LastSystem { get; init; }

        public long? LastTimeline { get; init; }

        public bool HasSeen { get; init; }

        public bool HasAcknowledged { get; init; }

        public byte[]? Newest { get; init; }
    }
}
