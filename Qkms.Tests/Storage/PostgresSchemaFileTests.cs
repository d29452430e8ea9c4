using Npgsql;
using Qkms.Storage.Migrations;

namespace Qkms.Tests.Storage;

/// <summary>F-10: the schema that a start expects of PostgreSQL is the one that the migrations make.</summary>
public sealed class PostgresSchemaFileTests
{
    private const string Rewrite = "QKMS_WRITE_SCHEMA";

    // QKMS_WRITE_SCHEMA=1 dotnet test --filter PostgresSchemaFileTests writes the file anew, after a migration was added.
    [FactIf(Requirement.Postgres)]
    public async Task The_file_has_the_schema_after_each_migration()
    {
        IReadOnlyList<Migration> migrations = Migration.For("Postgres");
        List<Schema> schemas = [];
        for (int count = 1; count <= migrations.Count; count++)
            schemas.Add(await AfterAsync([.. migrations.Take(count)]));

        string path = Path.Combine(Repository.Root, "Qkms.Storage", "Migrations", "Postgres", "schema.txt");
        string expected = PostgresSchema.Write(schemas);
        if (Environment.GetEnvironmentVariable(Rewrite) is not null)
            await File.WriteAllTextAsync(path, expected);

        (await File.ReadAllTextAsync(path)).Should().Be(expected, $"set {Rewrite}=1 once to write it anew");
    }

    [Fact]
    public void The_file_knows_every_migration() =>
        PostgresSchema.After(Migration.For("Postgres").Count).Should().NotBeNull($"set {Rewrite}=1 once to write it anew");

    // By the scripts alone: a start would compare them with the file that is to be written.
    private static async Task<Schema> AfterAsync(IReadOnlyList<Migration> migrations)
    {
        using PostgresDatabase database = PostgresServer.CreateEmpty();
        await using NpgsqlConnection connection = new(
            new NpgsqlConnectionStringBuilder(database.ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        foreach (string sql in migrations.Select(migration => migration.Sql).Prepend(PostgresMigrator.CreateHistory))
        {
            await using NpgsqlCommand command = new(sql, connection);
            await command.ExecuteNonQueryAsync();
        }

        return (await PostgresSchema.ReadAsync(connection, CancellationToken.None)).Found;
    }
}
