using SQLitePCL;

namespace Qkms.Storage.Sqlite;

/// <summary>Prepares the SQLite of the package, before anything uses it: its settings count for the whole process.</summary>
internal static class NativeSqlite
{
    // SQLITE_CONFIG_MEMSTATUS; only before the library is used for the first time.
    private const int ConfigMemStatus = 9;

    private static readonly Lazy<string> _description = new(Prepare);

    /// <summary>The name and version, for people. The first call loads the library.</summary>
    public static string Description => _description.Value;

    private static string Prepare()
    {
        Batteries_V2.Init();

        // Statistics that nobody reads take a lock for every piece of memory (sqlite.org/c3ref/c_config_covering_index_scan.html).
        _ = raw.sqlite3_config(ConfigMemStatus, 0);
        return $"SQLite {raw.sqlite3_libversion().utf8_to_string()}";
    }
}
