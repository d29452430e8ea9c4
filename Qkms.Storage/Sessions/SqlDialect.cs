namespace Qkms.Storage.Sessions;

/// <summary>What differs between the databases inside the repositories' SQL.</summary>
/// <param name="Bytes">The type of bytes.</param>
/// <param name="TakesArrays">Whether an array is a parameter, so that one statement inserts many rows.</param>
/// <param name="LockRow">Ends a SELECT whose row must not change until the unit ends; empty where there is one writer anyway.</param>
internal sealed record SqlDialect(string Bytes, bool TakesArrays, string LockRow)
{
    /// <summary>SQLite: the one writer holds everything.</summary>
    public static readonly SqlDialect Sqlite = new("BLOB", TakesArrays: false, LockRow: "");

    /// <summary>PostgreSQL: many write at once, and the key's row is what they queue for.</summary>
    public static readonly SqlDialect Postgres = new("BYTEA", TakesArrays: true, LockRow: "\nFOR UPDATE");
}
