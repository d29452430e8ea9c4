using Microsoft.Data.Sqlite;

namespace Qkms.Tests.Support;

/// <summary>The database behind the service's back, as somebody with write access to the file has it.</summary>
internal sealed class Database : IDisposable
{
    private readonly SqliteConnection _connection;

    public Database(string path)
    {
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 30 }.ToString());
        _connection.Open();
        Execute("PRAGMA ignore_check_constraints = ON");
    }

    public object? Scalar(string sql)
    {
        using SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    public IReadOnlyList<string> Strings(string sql)
    {
        using SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        using SqliteDataReader reader = command.ExecuteReader();
        List<string> values = [];
        while (reader.Read())
            values.Add(reader.GetString(0));

        return values;
    }

    public int Execute(string sql, params (string Name, object? Value)[] parameters)
    {
        using SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach ((string name, object? value) in parameters)
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);

        return command.ExecuteNonQuery();
    }

    public void Dispose() => _connection.Dispose();
}
