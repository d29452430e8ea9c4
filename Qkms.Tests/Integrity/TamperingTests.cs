using Qkms.Core.Sealing;

namespace Qkms.Tests.Integrity;

/// <summary>Somebody writes to the database: the thing he touched answers 500 and is named in the log; everything else works.</summary>
public sealed class TamperingTests : ServiceTests
{
    // Every column of key_versions that the seal covers, changed to another plausible value.
    [Theory]
    [InlineData("state", "CASE state WHEN 1 THEN 2 ELSE 1 END")]
    [InlineData("state", "3")]
    [InlineData("state", "4")]
    [InlineData("state", "77")]
    [InlineData("version", "version + 100")]
    [InlineData("algorithm", "'ML-KEM-512'")]
    [InlineData("algorithm", "'nonsense'")]
    [InlineData("use", "2")]
    [InlineData("name", "'other'")]
    [InlineData("owner_kind", "'device'")]
    [InlineData("owner_id", "'x'")]
    [InlineData("spelling", "'Kyber768'")]
    [InlineData("oaep_hash", "'SHA-1'")]
    [InlineData("public_key", "zeroblob(1184)")]
    [InlineData("public_key", "x''")]
    [InlineData("soft_usage_limit", "1")]
    [InlineData("max_usage_limit", "1")]
    [InlineData("soft_limit_expiration", "1")]
    [InlineData("expires_at", "1")]
    [InlineData("expires_at", "9223372036854775807")]
    [InlineData("process_until", "1")]
    [InlineData("auto_rotate", "1")]
    [InlineData("next_kid", "'elsewhere'")]
    [InlineData("created_at", "created_at + 1")]
    [InlineData("created_at", "9223372036854775807")]
    [InlineData("retired_at", "1")]
    [InlineData("revoked_at", "1")]
    [InlineData("destroyed_at", "1")]
    [InlineData("destroy_at", "1")]
    [InlineData("row_version", "7")]
    [InlineData("seal", "zeroblob(33)")]
    [InlineData("seal", "x''")]
    [InlineData("seal_key_id", "NULL")]
    [InlineData("seal_key_id", "zeroblob(16)")]
    [InlineData("seal_key_id", "x''")]
    public async Task A_changed_key_version_is_refused_and_named_and_all_others_work(string column, string value)
    {
        string kid = (await Client.GenerateAsync("ML-KEM-768")).Text("kid");
        string other = (await Client.GenerateAsync("ML-KEM-1024")).Text("kid");
        Tamper(App, $"UPDATE key_versions SET {column} = {value} WHERE kid = '{kid}'");

        (await Client.GetJsonAsync($"/kms/keys/{kid}")).ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        (await Client.GetJsonAsync($"/kms/keys/{kid}/public-key")).ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        (await Client.ActiveAsync("ML-KEM-768")).ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        (await Client.PostJsonAsync("/kms/keys/rotate", """{"algorithm":"ML-KEM-768"}"""))
            .ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        (await Client.GetJsonAsync("/kms/keys/1?algorithm=ML-KEM-768"))
            .ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        (await Client.RevokeAsync(kid)).ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        LogShouldName(App, $"key version {kid}");

        Answer list = (await Client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        list.Data["keys"]!.AsArray().Select(k => (string)k!["kid"]!).Should().Equal(other);
        if (column != "owner_kind")
            list.Data["unreadable"]!.AsArray().Select(k => (string)k!).Should().Equal(kid);

        (await Client.ActiveAsync("ML-KEM-1024")).Text("kid").Should().Be(other);
        await Client.RotateAsync("ML-KEM-1024");
        await Client.GenerateAsync("ML-DSA-44");
        using Database database = App.OpenDatabase();
        database.Scalar($"SELECT COUNT(*) FROM audit_events WHERE action = 'integrity.failed' AND reason = 'key version {kid}'")
            .Should().Be(1L, "the journal says it once");
    }

    // A version that is gone, or has another kid, is not "no such key" where its key says that it exists.
    [Theory]
    [InlineData("UPDATE key_versions SET kid = 'renamed' WHERE kid = '{0}'")]
    [InlineData("DELETE FROM key_versions WHERE kid = '{0}'")]
    public async Task A_lost_active_version_is_never_no_active_key(string sql)
    {
        string kid = (await Client.GenerateAsync()).Text("kid");
        Tamper(App, string.Format(System.Globalization.CultureInfo.InvariantCulture, sql, kid));

        (await Client.ActiveAsync()).ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        (await Client.GetJsonAsync("/kms/keys/1?algorithm=ML-KEM-768"))
            .ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        (await Client.PostJsonAsync("/kms/keys/generate", """{"algorithm":"ML-KEM-768"}"""))
            .ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        LogShouldName(App, $"key version {kid}");
    }

    [Theory]
    [InlineData("state", "2")]
    [InlineData("next_version", "1")]
    [InlineData("active_kid", "NULL")]
    [InlineData("version_count", "0")]
    [InlineData("destroyed_count", "1")]
    [InlineData("row_version", "77")]
    [InlineData("version_states", "'1r2'")]
    [InlineData("version_states", "''")]
    [InlineData("description", "'changed'")]
    [InlineData("seal_key_id", "NULL")]
    [InlineData("origin", "'elsewhere'")]
    [InlineData("delete_at", "1")]
    [InlineData("rotation_period", "1")]
    [InlineData("next_rotation_at", "1")]
    [InlineData("created_at", "1")]
    [InlineData("seal", "zeroblob(33)")]
    public async Task A_changed_key_is_refused_and_its_versions_with_it(string column, string value)
    {
        Answer made = await Client.GenerateAsync("ML-KEM-768");
        await Client.GenerateAsync("ML-KEM-1024");
        Tamper(App, $"UPDATE keys SET {column} = {value} WHERE algorithm = 'ML-KEM-768'");

        (await Client.ActiveAsync("ML-KEM-768")).ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        (await Client.PostJsonAsync("/kms/keys/generate", """{"algorithm":"ML-KEM-768"}"""))
            .ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        (await Client.PostJsonAsync("/kms/keys/rotate", """{"algorithm":"ML-KEM-768"}"""))
            .ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        (await Client.RetireAsync(1)).ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        LogShouldName(App, $"key {made.Text("key_id")}");

        // Nothing else says what state the version is in.
        (await Client.GetJsonAsync($"/kms/keys/{made.Text("kid")}"))
            .ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        (await Client.ActiveAsync("ML-KEM-1024")).ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("roles", "15")]
    [InlineData("label", "'changed'")]
    [InlineData("sealed_secret", "x'01'")]
    [InlineData("permissions", "'keys:read'")]
    [InlineData("key_scope", "'x'")]
    [InlineData("state", "2")]
    [InlineData("expires_at", "1")]
    [InlineData("grace_until", "1")]
    [InlineData("tenant_id", "(SELECT id FROM tenants WHERE name = 'default')")]
    [InlineData("seal", "zeroblob(33)")]
    public async Task A_changed_api_key_is_refused_and_others_work(string column, string value)
    {
        using HttpClient admin = App.Client();
        string apiKey = await App.CreateTenantAsync("victim", Core.Callers.Roles.Auditor);
        using HttpClient client = App.ClientFor(apiKey);
        (await client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        Tamper(App, $"UPDATE credentials SET {column} = {value} WHERE lookup_id = '{apiKey[5..17]}'");

        (await client.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        LogShouldName(App, "credential ");
        (await admin.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("state", "2")]
    [InlineData("plan", "'free'")]
    [InlineData("seal", "zeroblob(33)")]
    public async Task A_changed_tenant_is_refused_and_others_work(string column, string value)
    {
        using HttpClient admin = App.Client();
        using HttpClient client = App.ClientFor(await App.CreateTenantAsync("victim"));
        Tamper(App, $"UPDATE tenants SET {column} = {value} WHERE name = 'victim'");

        (await client.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        LogShouldName(App, "tenant ");
        (await admin.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
    }

    // A tenant whose wrapping key is damaged can make no keys, and can read what it has.
    [Fact]
    public async Task A_changed_tenant_key_makes_no_new_keys()
    {
        using HttpClient admin = App.Client();
        using HttpClient client = App.ClientFor(await App.CreateTenantAsync("victim"));
        await client.GenerateAsync();
        Tamper(
            App, "UPDATE keyring SET wrapped = zeroblob(length(wrapped)) WHERE tenant_id = (SELECT id FROM tenants WHERE name = 'victim')");

        (await client.PostJsonAsync("/kms/keys/rotate", """{"algorithm":"ML-KEM-768"}"""))
            .ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        LogShouldName(App, "the key of tenant ");
        (await client.ActiveAsync()).Number("key_version").Should().Be(1);
        await admin.GenerateAsync();
    }

    // Q-29: a wrapped private key opens in its own row only.
    [Fact]
    public async Task A_wrapped_private_key_moved_to_another_row_does_not_open()
    {
        Answer first = await Client.GenerateAsync();
        Answer second = await Client.RotateAsync();
        await Materials.OpenAsync(App, first.Text("kid"));
        Tamper(App, $"""
            UPDATE key_material SET wrapped = (
              SELECT m.wrapped FROM key_material m JOIN key_versions v ON v.id = m.version_id WHERE v.kid = '{second.Text("kid")}')
            WHERE version_id = (SELECT id FROM key_versions WHERE kid = '{first.Text("kid")}')
            """);

        Func<Task> open = () => Materials.OpenAsync(App, first.Text("kid"));

        (await open.Should().ThrowAsync<SealBrokenException>()).Which.Message.Should().Contain(first.Text("kid"));
        (await Materials.OpenAsync(App, second.Text("kid"))).Length.Should().Be(64);
    }

    // Q-29: one flipped bit anywhere in a wrapped private key.
    [Fact]
    public async Task A_wrapped_private_key_with_any_byte_flipped_does_not_open()
    {
        string kid = (await Client.GenerateAsync("ML-DSA-44")).Text("kid");
        (KeyVersion version, KeyMaterial material, WrappingKey tenantKey) = await Materials.FindAsync(App, kid);
        using (tenantKey)
        {
            for (int i = 0; i < material.Wrapped.Length; i++)
            {
                byte[] flipped = [.. material.Wrapped];
                flipped[i] ^= 1;
                Action open = () => PrivateKeyWrap.Unwrap(tenantKey, version, material with { Wrapped = flipped }).Dispose();
                open.Should().Throw<SealBrokenException>($"byte {i} was changed");
            }
        }
    }

    private static void LogShouldName(QkmsApplication app, string what) =>
        app.Log.Lines.Should().Contain(line => line.StartsWith("Critical ", StringComparison.Ordinal)
            && line.Contains($"the protection of {what}", StringComparison.Ordinal));

    private static void Tamper(QkmsApplication app, string sql)
    {
        using Database database = app.OpenDatabase();
        database.Execute(sql).Should().Be(1, sql);

        // What the service read before may be used for half a second more.
        app.Time.OutliveCaches();
    }
}
