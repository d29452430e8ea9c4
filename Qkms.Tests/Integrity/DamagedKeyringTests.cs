using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Qkms.Storage;
using Qkms.Storage.Sqlite;

namespace Qkms.Tests.Integrity;

/// <summary>
/// The same for the keys of the installation, which are opened at the start: it is refused in words, and nothing is made anew.
/// </summary>
public sealed class DamagedKeyringTests
{
    // Whatever stands in them, nothing is decided otherwise.
    private static readonly Dictionary<string, string> _decideNothing = new()
    {
        ["root_wrappers.created_at"] = "for people",
        ["keyring.created_at"] = "for people",
    };

    [Theory]
    [InlineData("root_wrappers", Flip.Low)]
    [InlineData("root_wrappers", Flip.High)]
    [InlineData("keyring", Flip.Low)]
    [InlineData("keyring", Flip.High)]
    public async Task A_damaged_key_of_the_installation_stops_the_start_in_words(string table, Flip flip)
    {
        using TemporaryDirectory directory = new();
        await using (QkmsApplication app = new(directory.Path))
            _ = app.Server;

        await using IKmsStore store = Store(directory.Path);
        await store.OpenAsync(CancellationToken.None);
        using Database database = TestStorage.Open(directory.Path);
        List<string> problems = [];
        foreach (string column in database.ColumnNames(table))
        {
            // The row-seal key by its kind, or where that is damaged by its id.
            string id = Convert.ToHexString((byte[])database.Scalar("SELECT id FROM keyring WHERE kind = 3")!);
            string row = table == "root_wrappers" ? "1 = 1" : column == "kind" ? $"id = x'{id}'" : "kind = 3";
            object? before = database.Scalar($"SELECT {column} FROM {table} WHERE {row}");
            Damage.Apply(database, table, column, row, flip);

            string what = $"{table}.{column}";
            Exception? refusal = await OpenAsync(store, directory.Path);
            bool isExpected = _decideNothing.ContainsKey(what) ? refusal is null : refusal is StoreUnusableException or RootKeyException;
            if (!isExpected)
                problems.Add($"{what}: {refusal}");

            database.Execute($"UPDATE {table} SET {column} = @Value WHERE {row}", ("Value", before)).Should().Be(1);
        }

        problems.Should().BeEmpty();
        (await OpenAsync(store, directory.Path)).Should().BeNull("all is as it was");
        database.Scalar("SELECT COUNT(*) FROM root_wrappers").Should().Be(1L);
    }

    private static async Task<Exception?> OpenAsync(IKmsStore store, string directory)
    {
        IdGenerator ids = new(TimeProvider.System);
        using Keyring keyring = new(TimeProvider.System, ids);
        using RootKeyEnvironment environment = RootKeyEnvironment.TakeFromProcess();
        try
        {
            await Keyrings.Openers.For(store, Repositories.Keyring, ids, keyring).OpenAsync(
                new RootKeyLocator(environment, directory), CancellationToken.None);
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    private static IKmsStore Store(string directory)
    {
        ServiceCollection services = new();
        services.AddSingleton(TimeProvider.System)
            .AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance)
            .AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        IReadOnlyDictionary<string, string> settings = TestStorage.SettingsOf(directory);
        _ = settings.TryGetValue("Qkms:Storage:ConnectionString", out string? shared)
            ? services.AddQkmsStorage(PostgresPatience.Long.For(shared))
            : services.AddQkmsStorage(new SqliteStorageOptions { DataDirectory = directory });
        return services.BuildServiceProvider().GetRequiredService<IKmsStore>();
    }
}
