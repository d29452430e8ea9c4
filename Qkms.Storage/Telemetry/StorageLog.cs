using Microsoft.Extensions.Logging;

namespace Qkms.Storage.Telemetry;

/// <summary>What storage writes to the log: never SQL parameters.</summary>
internal static partial class StorageLog
{
    [LoggerMessage(StorageEvents.WriteFailed, LogLevel.Error, "The database refused a write; the caller was told to retry.")]
    public static partial void WriteFailed(ILogger logger, Exception exception);

    [LoggerMessage(StorageEvents.ReadFailed, LogLevel.Error, "The database refused a read; the caller was told to retry.")]
    public static partial void ReadFailed(ILogger logger, Exception exception);

    [LoggerMessage(StorageEvents.BatchLost, LogLevel.Warning,
        "A transaction of {Count} writes was lost; the writes are repeated one by one.")]
    public static partial void BatchLost(ILogger logger, int count, Exception exception);

    [LoggerMessage(StorageEvents.HookFailed, LogLevel.Error, "A hook failed after its write was committed; the write stands.")]
    public static partial void HookFailed(ILogger logger, Exception exception);

    [LoggerMessage(StorageEvents.WriteNotQueued, LogLevel.Warning, "A write was refused: the queue is full, or the service is stopping.")]
    public static partial void WriteNotQueued(ILogger logger);

    [LoggerMessage(StorageEvents.MigrationsBegun, LogLevel.Information,
        "The schema of the database is brought up to date: {Count} migrations, from {Name} on. Where tables are large this takes a "
        + "while, and the service starts when it is done.")]
    public static partial void MigrationsBegun(ILogger logger, int count, string name);

    [LoggerMessage(StorageEvents.MigrationApplied, LogLevel.Information, "Migration {Name} applied.")]
    public static partial void MigrationApplied(ILogger logger, string name);

    [LoggerMessage(StorageEvents.SettlingFailed, LogLevel.Warning,
        "Committed data could not be copied from the log into the database file yet; it is safe in the log.")]
    public static partial void SettlingFailed(ILogger logger, Exception exception);

    [LoggerMessage(StorageEvents.CircuitOpened, LogLevel.Error, "The database does not answer: callers are refused at once until it does.")]
    public static partial void CircuitOpened(ILogger logger, Exception? exception);

    [LoggerMessage(StorageEvents.CircuitClosed, LogLevel.Information, "The database answers again.")]
    public static partial void CircuitClosed(ILogger logger);

    [LoggerMessage(StorageEvents.CommitUncertain, LogLevel.Warning,
        "It is uncertain whether write {WriteId} was committed; asking the database.")]
    public static partial void CommitUncertain(ILogger logger, Guid writeId, Exception exception);

    [LoggerMessage(StorageEvents.OutcomeFound, LogLevel.Information, "Write {WriteId} was {Outcome}.")]
    public static partial void OutcomeFound(ILogger logger, Guid writeId, string outcome);

    [LoggerMessage(StorageEvents.OutcomeUnknown, LogLevel.Critical,
        "It could not be determined in time whether write {WriteId} was committed; its caller was told so.")]
    public static partial void OutcomeUnknown(ILogger logger, Guid writeId, Exception exception);

    [LoggerMessage(StorageEvents.SweepFailed, LogLevel.Warning, "Old ids of writes could not be deleted; the sweep retries in an hour.")]
    public static partial void SweepFailed(ILogger logger, Exception exception);

    [LoggerMessage(StorageEvents.WaitingForDatabase, LogLevel.Warning,
        "The database on {Host} does not answer yet; waiting up to {Seconds} s for it.")]
    public static partial void WaitingForDatabase(ILogger logger, string host, double seconds);

    [LoggerMessage(StorageEvents.DatabaseExposed, LogLevel.Warning,
        "The connection to the database on {Host} is not protected against somebody in between: set SSL Mode=VerifyFull in the connection "
        + "string; see docs/postgresql.md.")]
    public static partial void DatabaseExposed(ILogger logger, string host);

    [LoggerMessage(StorageEvents.DatabaseNotDurable, LogLevel.Warning,
        "The database server runs with fsync or full_page_writes off: a crash of its machine can lose or corrupt every key.")]
    public static partial void DatabaseNotDurable(ILogger logger);

    [LoggerMessage(StorageEvents.LogNotTruncated, LogLevel.Warning,
        "A reader, perhaps a backup, holds the write-ahead log: erased data stays in it until the next attempt.")]
    public static partial void LogNotTruncated(ILogger logger);

    [LoggerMessage(StorageEvents.TruncationFailed, LogLevel.Error,
        "The write-ahead log could not be emptied: erased data stays in it until the next attempt.")]
    public static partial void TruncationFailed(ILogger logger, Exception exception);

    [LoggerMessage(StorageEvents.ServerRefused, LogLevel.Critical,
        "A database server is refused: {Why}. Revoked keys could work again on it. To accept it nevertheless, see docs/postgresql.md.")]
    public static partial void ServerRefused(ILogger logger, string why);

    [LoggerMessage(StorageEvents.ServerChanged, LogLevel.Warning,
        "The database is on timeline {After} now, and was on timeline {Before}.")]
    public static partial void ServerChanged(ILogger logger, string before, string after);

    [LoggerMessage(StorageEvents.WritesLost, LogLevel.Critical,
        "The failover lost writes that were committed: keys may be gone, and revoked ones work again. See docs/postgresql.md.")]
    public static partial void WritesLost(ILogger logger);

    [LoggerMessage(StorageEvents.EpochNotRecorded, LogLevel.Warning,
        "No standby confirms what is written on the new database server: nothing can be changed until one does.")]
    public static partial void EpochNotRecorded(ILogger logger, Exception exception);

    [LoggerMessage(StorageEvents.EpochNotRemembered, LogLevel.Warning,
        "{Path} could not be written: after a restart this node may accept an older database server.")]
    public static partial void EpochNotRemembered(ILogger logger, string path, Exception exception);

    [LoggerMessage(StorageEvents.DatabaseFileReplaced, LogLevel.Critical,
        "The open database file {Path} was taken away, or another one put in its place: nothing is read or written until it is back. Stop "
        + "the service before you exchange its database.")]
    public static partial void DatabaseFileReplaced(ILogger logger, string? path);

    [LoggerMessage(StorageEvents.DatabaseFileBack, LogLevel.Warning, "The open database file {Path} is in its place again.")]
    public static partial void DatabaseFileBack(ILogger logger, string? path);

    [LoggerMessage(StorageEvents.WatchFailed, LogLevel.Warning, "A database server could not be looked at; the next look is in seconds.")]
    public static partial void WatchFailed(ILogger logger, Exception exception);

    [LoggerMessage(StorageEvents.SchemaDifferent, LogLevel.Critical,
        "Integrity: somebody changed the schema of the database: {Difference}. Nothing is read or written until that is undone; see "
        + "docs/hardening.md.")]
    public static partial void SchemaDifferent(ILogger logger, string difference);

    [LoggerMessage(StorageEvents.SchemaRestored, LogLevel.Warning, "The schema of the database is again the one that the migrations made.")]
    public static partial void SchemaRestored(ILogger logger);

    [LoggerMessage(StorageEvents.SchemaNotRead, LogLevel.Warning,
        "The schema of the database could not be read; the next look is in a minute.")]
    public static partial void SchemaNotRead(ILogger logger, Exception exception);
}
