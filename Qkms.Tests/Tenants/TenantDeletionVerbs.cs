using Qkms.Core.Administration;
using Qkms.Tests.ApiKeys;
using Qkms.Tests.Aws;

namespace Qkms.Tests.Tenants;

/// <summary>What operators and time do to tenants that are to be deleted, in one line each.</summary>
internal static class TenantDeletionVerbs
{
    public static readonly TimeSpan Week = TimeSpan.FromDays(7);

    // Of the first tables, of tenants; every other table with a column tenant_id may hold nothing of a deleted one.
    private static readonly string[] _kept = ["tenants", "keyring", "audit_streams", "audit_events"];

    public static Task<Answer> DeleteTenantAsync(this HttpClient client, string id, string? body = null) =>
        client.SendJsonAsync(HttpMethod.Delete, $"/tenants/{id}", body);

    public static Task<Answer> CancelTenantDeletionAsync(this HttpClient client, string id, string? body = null) =>
        client.PostJsonAsync($"/tenants/{id}/actions/cancel-deletion", body);

    /// <summary>A tenant with rows in every table, and a client that speaks for it.</summary>
    public static async Task<(string Id, HttpClient Client)> FurnishTenantAsync(this QkmsApplication app, HttpClient operators, string name)
    {
        Answer made = (await operators.CreateTenantAsync(name)).ShouldBe(HttpStatusCode.Created);
        HttpClient client = app.ClientFor(made.InitialApiKey());
        await client.FurnishAsync();
        return (made.Text("tenant_id"), client);
    }

    /// <summary>Keys in every state and of every owner, uses, a job, kept results, devices and API keys.</summary>
    public static async Task FurnishAsync(this HttpClient client, string name = "default")
    {
        string first = (await client.GenerateAsync(KeyUseVerbs.Aes, new { name, max_usage_limit = 10 })).Text("kid");
        await client.RotateAsync(KeyUseVerbs.Aes, new { name });
        (await client.DestroyAsync(first)).ShouldBe(HttpStatusCode.Accepted);
        string waiting = (await client.GenerateAsync(KeyVerbs.Kem, new { name })).Text("kid");
        (await client.RotateVersionAsync(waiting, """{"scheduled_at":"2036-01-01T00:00:00Z"}""")).ShouldBe(HttpStatusCode.Accepted);
        await client.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA" });
        (await client.PostOnceAsync("once", "/data-keys/generate", """{"algorithm":"AES-256"}""")).Status.Should().BeOneOf(
            HttpStatusCode.OK, HttpStatusCode.Created);
        (await client.PostOnceAsync("twice", "/kms/keys/generate", """{"algorithm":"AES-256","name":"kept"}"""))
            .ShouldBe(HttpStatusCode.Created);
        (await client.PostJsonAsync("/devices/phone/keys", """{"algorithm":"ML-KEM-768"}""")).ShouldBe(HttpStatusCode.Created);
        (await client.CreateApiKeyAsync()).ShouldBe(HttpStatusCode.Created);
        await client.NameAndTagAsync(name);
        (await client.RotateApiKeyAsync((await client.CreateApiKeyAsync()).Text("api_key_id"))).ShouldBe(HttpStatusCode.Created);
    }

    // As clients of AWS KMS do, which sign with the time: that of the service, whatever its clock says.
    private static async Task NameAndTagAsync(this HttpClient client, string name)
    {
        AwsSigner signer = await client.CreateAccessKeyAsync();
        Answer made = await client.GenerateAsync("HMAC-256", new { name });
        (string key, DateTimeOffset now) = (made.Text("key_id"), (DateTimeOffset)made.Json["timestamp"]!);
        (await client.CallAsync(signer, "CreateAlias", new { AliasName = $"alias/{name}", TargetKeyId = key }, at: now))
            .ShouldBe(HttpStatusCode.OK);
        object tags = new { KeyId = key, Tags = new[] { new { TagKey = "a", TagValue = "b" } } };
        (await client.CallAsync(signer, "TagResource", tags, at: now)).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>Lets so much time go by, and has what is due by then deleted: the number of tenants.</summary>
    public static async Task<int> DeleteDueAsync(this QkmsApplication app, TimeSpan time)
    {
        TenantDeletionSweep sweep = app.Services.GetRequiredService<TenantDeletionSweep>();
        await app.LeaveDueWorkAsync();
        app.Time.Pass(time);
        return await sweep.RunAsync(CancellationToken.None);
    }

    /// <summary>An id as the database has it.</summary>
    public static string Stored(string id) => $"x'{id.Replace("-", "", StringComparison.Ordinal)}'";

    /// <summary>
    /// Of a deleted tenant its row, the place of its key with nothing in it and its journal of changes are there, and nothing else, in
    /// whatever table.
    /// </summary>
    public static void ShouldHoldNothingOf(this Database database, string id)
    {
        string stored = Stored(id);
        foreach (string table in database.TableNames().Except(_kept).Where(table => database.ColumnNames(table).Contains("tenant_id")))
            database.Scalar($"SELECT COUNT(*) FROM {table} WHERE tenant_id = {stored}").Should().Be(0L, table);

        database.Scalar($"SELECT COUNT(*) FROM audit_streams WHERE tenant_id = {stored} AND kind <> 3").Should().Be(0L);
        database.Scalar($"SELECT COUNT(*) FROM audit_events WHERE tenant_id = {stored} AND stream <> 1").Should().Be(0L);
        database.Scalar($"SELECT state FROM tenants WHERE id = {stored}").Should().Be(4L);
        database.ShouldHoldNoKeyOf(id);
    }

    /// <summary>Zeros stand where the key of the tenant was.</summary>
    public static void ShouldHoldNoKeyOf(this Database database, string id)
    {
        foreach (byte[] wrapped in database.Bytes($"SELECT wrapped FROM keyring WHERE tenant_id = {Stored(id)}"))
            wrapped.Should().OnlyContain(one => one == 0);

        database.Scalar($"SELECT COUNT(*) FROM keyring WHERE tenant_id = {Stored(id)} AND state = 2").Should().Be(1L);
    }

    /// <summary>Which tables have rows of a tenant.</summary>
    public static string[] TablesOf(this Database database, string id) =>
    [
        .. database.TableNames().Where(table => database.ColumnNames(table).Contains("tenant_id"))
            .Where(table => (long)database.Scalar($"SELECT COUNT(*) FROM {table} WHERE tenant_id = {Stored(id)}")! > 0),
    ];
}
