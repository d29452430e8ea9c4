namespace Qkms.Tests.Integrity;

/// <summary>
/// Rows of a table as they were at some moment, every column of them. Whoever can write to the database and has no key can put them back:
/// their seals and HMACs hold.
/// </summary>
internal sealed class OldRows
{
    private readonly QkmsApplication _app;
    private readonly string _table;
    private readonly string _where;
    private readonly string[] _columns;
    private readonly IReadOnlyList<object?[]> _rows;

    private OldRows(QkmsApplication app, string table, string where)
    {
        using Database database = app.OpenDatabase();
        (_app, _table, _where, _columns) = (app, table, where, [.. database.ColumnNames(table)]);
        _rows = database.Rows($"SELECT {string.Join(", ", _columns)} FROM {table} WHERE {where}");
        _rows.Should().NotBeEmpty();
    }

    /// <summary>The rows of a table as they are now.</summary>
    public static OldRows Of(QkmsApplication app, string table, string where) => new(app, table, where);

    /// <summary>Puts them in the place of those that meet the same condition now.</summary>
    public void PutBack()
    {
        using Database database = _app.OpenDatabase();
        database.AsOne(() =>
        {
            database.Execute($"DELETE FROM {_table} WHERE {_where}");
            foreach (object?[] row in _rows)
            {
                database.Execute(
                    $"INSERT INTO {_table} ({string.Join(", ", _columns)}) VALUES ({string.Join(", ", _columns.Select(c => $"@{c}"))})",
                    [.. _columns.Zip(row)]);
            }
        });
    }
}
