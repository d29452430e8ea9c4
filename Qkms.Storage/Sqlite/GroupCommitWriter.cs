using System.Diagnostics;
using System.Threading.Channels;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Polly;
using Qkms.Core.Sealing;
using Qkms.Storage.Sessions;
using Qkms.Storage.Telemetry;
using SQLitePCL;

namespace Qkms.Storage.Sqlite;

/// <summary>
/// The one writer. Units that wait together run one after the other in one transaction, and are answered after its one commit: what
/// costs is the disk, and they share it. Most units that are refused are so before they write anything. When one fails later, all
/// is rolled back and they run again, each in a savepoint: keeping what a savepoint could bring back took a sixth of the time of a
/// key, so it is done on demand.
/// </summary>
internal sealed class GroupCommitWriter : IDisposable
{
    // Plain SQL and not the provider's transaction object: that one runs ROLLBACK again after SQLite rolled back by itself
    // on a full disk, and then neither it nor its connection can be disposed without an exception.
    internal const string Begin = "BEGIN IMMEDIATE";
    private const string EndBatch = "COMMIT";
    private const string Rollback = "ROLLBACK";
    private const string Save = "SAVEPOINT unit";
    private const string RollbackToSave = "ROLLBACK TO unit";
    private const string Release = "RELEASE unit";

    // The first commits of a process go on into the database file at once. Until then the file of a new installation is empty, and
    // without its log, or with a damaged one, it would pass for one that was never used.
    private const int SettledBatches = 16;
    private const string Settle = "PRAGMA wal_checkpoint(PASSIVE)";

    // Bounds how long the first of a batch waits for the last; the gain is gone long before.
    private const int MaxBatch = 256;

    private readonly SqliteDataSource _source;
    private readonly ResiliencePipeline _busyRetry;
    private readonly ILogger _logger;
    private readonly Channel<PendingWrite> _queue;
    private readonly Thread _thread;
    private readonly Lock _betweenBatches = new();
    private CachingConnection? _connection;
    private volatile bool _isBusy;
    private bool _isClosed;
    private int _settled;

    /// <summary>Starts the thread.</summary>
    /// <param name="source">Opens a connection again when the first one broke.</param>
    /// <param name="connection">The first connection; it belongs to the writer from now on.</param>
    /// <param name="queueCapacity">How many units may wait.</param>
    /// <param name="busyRetry">What to do while somebody else holds the file.</param>
    /// <param name="logger">Where faults of the database go.</param>
    public GroupCommitWriter(
        SqliteDataSource source, CachingConnection connection, int queueCapacity, ResiliencePipeline busyRetry, ILogger logger)
    {
        (_source, _connection, _busyRetry, _logger) = (source, connection, busyRetry, logger);
        _queue = Channel.CreateBounded<PendingWrite>(new BoundedChannelOptions(queueCapacity) { SingleReader = true });
        _thread = new Thread(Run) { IsBackground = true, Name = "qkms-writer" };
        _thread.Start();
    }

    /// <summary>Queues a unit; its task completes after the commit.</summary>
    public Task<T> WriteAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return Task.FromCanceled<T>(cancellationToken);

        PendingWrite<T> write = new(work);
        if (!_queue.Writer.TryWrite(write))
        {
            StorageLog.WriteNotQueued(_logger);
            write.Refuse(SqliteFaults.Unavailable());
            return write.Completion;
        }

        StorageMeter.QueueLength.Add(1);
        return write.Completion;
    }

    /// <summary>
    /// Runs a unit on the calling thread, as a batch of its own, if nobody writes or waits to; queues it otherwise. Its task completes
    /// after the commit.
    /// </summary>
    public Task<T> WriteHereAsync<T>(Func<IKmsSession, Task<T>> work)
    {
        if (_isBusy || !_betweenBatches.TryEnter())
            return WriteAsync(work, CancellationToken.None);

        try
        {
            if (_isClosed)
                return WriteAsync(work, CancellationToken.None);

            PendingWrite<T> write = new(work);
            CommitAndSettle([write]);
            return write.Completion;
        }
        finally
        {
            _betweenBatches.Exit();
        }
    }

    /// <summary>Runs <paramref name="action"/> while no transaction is open; writes wait for it.</summary>
    public T RunBetweenBatches<T>(Func<T> action)
    {
        lock (_betweenBatches)
            return action();
    }

    /// <summary>Takes no more, finishes what is queued, and closes the connection.</summary>
    public void Dispose()
    {
        _queue.Writer.TryComplete();
        _thread.Join();
    }

    private void Run()
    {
        List<PendingWrite> batch = new(MaxBatch);
        while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            // Nobody who writes on a thread of his own comes between from here on.
            _isBusy = true;
            while (batch.Count < MaxBatch && _queue.Reader.TryRead(out PendingWrite? write))
                batch.Add(write);

            StorageMeter.QueueLength.Add(-batch.Count);
            lock (_betweenBatches)
                CommitAndSettle(batch);

            _isBusy = false;
            batch.Clear();
        }

        lock (_betweenBatches)
        {
            _isClosed = true;
            _connection?.Dispose();
        }
    }

    private void CommitAndSettle(List<PendingWrite> batch)
    {
        CommitMeasured(batch);
        if (_settled < SettledBatches)
            SettleBatch();
    }

    private void CommitMeasured(List<PendingWrite> batch)
    {
        long begun = StorageMeter.BatchDuration.Enabled ? Stopwatch.GetTimestamp() : 0;
        StorageMeter.BatchSize.Record(batch.Count);
        Commit(batch);
        if (begun != 0)
            StorageMeter.BatchDuration.Record(Stopwatch.GetElapsedTime(begun).TotalSeconds);
    }

    private void Commit(List<PendingWrite> batch)
    {
        Outcome outcome = TryCommit(batch, inSavepoints: false);
        if (outcome == Outcome.UnitFailed)
            outcome = TryCommit(batch, inSavepoints: true);

        if (outcome == Outcome.Answered)
            return;

        // The transaction was lost as a whole: alone, only the one that breaks it is refused.
        foreach (PendingWrite write in batch)
            TryCommit([write], inSavepoints: true);
    }

    private void SettleBatch()
    {
        _settled++;
        try
        {
            _connection?.Execute(Settle);
        }
        catch (SqliteException e)
        {
            // It was committed and answered, and stays in the log until SQLite's own checkpoint succeeds.
            StorageLog.SettlingFailed(_logger, e);
        }
    }

    /// <summary>
    /// Commits the units together and answers them. A single unit in a savepoint is always answered; others are not
    /// when the transaction fails.
    /// </summary>
    private Outcome TryCommit(List<PendingWrite> batch, bool inSavepoints)
    {
        try
        {
            CachingConnection connection = _connection ??= _source.OpenWriter();
            _busyRetry.Execute(static c => c.Execute(Begin), connection);
            foreach (PendingWrite write in batch)
            {
                if (inSavepoints)
                {
                    RunInSavepoint(write, connection);
                }
                else if (!TryRun(write, connection))
                {
                    RunAlone(connection, Rollback);
                    return Outcome.UnitFailed;
                }
            }

            connection.RunPrepared(EndBatch);
        }
        catch (Exception e)
        {
            Abandon(e);
            if (batch.Count > 1)
            {
                StorageLog.BatchLost(_logger, batch.Count, e);
                return Outcome.Lost;
            }

            batch[0].Refuse(ToAnswer(e));
            return Outcome.Answered;
        }

        foreach (PendingWrite write in batch)
        {
            if (write.Refusal is { } refusal)
            {
                write.Refuse(ToAnswer(refusal));
            }
            else
            {
                write.Acknowledge(e => StorageLog.HookFailed(_logger, e));
            }
        }

        return Outcome.Answered;
    }

    /// <summary>Runs a unit; false when it failed and left something behind.</summary>
    private static bool TryRun(PendingWrite write, SqliteConnection connection)
    {
        int before = raw.sqlite3_total_changes(connection.Handle);
        try
        {
            Run(write, connection);
        }
        catch (Exception e) when (IsInTransaction(connection))
        {
            write.RefuseLater(e);
        }

        ThrowIfTransactionIsLost(connection);
        return write.Refusal is null || raw.sqlite3_total_changes(connection.Handle) == before;
    }

    private static void RunInSavepoint(PendingWrite write, SqliteConnection connection)
    {
        RunAlone(connection, Save);
        try
        {
            Run(write, connection);
        }
        catch (Exception e) when (IsInTransaction(connection))
        {
            RunAlone(connection, RollbackToSave);
            write.RefuseLater(e);
        }

        ThrowIfTransactionIsLost(connection);
        RunAlone(connection, Release);
    }

    private static void Run(PendingWrite write, SqliteConnection connection)
    {
        using KmsSession session = KmsSession.ForWritingOnThisThread(connection, SqlDialect.Sqlite);
        try
        {
            write.Run(session);
        }
        catch (SealBrokenException) when (!IsInTransaction(connection))
        {
            // The row that did not stand as written went with the whole transaction: a fault of the disk, not of a trigger.
            throw SqliteFaults.Unavailable();
        }
    }

    // A full disk takes the whole transaction, and the delegate may have swallowed the error.
    private static void ThrowIfTransactionIsLost(SqliteConnection connection)
    {
        if (!IsInTransaction(connection))
            throw SqliteFaults.Unavailable();
    }

    // Without parameters or rows: what Dapper and the provider do around it takes longer than the statement.
    private static void RunAlone(SqliteConnection connection, string sql)
    {
        int result = raw.sqlite3_exec(connection.Handle, sql);
        SqliteException.ThrowExceptionForRC(result, connection.Handle);
    }

    // sqlite3_get_autocommit: 0 inside a transaction.
    private static bool IsInTransaction(SqliteConnection connection) => raw.sqlite3_get_autocommit(connection.Handle) == 0;

    /// <summary>What the caller gets: refusals as they are, faults of the database as unavailable, everything else as it is.</summary>
    private Exception ToAnswer(Exception exception)
    {
        if (!SqliteFaults.IsWriteOutage(exception))
            return exception;

        StorageLog.WriteFailed(_logger, exception);
        return SqliteFaults.Unavailable();
    }

    /// <summary>
    /// Leaves the transaction, which SQLite may have left already, and the connection too unless it is as good as before.
    /// </summary>
    private void Abandon(Exception cause)
    {
        // After anything but a full disk or a lock of somebody else its view of the file is not to be trusted.
        bool keep = SqliteFaults.IsTransient(cause) || SqliteFaults.IsFull(cause);
        try
        {
            if (_connection is { } connection && IsInTransaction(connection))
                connection.Execute(Rollback);
        }
        catch (SqliteException)
        {
            // Closing the connection ends what could not be rolled back, and the cause is what counts.
            keep = false;
        }

        if (!keep)
        {
            _connection?.Dispose();
            _connection = null;
        }
    }

    private enum Outcome
    {
        /// <summary>Every unit has its answer.</summary>
        Answered,

        /// <summary>One failed after it had written; nothing was committed.</summary>
        UnitFailed,

        /// <summary>The transaction failed as a whole.</summary>
        Lost,
    }
}
