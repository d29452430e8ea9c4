using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;
using Qkms.Storage.Telemetry;

namespace Qkms.Storage.Postgres;

/// <summary>
/// What is tried again, how long, and when it is not even tried: reads and writes share one circuit, because they share one
/// database. What a caller gets in the end is a result, a refusal of the delegate's own, or "unavailable".
/// </summary>
internal sealed class PostgresResilience
{
    private readonly ILogger _logger;
    private readonly ResiliencePipeline _reads;
    private readonly ResiliencePipeline _writes;

    /// <summary>The circuit is closed.</summary>
    public PostgresResilience(PostgresStorageOptions options, ILogger logger)
    {
        _logger = logger;
        ResiliencePipeline circuit = NewPipeline().AddCircuitBreaker(Circuit(options.OperationTimeout)).Build();

        // Outermost, so that it sees what became of an operation with all its tries: a server that was restarted breaks every idle
        // connection at once, and is there.
        _reads = NewPipeline()
            .AddPipeline(circuit)
            .AddTimeout(options.OperationTimeout)
            .AddRetry(Retry(PostgresFaults.IsOutage, attempts: 2))
            .Build();
        _writes = NewPipeline()
            .AddPipeline(circuit)
            .AddTimeout(options.OperationTimeout)
            .AddRetry(Retry(IsWorthAnotherWrite, attempts: 4))
            .AddRetry(Retry(PostgresFaults.IsLocked, attempts: 1))
            .Build();
    }

    /// <summary>Runs a read, again when the database faltered.</summary>
    public Task<T> ReadAsync<T>(Func<CancellationToken, Task<T>> read, CancellationToken cancellationToken) =>
        RunAsync(_reads, read, PostgresFaults.IsOutage, StorageLog.ReadFailed, cancellationToken);

    /// <summary>Runs a write, again when it is known that nothing of it was committed.</summary>
    public Task<T> WriteAsync<T>(Func<CancellationToken, Task<T>> write) =>
        RunAsync(
            _writes,
            write,
            static e => PostgresFaults.IsWriteOutage(e) || PostgresFaults.IsLocked(e) || PostgresFaults.IsLost(e),
            StorageLog.WriteFailed,
            CancellationToken.None);

    private async Task<T> RunAsync<T>(
        ResiliencePipeline pipeline,
        Func<CancellationToken, Task<T>> work,
        Predicate<Exception> isUnavailable,
        Action<ILogger, Exception> log,
        CancellationToken cancellationToken)
    {
        try
        {
            return await pipeline.ExecuteAsync(
                static (run, token) => new ValueTask<T>(run(token)),
                work,
                cancellationToken);
        }
        catch (BrokenCircuitException)
        {
            // Said once, when the circuit opened.
            throw PostgresFaults.Unavailable();
        }
        catch (Exception e) when (e is TimeoutRejectedException or ObjectDisposedException || isUnavailable(e))
        {
            log(_logger, e);
            throw PostgresFaults.Unavailable();
        }
    }

    private static bool IsWorthAnotherWrite(Exception e) =>
        PostgresFaults.IsConflict(e) || (PostgresFaults.IsWriteOutage(e) && !PostgresFaults.IsFull(e));

    // A full disk stops writes alone: an open circuit would refuse the reads, too.
    private static bool IsGone(Exception e) => PostgresFaults.IsOutage(e) && !PostgresFaults.IsFull(e);

    private static ResiliencePipelineBuilder NewPipeline() => new() { TimeProvider = new MonotonicTime() };

    private static RetryStrategyOptions Retry(Func<Exception, bool> isWorthIt, int attempts) => new()
    {
        ShouldHandle = new PredicateBuilder().Handle<Exception>(isWorthIt),
        MaxRetryAttempts = attempts,
        Delay = TimeSpan.FromMilliseconds(25),
        MaxDelay = TimeSpan.FromMilliseconds(500),
        BackoffType = DelayBackoffType.Exponential,
        UseJitter = true,
    };

    // Two operations that failed one after the other open it, also where each took all its time, and are seen together for that long:
    // where the network swallows everything there are few, because callers with one API key share the reads of it. It closes soon,
    // because trying costs one caller at a time.
    private CircuitBreakerStrategyOptions Circuit(TimeSpan longestOperation) => new()
    {
        ShouldHandle = new PredicateBuilder().Handle<Exception>(IsGone).Handle<TimeoutRejectedException>(),
        FailureRatio = 0.6,
        MinimumThroughput = 2,
        SamplingDuration = longestOperation + TimeSpan.FromSeconds(2),
        BreakDuration = TimeSpan.FromSeconds(1),
        OnOpened = opened =>
        {
            StorageLog.CircuitOpened(_logger, opened.Outcome.Exception);
            return default;
        },
        OnClosed = _ =>
        {
            StorageLog.CircuitClosed(_logger);
            return default;
        },
    };
}
