namespace Qkms.Tests.Integrity;

/// <summary>
/// What belongs to one tenant and what belongs to another change places, each whole and undamaged: both are refused, nobody else is.
/// </summary>
public sealed class SwappedRowTests : ServiceTests
{
    [Theory]
    [InlineData("tenants", "id")]
    [InlineData("tenants", "seal")]
    [InlineData("credentials", "lookup_id")]
    [InlineData("credentials", "verifier")]
    [InlineData("credentials", "seal")]
    [InlineData("keys", "id")]
    [InlineData("keys", "active_kid")]
    [InlineData("keys", "seal")]
    [InlineData("key_versions", "id")]
    [InlineData("key_versions", "key_id")]
    [InlineData("key_versions", "public_key")]
    [InlineData("key_versions", "seal")]
    [InlineData("key_material", "wrapped")]
    [InlineData("key_material", "wrapping_key_id")]
    [InlineData("keyring", "wrapped")]
    [InlineData("keyring", "id")]
    public async Task Two_rows_that_exchange_a_column_are_both_refused(string table, string column)
    {
        using HttpClient witness = App.Client();
        using HttpClient left = App.ClientFor(await App.CreateTenantAsync("left"));
        using HttpClient right = App.ClientFor(await App.CreateTenantAsync("right"));
        foreach (HttpClient client in new[] { witness, left, right })
            await client.GenerateAsync("ML-KEM-512");

        Swap(App, table, column);

        await ShouldBeBrokenAsync(left, table, column);
        await ShouldBeBrokenAsync(right, table, column);
        App.Log.Lines.Count(line => line.StartsWith("Critical ", StringComparison.Ordinal)).Should().BeGreaterThanOrEqualTo(2);
        await witness.RotateAsync("ML-KEM-512");
        await witness.MustUseAsync("/kem/encapsulate", new { algorithm = "ML-KEM-512" });
    }

    private static async Task ShouldBeBrokenAsync(HttpClient client, string table, string column)
    {
        Answer answer = table switch
        {
            "tenants" or "credentials" => await client.GetJsonAsync("/kms/keys"),
            "keys" or "key_versions" => await client.ActiveAsync("ML-KEM-512"),
            _ => await client.UseAsync("/kem/encapsulate", new { algorithm = "ML-KEM-512" }),
        };

        // By another's verifier nobody proves himself: a wrong key to the caller, and said to the operator.
        if (table == "credentials" && column is "lookup_id" or "verifier")
            answer.ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
        else
            answer.ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
    }

    private static void Swap(QkmsApplication app, string table, string column)
    {
        using Database database = app.OpenDatabase();
        string left = Row(database, table, "left");
        string right = Row(database, table, "right");
        object leftValue = database.Scalar($"SELECT {column} FROM {table} WHERE {left}")!;
        object rightValue = database.Scalar($"SELECT {column} FROM {table} WHERE {right}")!;
        leftValue.Should().NotBeEquivalentTo(rightValue);

        // By way of a value that neither has: some columns are unique.
        Write(left, leftValue is string ? "between" : new byte[16]);
        Write(right, leftValue);
        Write(left, rightValue);
        app.Time.OutliveCaches();

        void Write(string row, object value) =>
            database.Execute($"UPDATE {table} SET {column} = @Value WHERE {row}", ("Value", value)).Should().Be(1);
    }

    private static string Row(Database database, string table, string tenant)
    {
        string id = Convert.ToHexString((byte[])database.Scalar($"SELECT id FROM tenants WHERE name = '{tenant}'")!);
        return table == "tenants" ? $"name = '{tenant}'" : $"tenant_id = x'{id}'";
    }
}
