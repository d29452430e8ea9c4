using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using Qkms.Core.Telemetry;
using Qkms.Storage.Migrations;
using Qkms.Storage.Sessions;
using Qkms.Storage.Telemetry;

namespace Qkms.Storage.Sqlite;

/// <summary>The embedded database: one file, one writer, many readers.</summary>
internal sealed class SqliteKmsStore : IKmsStore, IDisposable
{
    private static readonly ResiliencePipeline _busyRetry = new ResiliencePipelineBuilder()
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<SqliteException>(SqliteFaults.IsTransient),
            MaxRetryAttempts = 2,
            Delay = TimeSpan.FromMilliseconds(50),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
        })
        .Build();

    private readonly SqliteStorageOptions _options;
    private readonly SqliteDataSource _source;
    private readonly SqliteMigrator _migrator;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ReaderPool _readers;
    private DataDirectory? _directory;
    private DatabaseFile? _file;
    private GroupCommitWriter? _writer;
    private SchemaWatch? _schema;
    private bool _disposed;

    /// <summary>Opens nothing yet.</summary>
    public SqliteKmsStore(SqliteStorageOptions options, TimeProvider time, ILogger<SqliteKmsStore> logger)
        : this(options, Migration.For("Sqlite"), time, logger)
    {
    }

    /// <summary>The same with other scripts.</summary>
    internal SqliteKmsStore(
        SqliteStorageOptions options, IReadOnlyList<Migration> migrations, TimeProvider time, ILogger<SqliteKmsStore> logger)
    {
        string path = DataDirectory.DatabasePathIn(options.DataDirectory);
        (_options, _time, _logger) = (options, time, logger);
        _source = new SqliteDataSource(path);
        _readers = new ReaderPool(_source);
        _migrator = new SqliteMigrator(migrations, time, logger);
        Description = $"{NativeSqlite.Description}, {path}";
    }

    /// <inheritdoc/>
    public string Description { get; }

    /// <inheritdoc/>
    public bool IsEmbedded => true;

    /// <summary>Whether the schema is still ours.</summary>
    internal SchemaWatch Schema => _schema ?? throw NotOpen();

    /// <inheritdoc/>
    public Task OpenAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_writer is not null)
            throw new InvalidOperationException("The store is open already.");

        _directory = DataDirectory.Take(_options.DataDirectory);
        _writer = new GroupCommitWriter(_source, OpenMigrated(), _options.WriteQueueCapacity, _busyRetry, _logger);
        _file = new DatabaseFile(_directory.DatabasePath, _time, _logger);
        _schema = new SchemaWatch(() => Task.Run(FindSchemaDifference), _time, _logger);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<T> WriteAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) =>
        WriteAsync(writer => writer.WriteAsync(work, cancellationToken));

    /// <inheritdoc/>
    public Task<T> WriteHereAsync<T>(Func<IKmsSession, Task<T>> work) => WriteAsync(writer => writer.WriteHereAsync(work));

    private async Task<T> WriteAsync<T>(Func<GroupCommitWriter, Task<T>> write)
    {
        Schema.ThrowIfDifferent();
        OpenFile.ThrowIfReplaced();
        T result = await (KmsActivities.Source.HasListeners() ? WriteTracedAsync(write) : write(Writer));

        // Otherwise it may be in a file that nobody finds again.
        return OpenFile.IsReplaced() ? throw KmsErrors.OutcomeUnknown.Refusal() : result;
    }

    /// <summary>A write: nobody else is in the data directory, and a write takes the time that it takes.</summary>
    public Task<T> UpgradeAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) =>
        WriteAsync(work, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> EraseRemainsAsync(CancellationToken cancellationToken)
    {
        GroupCommitWriter writer = Writer;
        return Task.Run(() => writer.RunBetweenBatches(TryTruncateLog), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<T> ReadAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken)
    {
        Schema.ThrowIfDifferent();
        OpenFile.ThrowIfReplaced();
        using Activity? span = StartSpan(StorageMeter.SqliteRead);
        try
        {
            return await _busyRetry.ExecuteAsync(
                static (read, token) => new ValueTask<T>(read.Store.ReadOnceAsync(read.Work, token)),
                (Store: this, Work: work),
                cancellationToken);
        }
        catch (SqliteException e) when (SqliteFaults.IsOutage(e))
        {
            StorageLog.ReadFailed(_logger, e);
            throw SqliteFaults.Unavailable();
        }
    }

    /// <summary>Finishes the queued writes, closes the files and lets go of the data directory.</summary>
    public void Dispose()
    {
        _disposed = true;
        _schema?.Dispose();
        _readers.Dispose();
        _writer?.Dispose();
        _file?.Dispose();
        _directory?.Dispose();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    // What waits in the queue runs inside this span: each unit carries the context of its caller.
    private async Task<T> WriteTracedAsync<T>(Func<GroupCommitWriter, Task<T>> write)
    {
        using Activity? span = StartSpan(StorageMeter.SqliteWrite);
        return await write(Writer);
    }

    private static Activity? StartSpan(string name) => KmsActivities.Start(name, ActivityKind.Client)?.SetTag("db.system.name", "sqlite");

    private DatabaseFile OpenFile => _file ?? throw NotOpen();

    private GroupCommitWriter Writer => _writer ?? throw NotOpen();

    private static InvalidOperationException NotOpen() => new("The store is not open yet.");

    private string? FindSchemaDifference()
    {
        using SqliteConnection connection = _source.OpenReader();
        return _migrator.FindDifference(connection);
    }

    private bool TryTruncateLog()
    {
        try
        {
            bool done = !_disposed && _source.TryTruncateLog();
            if (!done)
                StorageLog.LogNotTruncated(_logger);

            return done;
        }
        catch (SqliteException e)
        {
            StorageLog.TruncationFailed(_logger, e);
            return false;
        }
    }

    private CachingConnection OpenMigrated()
    {
        CachingConnection? connection = null;
        try
        {
            WriteAheadLog.RefuseDamaged(_directory!.DatabasePath);
            connection = _source.OpenWriter();
            _migrator.Run(connection);
            return connection;
        }
        catch (Exception e)
        {
            connection?.Dispose();
            _directory?.Dispose();
            if (e is SqliteException or IOException or UnauthorizedAccessException)
                throw new StoreUnusableException($"The database '{_directory?.DatabasePath}' cannot be opened: {e.Message}", e);

            throw;
        }
    }

    private async Task<T> ReadOnceAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken)
    {
        if (_disposed)
            throw SqliteFaults.Unavailable();

        SqliteConnection connection = _readers.Rent(out bool isFresh);
        if (isFresh && OpenFile.IsReplaced())
        {
            connection.Dispose();
            throw SqliteFaults.Unavailable();
        }

        try
        {
            using KmsSession session = KmsSession.ForReading(connection, SqlDialect.Sqlite, cancellationToken);
            T result = await work(session);
            _readers.Return(connection);
            return result;
        }
        catch (SqliteException)
        {
            connection.Dispose();
            throw;
        }
        catch
        {
            _readers.Return(connection);
            throw;
        }
    }
}

/// <summary>Where the embedded database lies.</summary>
internal sealed class SqliteStorageOptions
{
    /// <summary>The directory of the database. It is made with mode 0700 if it is not there; one process at a time works in it.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>How many writes may wait before further ones are refused as unavailable: about a second's worth on a slow disk.</summary>
    internal int WriteQueueCapacity { get; init; } = 4096;
}
