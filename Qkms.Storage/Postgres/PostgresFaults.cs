using System.Data;
using System.Net.Sockets;
using Npgsql;

namespace Qkms.Storage.Postgres;

/// <summary>What PostgreSQL's error codes mean for the service (https://www.postgresql.org/docs/current/errcodes-appendix.html).</summary>
internal static class PostgresFaults
{
    // idle_in_transaction_session_timeout; the provider has no name for it.
    private const string IdleInTransaction = "25P03";

    private static readonly TimeSpan _retryAfter = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Two units came into each other's way, and one of them was undone: run again, it sees what the other one wrote. A unique
    /// violation is one of these, because where two insert the same thing the second has looked before the first was there.
    /// </summary>
    public static bool IsConflict(Exception exception) => Cause(exception) is PostgresException
    {
        SqlState: PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected,
    };

    /// <summary>The database, or the way to it, failed; not the statement.</summary>
    public static bool IsOutage(Exception exception) => Cause(exception) switch
    {
        PostgresException e => IsOutage(e),

        // Two commands at once on one connection: a fault of the program.
        NpgsqlOperationInProgressException => false,
        NpgsqlException or IOException or SocketException or TimeoutException => true,

        // The server is not, or no longer, one that can be used: too old a release, not durable, or without the newest data.
        StoreUnusableException => true,
        _ => false,
    };

    /// <summary>The same for a write; a server that takes no writes is one that has become, or still is, a standby.</summary>
    public static bool IsWriteOutage(Exception exception) =>
        IsOutage(exception) || Cause(exception) is PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction };

    /// <summary>
    /// The server has no room for what a statement writes, and undid it. Reads go on, and no try soon after helps: somebody has to make
    /// room.
    /// </summary>
    public static bool IsFull(Exception exception) => Cause(exception) is PostgresException { SqlState: PostgresErrorCodes.DiskFull };

    /// <summary>Somebody holds what is needed for longer than is waited.</summary>
    public static bool IsLocked(Exception exception) =>
        Cause(exception) is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable };

    /// <summary>A conflict that many tries did not get past, and that says nothing about what was asked for.</summary>
    public static bool IsLost(Exception exception) =>
        Cause(exception) is PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected };

    /// <summary>The server answered, and what it answered is that it did not do it. Only then is a commit known to have failed.</summary>
    public static bool IsAnswered(Exception exception) => Cause(exception) is PostgresException { InvariantSeverity: "ERROR" };

    /// <summary>The refusal that callers see: nothing was committed, and a second later it may work.</summary>
    public static KmsException Unavailable() => KmsErrors.Unavailable.RetryAfter(_retryAfter);

    /// <summary>What came from a server that the node has left meanwhile: to be tried again on the new one.</summary>
    public static NpgsqlException Moved() => new("The node has moved to another database server meanwhile.");

    // Columns are read as they arrive, and Dapper wraps whatever happens meanwhile.
    private static Exception Cause(Exception exception) => exception is DataException { InnerException: { } inner } ? inner : exception;

    private static bool IsOutage(PostgresException exception) =>
        (exception.IsTransient && !IsConflict(exception) && !IsLocked(exception))
        || exception.SqlState is PostgresErrorCodes.QueryCanceled
            or IdleInTransaction
            or PostgresErrorCodes.DatabaseDropped

            // Whoever changes the password or the rights of a running service takes its database away.
            or PostgresErrorCodes.InvalidPassword
            or PostgresErrorCodes.InvalidAuthorizationSpecification
            or PostgresErrorCodes.InvalidCatalogName;
}
