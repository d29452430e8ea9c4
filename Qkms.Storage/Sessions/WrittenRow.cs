using System.Collections.Concurrent;
using System.Reflection;
using System.Text;
using Dapper;

namespace Qkms.Storage.Sessions;

/// <summary>
/// A row as a unit wrote it, to be found so at the end of the unit: what a trigger or rule of somebody else made of the write must not be
/// committed, and answered as if it were what was asked for.
/// </summary>
/// <param name="What">How the log names the row.</param>
/// <param name="Table">Its table.</param>
/// <param name="KeyColumns">How many of the columns come first and name the row.</param>
/// <param name="Columns">The columns, as the row's class names them, with what was written.</param>
internal sealed record WrittenRow(string What, string Table, int KeyColumns, IReadOnlyList<(string Name, object? Value)> Columns)
{
    /// <summary>What to throw when the row is not so; null where nobody but an intruder can have made it otherwise.</summary>
    public Func<Exception>? Otherwise { get; init; }

    private static readonly ConcurrentDictionary<Type, PropertyInfo[]> _properties = new();
    private static readonly ConcurrentDictionary<string, string> _columns = new(StringComparer.Ordinal);

    /// <summary>All columns of a row object whose properties are named as its columns.</summary>
    /// <param name="what">How the log names the row.</param>
    /// <param name="table">The table.</param>
    /// <param name="row">The row object.</param>
    /// <param name="keys">The properties that name the row.</param>
    /// <param name="except">Properties that are no columns of this table.</param>
    public static WrittenRow Of<T>(string what, string table, T row, string[] keys, string[]? except = null)
        where T : class
    {
        PropertyInfo[] properties = _properties.GetOrAdd(typeof(T), static type => [.. type.GetProperties().Where(p => p.CanWrite)]);
        return new WrittenRow(
            what,
            table,
            keys.Length,
            [
                .. properties.Where(property => except?.Contains(property.Name) != true)
                    .OrderByDescending(property => keys.Contains(property.Name))
                    .Select(property => (property.Name, property.GetValue(row))),
            ]);
    }

    /// <summary>
    /// A SELECT that gives a row when this one is not there as it was written. Its parameters are the columns, in their order.
    /// </summary>
    public string SelectAltered()
    {
        StringBuilder sql = new();
        AppendTo(sql, 0);
        return sql.ToString();
    }

    /// <summary>A SELECT of <paramref name="number"/> when the row is not there as it was written.</summary>
    public void AppendTo(StringBuilder sql, int number)
    {
        sql.Append("SELECT ").Append(number).Append(" WHERE NOT EXISTS (SELECT 1 FROM ").Append(Table).Append(" WHERE ");
        for (int i = 0; i < Columns.Count; i++)
        {
            string name = Columns[i].Name;
            string equals = i < KeyColumns ? " = @" : " IS NOT DISTINCT FROM @";
            sql.Append(i == 0 ? "" : " AND ").Append(ColumnOf(name)).Append(equals).Append(ParameterOf(name, number));
        }

        sql.Append(')');
    }

    /// <summary>Adds the parameters of that SELECT.</summary>
    public void AddTo(DynamicParameters parameters, int number)
    {
        foreach ((string name, object? value) in Columns)
            parameters.Add(ParameterOf(name, number), value);
    }

    private static string ParameterOf(string name, int number) => $"w{number}_{name}";

    // DestroyAt is destroy_at.
    private static string ColumnOf(string property) => _columns.GetOrAdd(property, static name =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) && i > 0 ? $"_{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}")));
}
