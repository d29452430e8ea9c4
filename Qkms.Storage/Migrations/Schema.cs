namespace Qkms.Storage.Migrations;

/// <summary>
/// What a schema consists of: tables, columns, checks, keys, indexes, and everything that acts by itself: triggers, rules, policies, views.
/// Whoever can change it decides what becomes of our writes, so it is compared with what the migrations make.
/// </summary>
/// <param name="objects">Each object, "trigger keys.undo", with its definition.</param>
internal sealed class Schema(IReadOnlyDictionary<string, string> objects)
{
    // Enough to see what happened to it.
    private const int MostNamed = 5;

    private static readonly string[] _acting = ["trigger ", "rule ", "policy ", "view ", "materialized view ", "event trigger "];

    /// <summary>The same of rows, which may name an object twice.</summary>
    public static Schema Of(IEnumerable<SchemaObject> objects) => new(objects
        .GroupBy(found => found.Name, found => found.Definition, StringComparer.Ordinal)
        .ToDictionary(same => same.Key, same => string.Join('\n', same), StringComparer.Ordinal));

    /// <summary>Each object with its definition.</summary>
    public IReadOnlyDictionary<string, string> Objects => objects;

    /// <summary>Only what acts by itself when rows are read or written.</summary>
    public Schema Acting() => new(objects.Where(found => IsActing(found.Key)).ToDictionary(StringComparer.Ordinal));

    /// <summary>What is too many, missing or different here, for people; null when nothing is.</summary>
    public string? DifferenceFrom(Schema expected)
    {
        string[] differences =
        [
            .. objects.Keys.Where(name => !expected.Objects.ContainsKey(name)).Select(name => $"{name} is too many"),
            .. expected.Objects.Keys.Where(name => !objects.ContainsKey(name)).Select(name => $"{name} is missing"),
            .. objects.Where(found => expected.Objects.TryGetValue(found.Key, out string? definition) && definition != found.Value)
                .Select(found => $"{found.Key} is different"),
        ];
        string more = differences.Length > MostNamed ? $" and {differences.Length - MostNamed} more" : "";
        return differences.Length == 0
            ? null
            : string.Join("; ", differences.OrderBy(Weight).ThenBy(name => name, StringComparer.Ordinal).Take(MostNamed)) + more;
    }

    // What acts by itself first, then tables; a table that is too many brings its columns along.
    private static int Weight(string name) => IsActing(name) ? 0 : name.StartsWith("table ", StringComparison.Ordinal) ? 1 : 2;

    private static bool IsActing(string name) => Array.Exists(_acting, kind => name.StartsWith(kind, StringComparison.Ordinal));

    /// <summary>What to throw for a difference.</summary>
    public static StoreUnusableException Refusal(string difference) => new(
        $"The schema of the database is not the one that Qkms's migrations make: {difference}. Undo that, or restore a backup; see "
        + "docs/hardening.md.");
}

/// <summary>A row of a database's catalogue.</summary>
internal sealed class SchemaObject
{
    public string Name { get; init; } = "";

    public string Definition { get; init; } = "";
}
