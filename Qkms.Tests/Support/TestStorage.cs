using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Qkms.Storage.Sqlite;

namespace Qkms.Tests.Support;

/// <summary>
/// Which database the service under test has: SQLite, or PostgreSQL with <c>QKMS_TEST_STORAGE=postgresql</c>. Tests name a data
/// directory; on PostgreSQL it gets a database of its own, which is gone with it, and the root key that is not made there.
/// </summary>
internal static class TestStorage
{
    private const string Variable = "QKMS_TEST_STORAGE";

    private static readonly ConcurrentDictionary<string, Lazy<PostgresDatabase>> _databases = new();

    private static readonly Lazy<byte[]> _sqliteTemplate = new(MakeSqliteTemplate);

    public static bool IsPostgres { get; } = Environment.GetEnvironmentVariable(Variable) switch
    {
        null or "" or "sqlite" => false,
        "postgresql" when PostgresServer.MissingReason is null => true,
        "postgresql" => throw new InvalidOperationException($"{Variable} is 'postgresql'. {PostgresServer.MissingReason}"),
        string other => throw new InvalidOperationException($"{Variable} must be 'sqlite' or 'postgresql', not '{other}'."),
    };

    /// <summary>Gives a data directory, instead of a database with the schema in it, one with nothing in it.</summary>
    public static void UseEmpty(string dataDirectory)
    {
        if (!IsPostgres)
            return;

        WriteRootKey(dataDirectory, RandomNumberGenerator.GetBytes(32));
        _databases[dataDirectory] = new Lazy<PostgresDatabase>(PostgresServer.CreateEmpty);
    }

    /// <summary>
    /// Puts a file with the schema in it and nothing else into a new data directory, as PostgreSQL's databases have it: a copy is made
    /// faster than the schema. First starts on a directory with nothing in it are tested in processes of their own.
    /// </summary>
    public static void PutSchemaInto(string dataDirectory)
    {
        if (IsPostgres)
            return;

        string path = Path.Combine(dataDirectory, "qkms.db");
        File.WriteAllBytes(path, _sqliteTemplate.Value);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>The settings that give a service in this data directory its database.</summary>
    /// <param name="dataDirectory">The data directory.</param>
    /// <param name="withRootKey">Whether a root key is put there when the database is made.</param>
    public static IReadOnlyDictionary<string, string> SettingsOf(string dataDirectory, bool withRootKey = true) => IsPostgres
        ? new Dictionary<string, string>
        {
            ["Qkms:Storage:Provider"] = "postgresql",
            ["Qkms:Storage:ConnectionString"] = PostgresOf(dataDirectory, withRootKey).ConnectionString,
        }
        : [];

    /// <summary>The database of a data directory, behind the service's back.</summary>
    public static Database Open(string dataDirectory) => IsPostgres
        ? Database.OfPostgres(PostgresOf(dataDirectory, withRootKey: false).ConnectionString)
        : Database.OfSqlite(Path.Combine(dataDirectory, "qkms.db"));

    /// <summary>The same, and its checks and foreign keys stay as they are.</summary>
    public static Database OpenUntouched(string dataDirectory) => IsPostgres
        ? Database.OfPostgresUntouched(PostgresOf(dataDirectory, withRootKey: false).ConnectionString)
        : Database.OfSqliteUntouched(Path.Combine(dataDirectory, "qkms.db"));

    /// <summary>Every byte that is stored for a data directory, but the locks and the secrets that lie beside the database.</summary>
    public static byte[][] StoredBytes(string dataDirectory)
    {
        if (!IsPostgres)
            return [.. Directory.GetFiles(dataDirectory, "qkms.db*").Select(ReadShared)];

        using Database database = Open(dataDirectory);
        return database.Tables();
    }

    /// <summary>
    /// Copies a data directory, so that another service can be started on what the first one has. Nothing may be writing meanwhile.
    /// </summary>
    public static void Copy(string from, string to)
    {
        foreach (string file in Directory.GetFiles(from).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)))
        {
            string copy = Path.Combine(to, Path.GetFileName(file));
            File.WriteAllBytes(copy, ReadShared(file));
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(copy, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        // On PostgreSQL it is one more node on the same database.
        if (IsPostgres)
            _databases[to] = _databases[from];
    }

    /// <summary>Drops the databases of a directory that is gone, and of those that were in it.</summary>
    public static void DropUnder(string directory)
    {
        foreach (string dataDirectory in _databases.Keys.Where(
            path => path == directory || path.StartsWith(directory + Path.DirectorySeparatorChar, StringComparison.Ordinal)))
        {
            if (_databases.TryRemove(dataDirectory, out Lazy<PostgresDatabase>? database) && !_databases.Values.Contains(database))
                database.Value.Dispose();
        }
    }

    private static PostgresDatabase PostgresOf(string dataDirectory, bool withRootKey) => _databases.GetOrAdd(
        dataDirectory,
        path => new Lazy<PostgresDatabase>(() =>
        {
            if (withRootKey)
                WriteRootKey(path, RandomNumberGenerator.GetBytes(32));

            return PostgresServer.CreateMigrated();
        })).Value;

    /// <summary>Puts a root key where a node finds it.</summary>
    public static void WriteRootKey(string dataDirectory, byte[] key)
    {
        PrivateFile.CreateFolder(dataDirectory);
        string path = Path.Combine(dataDirectory, "root.key");
        File.WriteAllText(path, Convert.ToBase64String(key));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static byte[] MakeSqliteTemplate()
    {
        using TemporaryDirectory directory = new();
        using (SqliteKmsStore store = new(
            new SqliteStorageOptions { DataDirectory = directory.Path }, TimeProvider.System, NullLogger<SqliteKmsStore>.Instance))
            store.OpenAsync(CancellationToken.None).GetAwaiter().GetResult();

        File.Exists(directory.File("qkms.db-wal")).Should().BeFalse("the file is all there is");
        return File.ReadAllBytes(directory.File("qkms.db"));
    }

    private static byte[] ReadShared(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using MemoryStream bytes = new();
        file.CopyTo(bytes);
        return bytes.ToArray();
    }
}
