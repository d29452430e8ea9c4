namespace Qkms.Storage.Sessions;

/// <summary>What differs between the databases inside the repositories' SQL.</summary>
/// <param name="Bytes">The type of bytes.</param>
/// <param name="TakesArrays">Whether an array is a parameter, so that one statement inserts many rows.</param>
/// <param name="LockRow">Ends a SELECT whose row must not change until the unit ends; empty where there is one writer anyway.</param>
/// <param name="LockParent">
/// The same for a row that others refer to: inserts of those must not wait, as they would for a change of its key.
/// </param>
/// <param name="CopiesNeighbours">
/// Whether deleting a row may leave copies of other rows of its table in the file, in space that belongs to no row.
/// </param>
/// <param name="JsonTexts">The function that makes rows with a <c>value</c> of the texts in a JSON array.</param>
/// <param name="JsonType">What makes its argument JSON.</param>
/// <param name="NamesIndexes">
/// Whether a statement says which index finds its rows. SQLite knows nothing of how many rows match: of two indexes it takes the one with
/// more columns in the condition, though it holds a whole journal and the other one a handful of its events.
/// </param>
internal sealed record SqlDialect(
    string Bytes,
    bool TakesArrays,
    string LockRow,
    string LockParent,
    bool CopiesNeighbours,
    string JsonTexts,
    string JsonType,
    bool NamesIndexes)
{
    /// <summary>SQLite: the one writer holds everything.</summary>
    public static readonly SqlDialect Sqlite = new(
        "BLOB",
        TakesArrays: false,
        LockRow: "",
        LockParent: "",
        CopiesNeighbours: true,
        JsonTexts: "json_each",
        JsonType: "TEXT",
        NamesIndexes: true);

    /// <summary>PostgreSQL: many write at once, and the key's row is what they queue for.</summary>
    public static readonly SqlDialect Postgres =
        new(
            "BYTEA",
            TakesArrays: true,
            LockRow: "\nFOR UPDATE",
            LockParent: "\nFOR NO KEY UPDATE",
            CopiesNeighbours: false,
            JsonTexts: "json_array_elements_text",
            JsonType: "json",
            NamesIndexes: false);

    /// <summary>The texts in a JSON array, as a table whose column is <c>value</c>.</summary>
    /// <param name="json">The array, as text.</param>
    public string TextsOf(string json) => $"{JsonTexts}(CAST({json} AS {JsonType}))";

    /// <summary>Follows a table's name: its rows are found by this index. SQLite refuses a statement that cannot use it.</summary>
    public string By(string index) => NamesIndexes ? $" INDEXED BY {index}" : "";
}
