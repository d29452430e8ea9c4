using Npgsql;

namespace Qkms.Tests.Support;

/// <summary>A database of one test's own, gone with it.</summary>
internal sealed class PostgresDatabase(string name, string connectionString) : IDisposable
{
    public string Name { get; } = name;

    public string ConnectionString { get; } = connectionString;

    public int Port { get; } = new NpgsqlConnectionStringBuilder(connectionString).Port;

    /// <summary>Runs SQL in it, as its owner.</summary>
    public object? Run(string sql)
    {
        using NpgsqlConnection connection = new(new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false }.ConnectionString);
        connection.Open();
        using NpgsqlCommand command = new(sql, connection);
        return command.ExecuteScalar();
    }

    /// <summary>Ends every other connection to it.</summary>
    public void EndConnections() =>
        PostgresServer.Execute($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{Name}'");

    public void Dispose() => PostgresServer.Execute($"DROP DATABASE IF EXISTS {Name} WITH (FORCE)");
}
