using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using Qkms.Core.Secrets;
using Qkms.Storage.Migrations;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Sqlite;

/// <summary>
/// The embedded database, changed by a command beside the service that works on it, in rows that the service reads at its start or inside
/// the unit that changes them: it does not take the data directory, brings no schema up to date, and each unit takes its turn among those
/// of the service by SQLite's own lock.
/// </summary>
internal sealed class SqliteBesideStore : IKmsStore
{
    // A service that writes without a pause lets others in between two batches; whoever asks by polling may have to ask often.
    private static readonly ResiliencePipeline _busyRetry = new ResiliencePipelineBuilder()
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<SqliteException>(SqliteFaults.IsTransient),
            MaxRetryAttempts = 30,
            Delay = TimeSpan.FromMilliseconds(50),
            UseJitter = true,
        })
        .Build();

    private readonly string _path;
    private readonly SqliteDataSource _source;
    private readonly SqliteMigrator _migrator;
    private readonly ILogger _logger;
    private GroupCommitWriter? _writer;

    /// <summary>Opens nothing yet.</summary>
    public SqliteBesideStore(SqliteStorageOptions options, TimeProvider time, ILogger<SqliteBesideStore> logger)
    {
        _path = DataDirectory.DatabasePathIn(options.DataDirectory);
        _source = new SqliteDataSource(_path);
        _migrator = new SqliteMigrator(Migration.For("Sqlite"), time, logger);
        _logger = logger;
        Description = $"{NativeSqlite.Description}, {_path}";
    }

    /// <inheritdoc/>
    public string Description { get; }

    /// <summary>False: nothing is ever made here.</summary>
    public bool IsEmbedded => false;

    /// <inheritdoc/>
    public Task OpenAsync(CancellationToken cancellationToken)
    {
        TrustedPath.CheckFolder(Path.GetDirectoryName(_path)!);
        foreach (string path in (string[])[_path, _path + "-wal", _path + "-shm"])
            TrustedPath.CheckFile(path);

        if (!File.Exists(_path))
            throw new StoreUnusableException($"There is no database '{_path}'.");

        CachingConnection? connection = null;
        try
        {
            WriteAheadLog.RefuseDamaged(_path);
            connection = _source.OpenWriter();
            if (_migrator.FindDifference(connection) is { } difference)
                throw Schema.Refusal(difference);

            _writer = new GroupCommitWriter(_source, connection, queueCapacity: 1, _busyRetry, _logger);
            return Task.CompletedTask;
        }
        catch (Exception e)
        {
            connection?.Dispose();
            if (e is SqliteException)
                throw new StoreUnusableException($"The database '{_path}' cannot be opened: {e.Message}", e);

            throw;
        }
    }

    /// <inheritdoc/>
    public Task<T> WriteAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) =>
        Writer.WriteAsync(work, cancellationToken);

    /// <inheritdoc/>
    public Task<T> UpgradeAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) =>
        Writer.WriteAsync(work, cancellationToken);

    /// <summary>Reads by a connection of its own: what the database has, and not what the writer believes.</summary>
    public async Task<T> ReadAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            using SqliteConnection connection = _source.OpenReader();
            using KmsSession session = KmsSession.ForReading(connection, SqlDialect.Sqlite, cancellationToken);
            return await work(session);
        }
        catch (SqliteException e)
        {
            throw new StoreUnusableException($"The database '{_path}' cannot be read: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public Task<bool> EraseRemainsAsync(CancellationToken cancellationToken)
    {
        try
        {
            return Task.FromResult(Writer.RunBetweenBatches(_source.TryTruncateLog));
        }
        catch (SqliteException)
        {
            return Task.FromResult(false);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _writer?.Dispose();
        return ValueTask.CompletedTask;
    }

    private GroupCommitWriter Writer => _writer ?? throw new InvalidOperationException("The store is not open yet.");
}
