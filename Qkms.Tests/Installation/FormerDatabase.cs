using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Qkms.Storage.Migrations;
using Qkms.Storage.Sqlite;

namespace Qkms.Tests.Installation;

/// <summary>A database as the build before seals named their key left it: made by that build, kept in <c>former-database.sql</c>.</summary>
internal static class FormerDatabase
{
    /// <summary>Its API key.</summary>
    public const string ApiKey = "qkms_FbzLf1bILVbl_6F5KExOWgjCHoojqmBazf6hFHXdYlciPkha2w1Ea5imnbNnVQ";

    /// <summary>Its root key.</summary>
    public const string RootKey = "wCYk92EVh2F7Ef31/I508D+cFZZgevDKO/Ud7LJ/yV4=";

    /// <summary>"hello", encrypted by it with the key <c>orders-1</c>.</summary>
    public const string Ciphertext =
        "UUsBAQEBohjsdCpwAZ0XNeVFmrJjfTda0+45lzDH7XVkBXfz3c64eISCoHFKtRVsA"
        + "//ChTSLNIyEEAWh/iwFxERZta7nOiQKeinguMQxU2LyUmHoseO8aFbxUb1h26XYgR389eYq58ewpQ==";

    /// <summary>"hello", signed by it with the active version of <c>seals</c>.</summary>
    public const string Signature = "1dvy5vcpNSR7PKmQ+gWimVA2izmbo/EnGHtuUDR7DCGAMs1VJZPxxCf0t3W7z0c4N+ydXRbYEDGY/sdgpOCiBQ==";

    // Those that the build before had.
    private const int Migrations = 3;

    /// <summary>Puts it, with its root key and its API key, where a service finds it.</summary>
    public static async Task PutIntoAsync(string dataDirectory)
    {
        TestStorage.UseEmpty(dataDirectory);
        TestStorage.WriteRootKey(dataDirectory, Convert.FromBase64String(RootKey));
        PrivateFile.Create(Path.Combine(dataDirectory, "initial-api-key"), Encoding.ASCII.GetBytes(ApiKey));
        IReadOnlyDictionary<string, string> settings = TestStorage.SettingsOf(dataDirectory);
        if (settings.TryGetValue("Qkms:Storage:ConnectionString", out string? shared))
        {
            await PutIntoPostgresAsync(shared);
            return;
        }

        using (SqliteKmsStore store = new(
            new SqliteStorageOptions { DataDirectory = dataDirectory },
            [.. Migration.For("Sqlite").Take(Migrations)],
            TimeProvider.System,
            NullLogger<SqliteKmsStore>.Instance))
            await store.OpenAsync(CancellationToken.None);

        using Database database = Database.OfSqliteUntouched(Path.Combine(dataDirectory, "qkms.db"));
        database.Execute($"BEGIN; {Script}; COMMIT");
    }

    /// <summary>Puts its rows into an empty database of PostgreSQL.</summary>
    public static async Task PutIntoPostgresAsync(string connectionString)
    {
        // The migrator alone: the store of this build expects tables that came later.
        await using (NpgsqlConnection connection = new(connectionString))
        {
            await connection.OpenAsync();
            await new PostgresMigrator([.. Migration.For("Postgres").Take(Migrations)], TimeProvider.System, NullLogger.Instance)
                .RunAsync(connection, CancellationToken.None);
        }

        using Database database = Database.OfPostgresUntouched(connectionString);
        database.Execute(Script);
    }

    private static string Script =>
        File.ReadAllText(Path.Combine(Repository.Root, "Qkms.Tests", "Installation", "former-database.sql"));
}
