namespace Qkms.Tests.Integrity;

/// <summary>One row of a table as it was at some moment, every column of it.</summary>
internal sealed class OldRow
{
    private readonly QkmsApplication _app;
    private readonly string _table;
    private readonly string _where;
    private readonly (string Column, object? Value)[] _values;

    private OldRow(QkmsApplication app, string table, string where, (string Column, object? Value)[] values) =>
        (_app, _table, _where, _values) = (app, table, where, values);

    /// <summary>The row as it is now.</summary>
    public static OldRow Of(QkmsApplication app, string table, string where)
    {
        using Database database = app.OpenDatabase();
        return new OldRow(
            app,
            table,
            where,
            [.. database.ColumnNames(table).Select(column => (column, database.Scalar($"SELECT {column} FROM {table} WHERE {where}")))]);
    }

    /// <summary>Writes it over the row that is there now.</summary>
    public void PutBack()
    {
        using (Database database = _app.OpenDatabase())
        {
            database.Execute(
                $"UPDATE {_table} SET {string.Join(", ", _values.Select(value => $"{value.Column} = @{value.Column}"))} WHERE {_where}",
                _values).Should().Be(1);
        }

        // What the service read before may be used for half a second more.
        _app.Time.OutliveCaches();
    }
}
