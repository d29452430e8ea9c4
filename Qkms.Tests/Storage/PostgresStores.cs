using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Qkms.Storage;
using Qkms.Storage.Migrations;
using Qkms.Storage.Postgres;
using Qkms.Tests.Support;

namespace Qkms.Tests.Storage;

/// <summary>Makes PostgreSQL stores for tests.</summary>
internal static class PostgresStores
{
    public static PostgresKmsStore Create(string connectionString, IReadOnlyList<Migration>? migrations = null, ILogger<PostgresKmsStore>? logger = null) => new(
        new PostgresStorageOptions { ConnectionString = connectionString },
        migrations ?? Migration.For("Postgres"),
        TimeProvider.System,
        logger ?? NullLogger<PostgresKmsStore>.Instance);

    public static async Task<PostgresKmsStore> OpenAsync(PostgresDatabase database, ILogger<PostgresKmsStore>? logger = null)
    {
        PostgresKmsStore store = Create(database.ConnectionString, logger: logger);
        await store.OpenAsync(CancellationToken.None);
        return store;
    }
}
