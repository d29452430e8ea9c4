using Npgsql;

namespace Qkms.Benchmarks;

/// <summary>Databases of a PostgreSQL server that are made for a measurement.</summary>
internal static class ServerDatabase
{
    /// <summary>Makes a database unless it is there; its connection string.</summary>
    /// <param name="server">The connection string of the server, of a user who may make databases.</param>
    /// <param name="name">The name of the database; never from outside.</param>
    internal static async Task<string> OpenAsync(string server, string name)
    {
        if (await ExecuteAsync(server, $"SELECT 1 FROM pg_database WHERE datname = '{name}'") is null)
            await ExecuteAsync(server, $"CREATE DATABASE {name}");

        return new NpgsqlConnectionStringBuilder(server) { Database = name }.ConnectionString;
    }

    /// <summary>Removes a database with whatever is connected to it.</summary>
    internal static Task DropAsync(string server, string name) => ExecuteAsync(server, $"DROP DATABASE {name} WITH (FORCE)");

    private static async Task<object?> ExecuteAsync(string server, string sql)
    {
        await using NpgsqlConnection connection = new(
            new NpgsqlConnectionStringBuilder(server) { Database = "postgres", Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using NpgsqlCommand command = new(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
