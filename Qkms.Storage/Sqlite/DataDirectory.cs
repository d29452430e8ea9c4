using Qkms.Core.Installation;
using Qkms.Core.Keyrings;
using Qkms.Core.Secrets;

namespace Qkms.Storage.Sqlite;

/// <summary>
/// The directory of the database, held by this process alone until disposal: the group-commit writer and the caches above it
/// are right only as long as nobody else writes.
/// </summary>
internal sealed class DataDirectory : IDisposable
{
    private const UnixFileMode OwnerOnlyFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // How the runtime reports a file that somebody else has opened for himself alone.
    private const int LinuxWouldBlock = 11;
    private const int MacWouldBlock = 35;
    private const int WindowsSharingViolation = unchecked((int)0x80070020);

    private static readonly string[] _madeAfterTables = [InitialApiKeyFile.Name, RootKeyLocator.FileName];

    private readonly FileStream _lock;

    private DataDirectory(string databasePath, FileStream heldLock) => (DatabasePath, _lock) = (databasePath, heldLock);

    /// <summary>The database file; unless it is to be restored it exists, and nobody but its owner can read it.</summary>
    public string DatabasePath { get; }

    /// <summary>Where the database of a data directory lies.</summary>
    public static string DatabasePathIn(string directory) => Path.Combine(Path.GetFullPath(directory), "qkms.db");

    /// <summary>Makes the directory if need be, and takes it.</summary>
    /// <exception cref="StoreUnusableException">Another process holds it, or it cannot be written.</exception>
    public static DataDirectory Take(string directory) => Take(directory, MakeDatabase);

    /// <summary>The same for who puts a database there: one that is not there is not made, and one that is there may be anything.</summary>
    /// <exception cref="StoreUnusableException">Another process holds it, or it cannot be written.</exception>
    public static DataDirectory TakeToRestore(string directory) => Take(directory, static _ => { });

    private static DataDirectory Take(string directory, Action<string> prepare)
    {
        string databasePath = DatabasePathIn(directory);
        string fullPath = Path.GetDirectoryName(databasePath)!;
        FileStream? heldLock = null;
        try
        {
            PrivateFile.CreateFolder(fullPath);

            // From before the directory was closed to others.
            foreach (string path in (string[])[databasePath, databasePath + "-wal", databasePath + "-shm", LockPathIn(fullPath)])
                TrustedPath.CheckFile(path);

            heldLock = TakeLock(fullPath);
            prepare(databasePath);
            foreach (string path in (string[])[databasePath, databasePath + "-wal", databasePath + "-shm"])
                Restrict(path);

            return new DataDirectory(databasePath, heldLock);
        }
        catch (StoreUnusableException)
        {
            heldLock?.Dispose();
            throw;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            heldLock?.Dispose();
            throw new StoreUnusableException($"The data directory '{fullPath}' cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Lets the next process in. The lock file stays: removing it would race with who opens it.</summary>
    public void Dispose() => _lock.Dispose();

    private static void MakeDatabase(string databasePath)
    {
        RefuseEmptied(databasePath);

        // SQLite gives its -wal and -shm files the mode of the database file.
        using (OpenOwnerOnly(databasePath, FileShare.ReadWrite))
        {
        }
    }

    // A first start makes these files when the database has its tables: without a byte it has lost them. Its log may hold all there is.
    private static void RefuseEmptied(string databasePath)
    {
        string? beside = Array.Find(_madeAfterTables, name => File.Exists(Path.Combine(Path.GetDirectoryName(databasePath)!, name)));
        if (beside is not null && IsEmpty(databasePath) && !HasContent(databasePath + "-wal"))
            throw new StoreUnusableException(
                $"The database '{databasePath}' has no bytes although {beside} lies beside it: put a backup of the database there, or "
                + "delete the file to begin a new installation.");
    }

    private static bool IsEmpty(string path) => File.Exists(path) && new FileInfo(path).Length == 0;

    private static bool HasContent(string path) => File.Exists(path) && new FileInfo(path).Length > 0;

    private static string LockPathIn(string directory) => Path.Combine(directory, "qkms.lock");

    private static FileStream TakeLock(string directory)
    {
        string path = LockPathIn(directory);
        try
        {
            return OpenOwnerOnly(path, FileShare.None);
        }
        catch (IOException e) when (e.HResult is LinuxWouldBlock or MacWouldBlock or WindowsSharingViolation)
        {
            throw new StoreUnusableException(
                $"Another process uses the data directory '{directory}' (it holds {path}). Stop it first, or give "
                + "this one a directory of its own.",
                e);
        }
    }

    private static FileStream OpenOwnerOnly(string path, FileShare share)
    {
        FileStreamOptions options = new() { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnlyFile;

        return new FileStream(path, options);
    }

    // A file copied back from a backup may have become readable for others on the way.
    private static void Restrict(string path)
    {
        if (!OperatingSystem.IsWindows() && File.Exists(path) && (File.GetUnixFileMode(path) & ~OwnerOnlyFile) != 0)
            File.SetUnixFileMode(path, OwnerOnlyFile);
    }
}
