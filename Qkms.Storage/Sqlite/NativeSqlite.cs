using System.Runtime.InteropServices;
using SQLitePCL;

namespace Qkms.Storage.Sqlite;

/// <summary>
/// Which SQLite runs: the operating system's, which gets security updates with the system, or else the one in the package.
/// Absolute paths only, so that nothing in the working directory or the library path is loaded instead.
/// </summary>
internal static class NativeSqlite
{
    private const string ProviderLibrary = "e_sqlite3";

    // Upserts, partial indexes and RETURNING are all there from 3.35 on, the version in the package.
    private const int OldestVersion = 3_035_000;

    // SQLITE_CONFIG_MEMSTATUS; only before the library is used for the first time.
    private const int ConfigMemStatus = 9;

    private static readonly string[] _systemLibraries =
    [
        "/usr/lib/x86_64-linux-gnu/libsqlite3.so.0",
        "/usr/lib/aarch64-linux-gnu/libsqlite3.so.0",
        "/usr/lib64/libsqlite3.so.0",
        "/usr/lib/libsqlite3.so.0",
    ];

    private static readonly Lazy<string> _description = new(Load);

    /// <summary>Version and origin, for people. The first call loads the library.</summary>
    public static string Description => _description.Value;

    private static string Load()
    {
        (string path, nint handle) = _systemLibraries
            .Select(candidate => (candidate, TryLoad(candidate)))
            .FirstOrDefault(loaded => loaded.Item2 != 0);
        if (handle != 0)
        {
            NativeLibrary.SetDllImportResolver(
                typeof(SQLite3Provider_e_sqlite3).Assembly,
                (name, _, _) => name == ProviderLibrary ? handle : 0);
        }

        raw.SetProvider(new SQLite3Provider_e_sqlite3());

        // Statistics that nobody reads take a lock for every piece of memory (sqlite.org/c3ref/c_config_covering_index_scan.html).
        _ = raw.sqlite3_config(ConfigMemStatus, 0);
        return $"SQLite {raw.sqlite3_libversion().utf8_to_string()} ({(handle != 0 ? path : "bundled")})";
    }

    /// <summary>The library at <paramref name="path"/>, or 0 when there is none that is new enough and safe to use from several threads.</summary>
    private static nint TryLoad(string path)
    {
        if (!NativeLibrary.TryLoad(path, out nint handle))
            return 0;

        if (Call(handle, "sqlite3_libversion_number") >= OldestVersion && Call(handle, "sqlite3_threadsafe") != 0)
            return handle;

        NativeLibrary.Free(handle);
        return 0;
    }

    private static int Call(nint library, string function) =>
        NativeLibrary.TryGetExport(library, function, out nint address)
            ? Marshal.GetDelegateForFunctionPointer<IntegerFunction>(address)()
            : 0;

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int IntegerFunction();
}
