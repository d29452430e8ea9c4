using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Qkms.Storage.Migrations;

namespace Qkms.Tests.Integrity;

/// <summary>What a start does with the database of a running service, without a second service.</summary>
internal static class StartOnDatabase
{
    private static readonly SqliteMigrator _sqlite = new(Migration.For("Sqlite"), TimeProvider.System, NullLogger.Instance);

    private static readonly PostgresMigrator _postgres = new(Migration.For("Postgres"), TimeProvider.System, NullLogger.Instance);

    /// <summary>Looks at the schema and brings it up to date.</summary>
    /// <exception cref="StoreUnusableException">As at the start.</exception>
    public static async Task MigrateAsync(QkmsApplication app)
    {
        if (TestStorage.IsPostgres)
        {
            await using NpgsqlConnection connection = new(TestStorage.SettingsOf(app.DataDirectory)["Qkms:Storage:ConnectionString"]);
            await connection.OpenAsync();
            await _postgres.RunAsync(connection, CancellationToken.None);
            return;
        }

        using SqliteConnection file = new($"Data Source={Path.Combine(app.DataDirectory, "qkms.db")};Pooling=False");
        file.Open();
        _sqlite.Run(file);
    }
}
