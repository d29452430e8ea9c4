using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Qkms.Storage.Migrations;
using Qkms.Storage.Postgres;

namespace Qkms.Tests.Storage;

/// <summary>Makes PostgreSQL stores for tests.</summary>
internal static class PostgresStores
{
    public static PostgresKmsStore Create(
        string connectionString, IReadOnlyList<Migration>? migrations = null, ILogger<PostgresKmsStore>? logger = null) =>
        Create(PostgresPatience.Long.For(connectionString), migrations, logger);

    public static PostgresKmsStore Create(
        PostgresStorageOptions options, IReadOnlyList<Migration>? migrations = null, ILogger<PostgresKmsStore>? logger = null) =>
        new(options, migrations ?? Migration.For("Postgres"), TimeProvider.System, logger ?? NullLogger<PostgresKmsStore>.Instance);

    /// <summary>Brings a database to where an older release left it.</summary>
    /// <param name="database">Empty yet.</param>
    /// <param name="scripts">How many migrations that release had.</param>
    public static async Task MigrateAsync(PostgresDatabase database, int scripts)
    {
        await using NpgsqlConnection connection = new(database.ConnectionString);
        await connection.OpenAsync();
        await new PostgresMigrator([.. Migration.For("Postgres").Take(scripts)], TimeProvider.System, NullLogger.Instance)
            .RunAsync(connection, CancellationToken.None);
    }

    public static Task<PostgresKmsStore> OpenAsync(PostgresDatabase database, ILogger<PostgresKmsStore>? logger = null) =>
        OpenAsync(database.ConnectionString, logger);

    public static Task<PostgresKmsStore> OpenAsync(string connectionString, ILogger<PostgresKmsStore>? logger = null) =>
        OpenAsync(PostgresPatience.Long.For(connectionString), logger);

    public static async Task<PostgresKmsStore> OpenAsync(PostgresStorageOptions options, ILogger<PostgresKmsStore>? logger = null)
    {
        PostgresKmsStore store = Create(options, logger: logger);
        await store.OpenAsync(CancellationToken.None);
        return store;
    }
}
