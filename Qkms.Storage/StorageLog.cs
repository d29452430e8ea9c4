using Microsoft.Extensions.Logging;

namespace Qkms.Storage;

/// <summary>What storage writes to the log: never SQL parameters.</summary>
internal static partial class StorageLog
{
    [LoggerMessage(EventId = 2001, Level = LogLevel.Error, Message = "The database refused a write; the caller was told to try again.")]
    public static partial void WriteFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 2002, Level = LogLevel.Error, Message = "The database refused a read; the caller was told to try again.")]
    public static partial void ReadFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 2003, Level = LogLevel.Warning, Message = "A transaction of {Count} writes was lost; they are repeated one by one.")]
    public static partial void BatchLost(ILogger logger, int count, Exception exception);

    [LoggerMessage(EventId = 2004, Level = LogLevel.Error, Message = "A hook failed after its write was committed; the write stands.")]
    public static partial void HookFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 2005, Level = LogLevel.Warning, Message = "A write was refused: the queue is full, or the service is stopping.")]
    public static partial void WriteNotQueued(ILogger logger);

    [LoggerMessage(EventId = 2006, Level = LogLevel.Information, Message = "Migration {Name} applied.")]
    public static partial void MigrationApplied(ILogger logger, string name);

    [LoggerMessage(EventId = 2007, Level = LogLevel.Warning, Message = "A reader, perhaps a backup, holds the write-ahead log: what was erased from the database stays in it until the next attempt.")]
    public static partial void LogNotTruncated(ILogger logger);

    [LoggerMessage(EventId = 2008, Level = LogLevel.Error, Message = "The write-ahead log could not be emptied: what was erased from the database stays in it until the next attempt.")]
    public static partial void TruncationFailed(ILogger logger, Exception exception);
}
