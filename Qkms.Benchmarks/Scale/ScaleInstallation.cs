using Microsoft.Extensions.Logging.Abstractions;
using Qkms.Benchmarks.Load;
using Qkms.Core.Store;
using Qkms.Storage.Postgres;
using Qkms.Storage.Sqlite;

namespace Qkms.Benchmarks.Scale;

/// <summary>An installation on disk, or on a PostgreSQL server, that is started and stopped.</summary>
/// <param name="Name">How the table calls it.</param>
/// <param name="Service">The path of <c>Qkms.Api.dll</c>.</param>
/// <param name="Folder">Its data directory.</param>
/// <param name="Database">The connection string of its database; null for SQLite.</param>
internal sealed record ScaleInstallation(string Name, string Service, string Folder, string? Database)
{
    /// <summary>
    /// One in the directory of the options. On PostgreSQL its database is made unless it is there.
    /// </summary>
    internal static async Task<ScaleInstallation> OpenAsync(string name, ScaleOptions options)
    {
        string kind = options.Postgres is null ? "sqlite" : "postgresql";
        string folder = Path.Combine(options.Directory, $"{kind}-{name}");
        string? database = options.Postgres is { } server ? await ServerDatabase.OpenAsync(server, $"qkms_scale_{name}") : null;
        return new ScaleInstallation(name, options.Service, folder, database);
    }

    /// <summary>What the environment of the service and of its command line says.</summary>
    internal IReadOnlyList<(string Name, string Value)> Settings =>
    [
        // A limit that is looked at, and never met.
        ("Qkms__Plans__enterprise__CostUnitsPerSecond", "1000000"),
        ("Qkms__Plans__enterprise__Burst", "1000000"),
        .. Database is { } database
            ? new[] { ("Qkms__Storage__Provider", "postgresql"), ("Qkms__Storage__ConnectionString", database) }
            : [],
    ];

    internal Task<ServerUnderLoad> StartAsync() => ServerUnderLoad.StartServiceAsync(Name, Service, Settings, Folder);

    /// <summary>Its store, open, while no service runs.</summary>
    internal async Task<IKmsStore> OpenStoreAsync()
    {
        if (Database is { } database)
        {
            PostgresKmsStore postgres = new(
                new PostgresStorageOptions { ConnectionString = database }, TimeProvider.System, NullLogger<PostgresKmsStore>.Instance);
            await postgres.OpenAsync(CancellationToken.None);
            return postgres;
        }

        SqliteKmsStore sqlite = new(
            new SqliteStorageOptions { DataDirectory = Folder }, TimeProvider.System, NullLogger<SqliteKmsStore>.Instance);
        await sqlite.OpenAsync(CancellationToken.None);
        return sqlite;
    }
}
