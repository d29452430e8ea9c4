using Dapper;
using Microsoft.Data.Sqlite;

namespace Qkms.Storage.Sqlite;

/// <summary>Opens connections to one database file, each set up once; nothing is set on them later.</summary>
internal sealed class SqliteDataSource(string path)
{
    // How long a statement waits for a lock that somebody else, a backup tool or a shell, holds.
    private const int BusySeconds = 1;

    // Rows made by somebody else can't call functions through views, triggers or defaults: https://sqlite.org/security.html.
    private const string CommonPragmas =
        """
        PRAGMA busy_timeout = 1000;
        PRAGMA trusted_schema = OFF;
        """;

    // What is deleted is overwritten with zeros, also in pages that become free; and what a rolled back savepoint would put back is
    // kept in memory, not in a temporary file that would hold copies of it. Every write touches the leaves of a dozen indexes: 16
    // MB of them are kept at hand. While the log is copied into the file nobody writes: at 4,000 pages, 16 MB, a page that many
    // commits changed is copied once.
    private const string WriterPragmas =
        """
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        PRAGMA secure_delete = ON;
        PRAGMA temp_store = MEMORY;
        PRAGMA cache_size = -16000;
        PRAGMA wal_autocheckpoint = 4000;
        """;

    // A file that nobody knows yet: it is put in its place when it is whole and on disk, or thrown away. Its rows come table by table, and
    // refer to each other when all are there.
    private const string LoaderPragmas =
        """
        PRAGMA journal_mode = MEMORY;
        PRAGMA synchronous = OFF;
        PRAGMA temp_store = MEMORY;
        PRAGMA cache_size = -16000;
        PRAGMA foreign_keys = OFF;
        """;

    // Reads last less than this; whoever reads longer, a backup tool, is not waited for.
    private const string CheckpointPragmas =
        """
        PRAGMA busy_timeout = 100;
        """;

    /// <summary>The connection that writes. There is one at a time.</summary>
    public CachingConnection OpenWriter()
    {
        CachingConnection connection = Open(SqliteOpenMode.ReadWrite, CommonPragmas + WriterPragmas);
        string mode = connection.QuerySingle<string>("PRAGMA journal_mode");
        if (mode != "wal")
        {
            connection.Dispose();
            throw new SqliteException(
                $"The journal mode of '{path}' stays '{mode}' instead of WAL: its file system does not support that, or the disk is full.",
                SqliteFaults.CannotOpen);
        }

        return connection;
    }

    /// <summary>
    /// Copies the write-ahead log into the database file and cuts it to nothing, so that neither holds what was overwritten. Not while a
    /// transaction of the writer is open.
    /// </summary>
    /// <returns>False when a reader needs the log.</returns>
    public bool TryTruncateLog()
    {
        using CachingConnection connection = Open(SqliteOpenMode.ReadWrite, CommonPragmas + CheckpointPragmas);
        return connection.QuerySingle<long>("PRAGMA wal_checkpoint(TRUNCATE)") == 0;
    }

    /// <summary>A connection that fills a file that is there and empty, and is used for nothing else.</summary>
    public CachingConnection OpenLoader() => Open(SqliteOpenMode.ReadWrite, CommonPragmas + LoaderPragmas);

    /// <summary>A connection whose writes fail.</summary>
    public SqliteConnection OpenReader() => Open(SqliteOpenMode.ReadOnly, CommonPragmas);

    private CachingConnection Open(SqliteOpenMode mode, string pragmas)
    {
        SqliteConnectionStringBuilder builder = new()
        {
            DataSource = path,
            Mode = mode,
            ForeignKeys = true,
            DefaultTimeout = BusySeconds,

            // ReaderPool keeps the readers, with their settings; there is one writer.
            Pooling = false,
        };
        CachingConnection connection = new(builder.ConnectionString);
        try
        {
            connection.Open();
            NativeSqlite.Harden(connection);
            connection.Execute(pragmas);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
