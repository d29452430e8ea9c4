using System.Diagnostics;
using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;
using Qkms.Core.Gates;
using Qkms.Core.Time;
using Qkms.Storage.Migrations;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;
using Qkms.Storage.Telemetry;

namespace Qkms.Storage.Postgres;

/// <summary>The shared database: several nodes, each unit a transaction of its own.</summary>
internal sealed class PostgresKmsStore : IKmsStore, IDisposable
{
    private const string Commit = "COMMIT";
    private const string Busy = "Too much waits for the database; nothing was changed. Try again.";

    // Longer queues than this could not be served before their callers lost patience.
    private const int MaxWaiting = 1000;

    // Callers let no more through than there are connections: whoever waits here waits for one that is just given back.
    private const int MaxWaitingAside = 8;

    private readonly PostgresConnections _connections;
    private readonly int _migrations;
    private readonly PostgresStart _start;
    private readonly PostgresResilience _resilience;
    private readonly CommitFence _fence;
    private readonly EpochGuard _guard;
    private readonly PostgresStorageOptions _options;
    private readonly BoundedGate _readers;
    private readonly BoundedGate _aside;
    private readonly BoundedGate _writers;
    private readonly IdGenerator _ids;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private WritesSweep? _sweep;
    private HostWatch? _watch;
    private SchemaWatch? _schema;
    private string? _description;

    /// <summary>Connects to nothing yet.</summary>
    /// <exception cref="StoreUnusableException">The connection string cannot be used.</exception>
    public PostgresKmsStore(PostgresStorageOptions options, TimeProvider time, ILogger<PostgresKmsStore> logger)
        : this(options, Migration.For("Postgres"), time, logger)
    {
    }

    /// <summary>The same with other scripts.</summary>
    internal PostgresKmsStore(
        PostgresStorageOptions options, IReadOnlyList<Migration> migrations, TimeProvider time, ILogger<PostgresKmsStore> logger)
    {
        (_migrations, _options, _time, _logger, _ids) = (migrations.Count, options, time, logger, new IdGenerator(time));
        EpochFile? memory = options.DataDirectory is { } directory ? new EpochFile(directory) : null;
        _guard = new EpochGuard(memory, _ids, time, logger);
        _connections = new PostgresConnections(options, _guard);
        _start = new PostgresStart(_connections, _guard, options, new PostgresMigrator(migrations, time, logger), logger);
        _resilience = new PostgresResilience(options, logger);
        _fence = new CommitFence(_connections, options, logger);

        // In front of the provider's pools, which cannot say apart that all connections are in use and that none can be made.
        _readers = new BoundedGate(_connections.PoolSize, MaxWaiting, Busy, options.ConnectTimeout);
        _aside = new BoundedGate(PostgresConnections.AsidePoolSize, MaxWaitingAside, Busy, options.ConnectTimeout);
        _writers = new BoundedGate(_connections.PoolSize, MaxWaiting, Busy, options.ConnectTimeout);
    }

    /// <inheritdoc/>
    public string Description => _description ?? throw NotOpen();

    /// <inheritdoc/>
    public bool IsEmbedded => false;

    /// <inheritdoc/>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        if (_description is not null)
            throw new InvalidOperationException("The store is open already.");

        _description = await _start.RunAsync(cancellationToken);
        _sweep = new WritesSweep(_connections, _time, _logger);
        _schema = new SchemaWatch(_connections.FindSchemaDifferenceAsync, _time, _logger);
        _connections.Schema = new PostgresSchemaCheck(_migrations, _schema.Note);
        _watch = new HostWatch(_connections, _guard, _options.WatchPeriod, _time, _logger);
        await _watch.LookAsync();
    }

    /// <summary>Whether the schema is still ours.</summary>
    internal SchemaWatch Schema => _schema ?? throw NotOpen();

    /// <inheritdoc/>
    public void WhenServerChanges(Action action) => _guard.WhenMoved(action);

    /// <inheritdoc/>
    public async Task<T> WriteAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken)
    {
        Schema.ThrowIfDifferent();
        cancellationToken.ThrowIfCancellationRequested();
        using BoundedGate.Pass pass = await _writers.EnterAsync(cancellationToken);
        return await _resilience.WriteAsync(token => WriteOnceAsync(work, token));
    }

    /// <inheritdoc/>
    public async Task<T> UpgradeAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken)
    {
        Schema.ThrowIfDifferent();
        try
        {
            await using NpgsqlConnection connection = await _connections.OpenSingleAsync(cancellationToken);
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
            await PostgresMigrator.LockAsync(connection, cancellationToken);
            using KmsSession session = KmsSession.ForUpgrading(
                connection, SqlDialect.Postgres, PostgresMigrator.PatienceSeconds, cancellationToken);
            T result = await work(session);
            await session.ReadBackAsync();
            await transaction.CommitAsync(cancellationToken);
            RunHooks(session.Committed);
            return result;
        }
        catch (Exception e) when (e is not StoreUnusableException && (PostgresFaults.IsOutage(e) || PostgresFaults.IsLost(e)))
        {
            // What the work found unusable is no outage. Whether it was committed is seen at the next start, which looks at the database
            // before it does anything.
            StorageLog.WriteFailed(_logger, e);
            throw PostgresFaults.Unavailable();
        }
    }

    /// <inheritdoc/>
    public async Task<T> ReadAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken)
    {
        Schema.ThrowIfDifferent();
        using BoundedGate.Pass pass = await _readers.EnterAsync(cancellationToken);
        return await _resilience.ReadAsync(token => ReadOnceAsync(work, _connections.OpenReaderAsync, token), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<T> ReadAsideAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken)
    {
        Schema.ThrowIfDifferent();
        using BoundedGate.Pass pass = await _aside.EnterAsync(cancellationToken);
        return await _resilience.ReadAsync(token => ReadOnceAsync(work, _connections.OpenAsideAsync, token), cancellationToken);
    }

    /// <summary>
    /// Nothing to do: what a server keeps of rows that were written over is its own affair, and its administrator's (docs/destruction.md).
    /// </summary>
    public Task<bool> EraseRemainsAsync(CancellationToken cancellationToken) => Task.FromResult(true);

    /// <summary>Closes every connection.</summary>
    public void Dispose()
    {
        _watch?.Dispose();
        _sweep?.Dispose();
        _schema?.Dispose();
        _connections.Dispose();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _watch?.Dispose();
        _sweep?.Dispose();
        _schema?.Dispose();
        return _connections.DisposeAsync();
    }

    private async Task<T> ReadOnceAsync<T>(
        Func<IKmsSession, Task<T>> work,
        Func<CancellationToken, ValueTask<NpgsqlConnection>> open,
        CancellationToken cancellationToken)
    {
        int generation = _guard.Generation;
        await using NpgsqlConnection connection = await open(cancellationToken);
        using KmsSession session = KmsSession.ForReading(connection, SqlDialect.Postgres, cancellationToken);
        T result = await work(session);
        return generation == _guard.Generation ? result : throw PostgresFaults.Moved();
    }

    private async Task<T> WriteOnceAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken)
    {
        int generation = _guard.Generation;
        await using NpgsqlConnection connection = await _connections.OpenWriterAsync(cancellationToken);

        // First, so that this node has seen the epoch of everything that it is told is committed.
        if (!_guard.IsRecorded)
            await _guard.RecordAsync(connection, generation, cancellationToken);

        long begun = Stopwatch.GetTimestamp();
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        using KmsSession session = KmsSession.ForWriting(connection, SqlDialect.Postgres, cancellationToken);
        T result = await work(session);
        await CommitAsync(connection, session, begun, generation);
        RunHooks(session.Committed);
        return result;
    }

    // A transaction that the delegate broke, and said nothing of it, fails here: COMMIT alone would roll back without a word.
    private const string InsertWriteId = $"INSERT INTO writes (write_id, committed_at) VALUES (@WriteId, {PostgresSql.Now});\n";

    // Last of all statements, and after what somebody may have put off to the commit: then nothing comes between the look at what was
    // written and the commit.
    private const string InsertWriteIdAndSettle = InsertWriteId + "SET CONSTRAINTS ALL IMMEDIATE;\n";

    /// <summary>Commits, and finds out what became of it when the answer is lost.</summary>
    /// <exception cref="Exception">Nothing was committed, or it is not known (<see cref="KmsErrors.OutcomeUnknown"/>).</exception>
    private async Task CommitAsync(NpgsqlConnection connection, KmsSession session, long begun, int generation)
    {
        if (generation != _guard.Generation)
            throw PostgresFaults.Moved();

        Guid writeId = _ids.Next();
        int backend = connection.ProcessID;
        CommitWarnings warnings = new(connection);
        byte[] id = writeId.ToBytes();
        bool readsBack = session.HasWritten;
        if (readsBack)
            await session.ReadBackAsync(InsertWriteIdAndSettle, ("WriteId", id));

        try
        {
            // The id in one message with the commit, where nothing is read back: so it costs no way to the database and back.
            await connection.ExecuteAsync(readsBack ? Commit : InsertWriteId + Commit, readsBack ? null : new { WriteId = id });
            warnings.Refuse();
            if (!_guard.TryAcknowledge(id, generation))
                throw PostgresFaults.Moved();
        }
        catch (Exception e) when (!PostgresFaults.IsAnswered(e))
        {
            StorageLog.CommitUncertain(_logger, writeId, e);
            if (!await _fence.WasCommittedAsync(writeId, backend, begun))
                throw;

            // False where the node has moved meanwhile: then the server that it moved to has the write.
            _ = _guard.TryAcknowledge(id, generation);
        }
    }

    private void RunHooks(IReadOnlyList<Action> hooks)
    {
        foreach (Action hook in hooks)
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
    }

    private static InvalidOperationException NotOpen() => new("The store is not open yet.");
}
