namespace Qkms.Tests.Integrity;

/// <summary>
/// F-14: a database whose tenants are lost is not taken for a new one, which would get a new tenant and a new operator key.
/// </summary>
public sealed class LostTenantsTests : ServiceTests
{
    // The first sweep of a start may come late, and would delete the invented result of a request: it has expired.
    private protected override QkmsApplication NewApplication() => new() { KeepsHouse = false };

    [Fact]
    public async Task Lost_tenants_stop_the_start_and_nothing_is_made_anew()
    {
        using TemporaryDirectory directory = new();
        string apiKey;
        await using (QkmsApplication app = new(directory.Path))
        {
            apiKey = app.InitialApiKey;
            using HttpClient client = app.Client();
            await client.GenerateAsync();
        }

        using (Database database = TestStorage.Open(directory.Path))
            database.Execute("DELETE FROM tenants").Should().Be(1);

        (int exitCode, string output) = await ServiceProcess.StartInVainAsync(directory.Path);

        exitCode.Should().Be(1, output);
        output.Should().Contain("The database holds data of tenants but no tenant").And.NotContain("First start");
        File.ReadAllText(directory.File("initial-api-key")).Should().Be(apiKey);
        using Database after = TestStorage.Open(directory.Path);
        after.Scalar("SELECT COUNT(*) FROM tenants").Should().Be(0L);
        after.Scalar("SELECT COUNT(*) FROM credentials WHERE lookup_id <> 'decoy'").Should().Be(1L);
    }

    // F-14. The tables are those of the schema, so that a new one cannot be forgotten.
    [Fact]
    public async Task One_row_of_a_tenant_in_whatever_table_says_that_the_database_is_in_use()
    {
        _ = App.Server;
        IKmsStore store = App.Services.GetRequiredService<IKmsStore>();
        using Database database = App.OpenDatabase();
        string[] tables =
            [.. database.TableNames().Where(table => table == "tenants" || database.ColumnNames(table).Contains("tenant_id"))];
        foreach (string table in tables)
            database.Execute($"DELETE FROM {table}{(table == "keyring" ? " WHERE tenant_id IS NOT NULL" : "")}");

        (await IsInUseAsync()).Should().BeFalse("all is gone");
        foreach (string table in tables)
        {
            Damage.InventRow(database, table);
            (await IsInUseAsync()).Should().BeTrue(table);
            database.Execute($"DELETE FROM {table}{(table == "keyring" ? " WHERE tenant_id IS NOT NULL" : "")}").Should().Be(1, table);
        }

        (await IsInUseAsync()).Should().BeFalse("all is gone again");

        Task<bool> IsInUseAsync() => store.ReadAsync(Repositories.Keyring.HasRowsOfTenantsAsync, CancellationToken.None);
    }
}
