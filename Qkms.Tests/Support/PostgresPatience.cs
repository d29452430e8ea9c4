using Qkms.Storage.Postgres;

namespace Qkms.Tests.Support;

/// <summary>
/// How long a store of a test waits for PostgreSQL. The service gives up after a few seconds, and then says that nothing was done: on a
/// machine that does much else, that would be the answer at any time to any request. Where giving up is the subject of a test, it sets the
/// limit that is to be reached, and no other is near.
/// </summary>
internal sealed record PostgresPatience
{
    private static readonly TimeSpan _minute = TimeSpan.FromMinutes(1);

    /// <summary>Far longer than anything takes; limits that enclose others are longer than they, as the service's are.</summary>
    public static PostgresPatience Long { get; } = new();

    public TimeSpan Connect { get; init; } = _minute;

    public TimeSpan Lock { get; init; } = _minute;

    public TimeSpan Statement { get; init; } = 2 * _minute;

    public TimeSpan Operation { get; init; } = 5 * _minute;

    public TimeSpan Outcome { get; init; } = _minute;

    public TimeSpan Start { get; init; } = _minute;

    public TimeSpan WatchPeriod { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The options of a store with it.</summary>
    /// <param name="connectionString">
    /// Unless it sets options of the session, the server gets the patience, too, with a transaction in which nothing happens.
    /// </param>
    /// <param name="dataDirectory">Where the store remembers what it has worked on; null to forget it.</param>
    public PostgresStorageOptions For(string connectionString, string? dataDirectory = null) => new()
    {
        ConnectionString = connectionString.Contains("Options=", StringComparison.OrdinalIgnoreCase)
            ? connectionString
            : $"{connectionString};Options=-c idle_in_transaction_session_timeout=5min",
        DataDirectory = dataDirectory,
        WatchPeriod = WatchPeriod,
        ConnectTimeout = Connect,
        LockTimeout = Lock,
        StatementTimeout = Statement,
        OperationTimeout = Operation,
        OutcomeTimeout = Outcome,
        StartTimeout = Start,
    };
}
