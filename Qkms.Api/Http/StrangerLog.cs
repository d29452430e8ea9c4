using Qkms.Api.Logging;

namespace Qkms.Api.Http;

/// <summary>
/// Keeps strangers from filling the log: of each kind of request without a caller, the first few a minute are logged like all others,
/// the rest are counted, and one line a minute says how many there were.
/// </summary>
internal sealed partial class StrangerLog : IDisposable
{
    /// <summary>How many of a kind are logged one by one.</summary>
    internal const int LoggedOfEach = 10;

    private static readonly TimeSpan _interval = TimeSpan.FromMinutes(1);

    private readonly long[] _seen = new long[Enum.GetValues<StrangerRequest>().Length];
    private readonly ILogger<StrangerLog> _logger;
    private readonly ITimer _timer;

    public StrangerLog(TimeProvider time, ILogger<StrangerLog> logger)
    {
        _logger = logger;
        _timer = time.CreateTimer(static log => ((StrangerLog)log!).SummariseQuietly(), this, _interval, _interval);
    }

    /// <summary>Counts a request, and says whether it is to be logged by itself.</summary>
    public bool Admits(StrangerRequest kind) => Interlocked.Increment(ref _seen[(int)kind]) <= LoggedOfEach;

    /// <summary>Logs how many were not logged since the last time, if any, and begins anew.</summary>
    public void Summarise()
    {
        long noProof = Unlogged(StrangerRequest.NoProof);
        long notIssued = Unlogged(StrangerRequest.NotIssued);
        long notAccepted = Unlogged(StrangerRequest.NotAccepted);
        long notAsked = Unlogged(StrangerRequest.NotAsked);
        if (noProof + notIssued + notAccepted + notAsked > 0)
            LogUnlogged(_logger, LoggedOfEach, noProof, notIssued, notAccepted, notAsked);
    }

    public void Dispose() => _timer.Dispose();

    // On the thread of a timer an exception ends the process, and a log that is closed at a stop may throw one.
    private void SummariseQuietly()
    {
        try
        {
            Summarise();
        }
        catch (Exception e) when (e is AggregateException or ObjectDisposedException)
        {
            // What could not be logged has no other place.
        }
    }

    private long Unlogged(StrangerRequest kind) => Math.Max(0, Interlocked.Exchange(ref _seen[(int)kind], 0) - LoggedOfEach);

    [LoggerMessage(ApiEvents.RequestsNotLogged, LogLevel.Information,
        "Beyond the first {LoggedOfEach} of each kind, requests without a caller were only counted in the last minute: {NoApiKey} without "
        + "an API key, {NotIssued} with one that was never issued here, {NotAccepted} with an unknown, wrong or withdrawn one, {NotAsked} "
        + "that needed none.")]
    private static partial void LogUnlogged(
        ILogger logger, int loggedOfEach, long noApiKey, long notIssued, long notAccepted, long notAsked);
}
