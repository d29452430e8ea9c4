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

    private const string WriterPragmas =
        """
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        """;

    /// <summary>The connection that writes. There is one at a time.</summary>
    public SqliteConnection OpenWriter()
    {
        SqliteConnection connection = Open(SqliteOpenMode.ReadWrite, CommonPragmas + WriterPragmas);
        string mode = connection.QuerySingle<string>("PRAGMA journal_mode");
        if (mode != "wal")
        {
            connection.Dispose();
            throw new SqliteException($"The journal mode of '{path}' stays '{mode}' instead of WAL: its file system does not support that, or the disk is full.", SqliteFaults.CannotOpen);
        }

        return connection;
    }

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
