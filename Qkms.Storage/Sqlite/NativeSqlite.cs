using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Qkms.Storage.Sqlite;

/// <summary>Prepares the SQLite of the package, before anything uses it: its settings count for the whole process.</summary>
internal static class NativeSqlite
{
    // SQLITE_CONFIG_MEMSTATUS; only before the library is used for the first time.
    private const int ConfigMemStatus = 9;

    // https://sqlite.org/c3ref/c_dbconfig_defensive.html
    private const int DbConfigEnableTrigger = 1003;
    private const int DbConfigDefensive = 1010;
    private const int DbConfigEnableView = 1015;

    private static readonly Lazy<string> _description = new(Prepare);

    /// <summary>The name and version, for people. The first call loads the library.</summary>
    public static string Description => _description.Value;

    /// <summary>
    /// Has an open connection run nothing that somebody planted in the file: no trigger, no view, and no writing to the schema or to the
    /// shadows of tables.
    /// </summary>
    public static void Harden(SqliteConnection connection)
    {
        Set(connection, DbConfigEnableTrigger, 0);
        Set(connection, DbConfigEnableView, 0);
        Set(connection, DbConfigDefensive, 1);
    }

    private static void Set(SqliteConnection connection, int option, int value)
    {
        SqliteException.ThrowExceptionForRC(raw.sqlite3_db_config(connection.Handle, option, value, out int now), connection.Handle);
        if (now != value)
            throw new InvalidOperationException($"SQLite does not take option {option} of sqlite3_db_config.");
    }

    private static string Prepare()
    {
        Batteries_V2.Init();

        // Statistics that nobody reads take a lock for every piece of memory (sqlite.org/c3ref/c_config_covering_index_scan.html).
        _ = raw.sqlite3_config(ConfigMemStatus, 0);
        return $"SQLite {raw.sqlite3_libversion().utf8_to_string()}";
    }
}
