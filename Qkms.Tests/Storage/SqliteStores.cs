using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Qkms.Storage.Migrations;
using Qkms.Storage.Sqlite;

namespace Qkms.Tests.Storage;

/// <summary>Makes SQLite stores for tests.</summary>
internal static class SqliteStores
{
    public static SqliteKmsStore Create(
        string directory, int queueCapacity = 4096, IReadOnlyList<Migration>? migrations = null, ILogger<SqliteKmsStore>? logger = null) =>
        new(
            new SqliteStorageOptions { DataDirectory = directory, WriteQueueCapacity = queueCapacity },
            migrations ?? Migration.For("Sqlite"),
            TimeProvider.System,
            logger ?? NullLogger<SqliteKmsStore>.Instance);

    public static async Task<SqliteKmsStore> OpenAsync(string directory, int queueCapacity = 4096, ILogger<SqliteKmsStore>? logger = null)
    {
        SqliteKmsStore store = Create(directory, queueCapacity, logger: logger);
        await store.OpenAsync(CancellationToken.None);
        return store;
    }
}
