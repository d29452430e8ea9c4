using Microsoft.Data.Sqlite;

namespace Qkms.Storage.Sqlite;

/// <summary>What SQLite's result codes mean for the service (https://sqlite.org/rescode.html).</summary>
internal static class SqliteFaults
{
    private const int Busy = 5;
    private const int Locked = 6;
    private const int OutOfMemory = 7;
    private const int ReadOnly = 8;
    private const int InputOutput = 10;
    private const int Corrupt = 11;
    private const int Full = 13;
    public const int CannotOpen = 14;
    private const int LockingProtocol = 15;
    private const int NotADatabase = 26;

    private static readonly TimeSpan _retryAfter = TimeSpan.FromSeconds(1);

    /// <summary>Somebody else, a backup tool or a shell, holds the file for a moment: the one kind of fault that is tried again.</summary>
    public static bool IsTransient(Exception exception) =>
        exception is SqliteException { SqliteErrorCode: Busy or Locked };

    /// <summary>There is no room on the disk.</summary>
    public static bool IsFull(Exception exception) => exception is SqliteException { SqliteErrorCode: Full };

    /// <summary>The database or what lies under it failed, not the statement.</summary>
    public static bool IsOutage(Exception exception) =>
        exception is SqliteException
        {
            SqliteErrorCode: Busy
                or Locked
                or OutOfMemory
                or InputOutput
                or Corrupt
                or Full
                or CannotOpen
                or LockingProtocol
                or NotADatabase,
        };

    /// <summary>The same for a write; on a read-only connection the file's refusal to be written is the statement's own fault.</summary>
    public static bool IsWriteOutage(Exception exception) =>
        IsOutage(exception) || exception is SqliteException { SqliteErrorCode: ReadOnly };

    /// <summary>The refusal that callers see: nothing was committed, and a second later it may work.</summary>
    public static KmsException Unavailable() => KmsErrors.Unavailable.RetryAfter(_retryAfter);
}
