using Microsoft.Extensions.Logging;

namespace Qkms.Storage.Telemetry;

/// <summary>What storage writes to the log: never SQL parameters.</summary>
internal static partial class StorageLog
{
    [LoggerMessage(EventId = 2001, Level = LogLevel.Error, Message = "The database refused a write; the caller was told to retry.")]
    public static partial void WriteFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 2002, Level = LogLevel.Error, Message = "The database refused a read; the caller was told to retry.")]
    public static partial void ReadFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 2003, Level = LogLevel.Warning, Message = "A transaction of {Count} writes was lost; the writes are repeated one by one.")]
    public static partial void BatchLost(ILogger logger, int count, Exception exception);

    [LoggerMessage(EventId = 2004, Level = LogLevel.Error, Message = "A hook failed after its write was committed; the write stands.")]
    public static partial void HookFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 2005, Level = LogLevel.Warning, Message = "A write was refused: the queue is full, or the service is stopping.")]
    public static partial void WriteNotQueued(ILogger logger);

    [LoggerMessage(EventId = 2006, Level = LogLevel.Information, Message = "Migration {Name} applied.")]
    public static partial void MigrationApplied(ILogger logger, string name);

    [LoggerMessage(EventId = 2030, Level = LogLevel.Warning, Message = "Committed data could not be copied from the log into the database file yet; it is safe in the log.")]
    public static partial void SettlingFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 2007, Level = LogLevel.Error, Message = "The database does not answer: callers are refused at once until it does.")]
    public static partial void CircuitOpened(ILogger logger, Exception? exception);

    [LoggerMessage(EventId = 2008, Level = LogLevel.Information, Message = "The database answers again.")]
    public static partial void CircuitClosed(ILogger logger);

    [LoggerMessage(EventId = 2009, Level = LogLevel.Warning, Message = "It is uncertain whether write {WriteId} was committed; asking the database.")]
    public static partial void CommitUncertain(ILogger logger, Guid writeId, Exception exception);

    [LoggerMessage(EventId = 2010, Level = LogLevel.Information, Message = "Write {WriteId} was {Outcome}.")]
    public static partial void OutcomeFound(ILogger logger, Guid writeId, string outcome);

    [LoggerMessage(EventId = 2011, Level = LogLevel.Critical, Message = "It could not be determined in time whether write {WriteId} was committed; its caller was told so.")]
    public static partial void OutcomeUnknown(ILogger logger, Guid writeId, Exception exception);

    [LoggerMessage(EventId = 2012, Level = LogLevel.Warning, Message = "Old ids of writes could not be deleted; the sweep retries in an hour.")]
    public static partial void SweepFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 2013, Level = LogLevel.Warning, Message = "The database on {Host} does not answer yet; waiting up to {Seconds} s for it.")]
    public static partial void WaitingForDatabase(ILogger logger, string host, double seconds);

    [LoggerMessage(EventId = 2014, Level = LogLevel.Warning, Message = "The connection to the database on {Host} is not protected against somebody in between: set SSL Mode=VerifyFull in the connection string; see docs/postgresql.md.")]
    public static partial void DatabaseExposed(ILogger logger, string host);

    [LoggerMessage(EventId = 2015, Level = LogLevel.Warning, Message = "The database server runs with fsync or full_page_writes off: a crash of its machine can lose or corrupt every key.")]
    public static partial void DatabaseNotDurable(ILogger logger);

    [LoggerMessage(EventId = 2016, Level = LogLevel.Warning, Message = "A reader, perhaps a backup, holds the write-ahead log: erased data stays in it until the next attempt.")]
    public static partial void LogNotTruncated(ILogger logger);

    [LoggerMessage(EventId = 2017, Level = LogLevel.Error, Message = "The write-ahead log could not be emptied: erased data stays in it until the next attempt.")]
    public static partial void TruncationFailed(ILogger logger, Exception exception);
}
