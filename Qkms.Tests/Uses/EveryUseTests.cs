namespace Qkms.Tests.Uses;

/// <summary>A-40: every use of a key is counted and journalled before its answer leaves, unless a setting says otherwise.</summary>
public sealed class EveryUseTests
{
    private const string Uses = "Qkms:Audit:Uses";
    private const string NodeName = "Qkms:Node:Name";

    /// <summary>A-40: each operation with a private or secret key is a use of it; verifying, for which nobody needs it, is none.</summary>
    [Fact]
    public async Task Every_operation_with_a_private_key_is_counted_and_journalled()
    {
        await using QkmsApplication app = new();
        using HttpClient client = app.Client();
        string aes = (await client.GenerateAsync(KeyUseVerbs.Aes)).Text("kid");
        string kem = (await client.GenerateAsync("ML-KEM-768")).Text("kid");
        string raw = (await client.GenerateAsync("ML-KEM-512", new { use = "kem" })).Text("kid");
        string dsa = (await client.GenerateAsync(KeyUseVerbs.Dsa)).Text("kid");
        string hmac = (await client.GenerateAsync("HMAC-256")).Text("kid");

        string ciphertext = (await client.MustUseAsync("/crypto/encrypt", new { kid = aes, plaintext = "AA==" })).Text("ciphertext");
        await client.MustUseAsync(
            "/crypto/encrypt", new { kid = aes, items = new[] { new { plaintext = "AA==" }, new { plaintext = "" } } });
        await client.MustUseAsync("/crypto/decrypt", new { ciphertext });
        await client.MustUseAsync("/crypto/re-encrypt", new { ciphertext });
        string dataKey = (await client.MustUseAsync("/data-keys/generate", new { kid = aes })).Text("ciphertext");
        await client.MustUseAsync("/data-keys/decrypt", new { ciphertext = dataKey });
        string sealedText = (await client.MustUseAsync("/kem/encrypt", new { kid = kem, plaintext = "AA==" })).Text("ciphertext");
        await client.MustUseAsync("/kem/decrypt", new { kid = kem, ciphertext = sealedText });
        string wrapped = (await client.MustUseAsync("/kem/key/wrap", new { kid = kem, symmetric_key = "AAAA" })).Text("wrapped_key");
        await client.MustUseAsync("/kem/key/unwrap", new { kid = kem, wrapped_key = wrapped });
        string encapsulated = (await client.MustUseAsync("/kem/encapsulate", new { kid = raw })).Text("kem_ciphertext");
        await client.MustUseAsync("/kem/decapsulate", new { kid = raw, kem_ciphertext = encapsulated });
        string signature = (await client.MustUseAsync("/signature/sign", new { kid = dsa, message = "AA==" })).Text("signature");
        await client.MustUseAsync("/signature/verify", new { kid = dsa, message = "AA==", signature });
        string mac = (await client.MustUseAsync("/mac/generate", new { kid = hmac, message = "AA==" })).Text("mac");
        await client.MustUseAsync("/mac/verify", new { kid = hmac, message = "AA==", mac });
        (await client.UseAsync("/crypto/decrypt", new { ciphertext, context = new { wrong = "one" } })).ShouldNotDecrypt();

        (await UsesOfAsync(client, aes)).Should().Equal(
            "encrypt 1, 1 in all", "encrypt 2, 3 in all", "decrypt 1, 4 in all", "decrypt 1, 5 in all", "encrypt 1, 6 in all",
            "generate_data_key 1, 7 in all", "decrypt_data_key 1, 8 in all");
        (await UsesOfAsync(client, kem)).Should().Equal(
            "encrypt 1, 1 in all", "decrypt 1, 2 in all", "wrap 1, 3 in all", "unwrap 1, 4 in all");
        (await UsesOfAsync(client, raw)).Should().Equal("encapsulate 1, 1 in all", "decapsulate 1, 2 in all");
        (await UsesOfAsync(client, dsa)).Should().Equal("sign 1, 1 in all");
        (await UsesOfAsync(client, hmac)).Should().Equal("generate_mac 1, 1 in all", "verify_mac 1, 2 in all");
        Answer shown = await client.GetJsonAsync($"/kms/keys/{aes}");
        shown.Number("usage_count").Should().Be(8);
        shown.Data["last_used_at"].Should().NotBeNull();
    }

    /// <summary>A-40: an event of a use names who used what, in which request.</summary>
    [Fact]
    public async Task A_use_names_the_caller_the_version_and_the_request()
    {
        await using QkmsApplication app = new();
        using HttpClient client = app.Client();
        string kid = (await client.GenerateAsync(KeyUseVerbs.Aes)).Text("kid");
        client.DefaultRequestHeaders.Add("X-Request-ID", "6f1c2b9e-5d0a-4a43-9c1b-0f5f3c2d1e0a");

        await client.MustUseAsync("/crypto/encrypt", new { plaintext = "AA==" });

        Answer events = (await client.GetJsonAsync("/audit/events?stream=2")).ShouldBe(HttpStatusCode.OK);
        JsonNode used = events.Data["events"]!.AsArray().Single()!;
        ((string?)used["action"]).Should().Be("key.used");
        ((string?)used["kid"]).Should().Be(kid);
        ((int?)used["key_version"]).Should().Be(1);
        ((string?)used["actor_kind"]).Should().Be("api_key");
        ((string?)used["request_id"]).Should().Be("6f1c2b9e-5d0a-4a43-9c1b-0f5f3c2d1e0a");
    }

    /// <summary>A-40: with <c>off</c> a version without a usage limit is neither counted nor journalled; one with a limit is.</summary>
    [Fact]
    public async Task Without_the_setting_only_versions_with_a_limit_are_counted()
    {
        await using QkmsApplication app = new() { Settings = { [Uses] = "off" } };
        using HttpClient client = app.Client();
        string free = (await client.GenerateAsync(KeyUseVerbs.Aes, new { name = "free" })).Text("kid");
        string limited = (await client.GenerateAsync(KeyUseVerbs.Aes, new { name = "limited", max_usage_limit = 2 })).Text("kid");

        for (int i = 0; i < 2; i++)
        {
            await client.MustUseAsync("/crypto/encrypt", new { kid = free, plaintext = "" });
            await client.MustUseAsync("/crypto/encrypt", new { kid = limited, plaintext = "" });
        }

        (await client.UseAsync("/crypto/encrypt", new { kid = limited, plaintext = "" }))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_007");
        (await UsesOfAsync(client, limited)).Should().Equal("encrypt 1, 1 in all", "encrypt 1, 2 in all");
        (await UsesOfAsync(client, free)).Should().BeEmpty();
        Answer shown = await client.GetJsonAsync($"/kms/keys/{free}");
        shown.Number("usage_count").Should().Be(0);
        shown.Data["last_used_at"].Should().BeNull();
    }

    /// <summary>A-40: the journal tells when a node begins or ceases to record every use, once, and not at every start.</summary>
    [Fact]
    public async Task A_change_of_the_setting_is_an_event_and_a_start_without_one_is_not()
    {
        using TemporaryDirectory directory = new();
        string[] seen = [];
        foreach ((string setting, string node) in ((string, string)[])[
            ("durable", "a"), ("off", "a"), ("off", "a"), ("durable", "a"), ("durable", "a"), ("off", "b"), ("durable", "a"), ("off", "b")])
        {
            await using QkmsApplication app = new(directory.Path) { Settings = { [Uses] = setting, [NodeName] = node } };
            using HttpClient client = app.Client();
            JsonNode data = (await client.GetJsonAsync("/audit/events?action=journal.uses_set&order=asc")).ShouldBe(HttpStatusCode.OK).Data;
            seen = [.. data["events"]!.AsArray().Select(one => $"{one!["actor_id"]}: {one["from"]} to {one["to"]}")];
        }

        seen.Should().Equal("a: durable to off", "a: off to durable", "b: durable to off");
    }

    /// <summary>A-40: a life cycle that was tampered with does not keep the service from starting.</summary>
    [Fact]
    public async Task An_edited_event_of_the_setting_is_an_alarm()
    {
        using TemporaryDirectory directory = new();
        await using (QkmsApplication app = new(directory.Path) { Settings = { [Uses] = "off", [NodeName] = "a" } })
        {
            using HttpClient client = app.Client();
            using Database database = app.OpenDatabase();
            database.Execute("UPDATE audit_events SET to_state = 'durable' WHERE action = 'journal.uses_set'").Should().Be(1);
        }

        await using QkmsApplication again = new(directory.Path) { Settings = { [Uses] = "durable", [NodeName] = "a" } };
        using HttpClient after = again.Client();
        await after.GenerateAsync();
        again.Log.Text.Should().Contain("position 2");
    }

    /// <summary>A-40: nodes of different names have a stream each, of one name one together.</summary>
    [Fact]
    public async Task A_node_has_the_name_that_its_setting_gives_it()
    {
        using TemporaryDirectory directory = new();
        foreach ((string node, string name) in ((string, string)[])[("north-1", "k1"), ("south.2", "k2"), ("north-1", "k3")])
        {
            await using QkmsApplication app = new(directory.Path) { Settings = { [NodeName] = node } };
            using HttpClient client = app.Client();
            string kid = (await client.GenerateAsync(KeyUseVerbs.Aes, new { name })).Text("kid");
            await client.MustUseAsync("/crypto/encrypt", new { kid, plaintext = "" });
            using Database database = app.OpenDatabase();
            database.Strings("SELECT node FROM audit_streams WHERE kind = 2 ORDER BY stream")
                .Should().BeSubsetOf(["north-1", "south.2"]).And.Contain(node);
        }

        using Database all = TestStorage.Open(directory.Path);
        all.Strings("SELECT CAST(next_position AS TEXT) FROM audit_streams WHERE kind = 2 ORDER BY stream").Should().Equal("2", "1");
    }

    /// <summary>
    /// A-40: while the journal's table cannot be written, every use is refused with 503 and what needs no journal goes on; then it goes on
    /// by itself, and what was refused was not counted.
    /// </summary>
    [Fact]
    public async Task A_journal_that_cannot_be_written_stops_uses_and_reads_go_on()
    {
        await using QkmsApplication app = new();
        using HttpClient client = app.Client();
        string aes = (await client.GenerateAsync(KeyUseVerbs.Aes)).Text("kid");
        string dsa = (await client.GenerateAsync(KeyUseVerbs.Dsa)).Text("kid");
        string ciphertext = (await client.MustUseAsync("/crypto/encrypt", new { plaintext = "AA==" })).Text("ciphertext");
        string signature = (await client.MustUseAsync("/signature/sign", new { message = "AA==" })).Text("signature");
        using (Database database = app.OpenDatabase())
            database.Execute("ALTER TABLE audit_events RENAME COLUMN previous_hash TO gone");

        foreach (Answer refused in (Answer[])[
            await client.UseAsync("/crypto/encrypt", new { plaintext = "AA==" }),
            await client.UseAsync("/crypto/encrypt", new { items = new[] { new { plaintext = "AA==" } } }),
            await client.UseAsync("/crypto/decrypt", new { ciphertext }),
            await client.UseAsync("/crypto/decrypt", new { items = new[] { new { ciphertext } } }),
            await client.UseAsync("/crypto/re-encrypt", new { ciphertext }),
            await client.UseAsync("/data-keys/generate", new { }),
            await client.UseAsync("/signature/sign", new { message = "AA==" })])
        {
            refused.ShouldBeRefused(HttpStatusCode.ServiceUnavailable, "ERR_SERVICE_001");
            refused.Headers.Should().ContainKey("Retry-After");
        }

        (await client.GetJsonAsync($"/kms/keys/{aes}")).ShouldBe(HttpStatusCode.OK).Number("usage_count").Should().Be(1);
        (await client.GetJsonAsync($"/kms/keys/{dsa}/public-key")).ShouldBe(HttpStatusCode.OK);
        await client.MustUseAsync("/signature/verify", new { message = "AA==", signature, kid = dsa });
        app.Log.Lines.Count(line => line.Contains("Uses of keys cannot be counted", StringComparison.Ordinal)).Should().Be(1);

        using (Database database = app.OpenDatabase())
            database.Execute("ALTER TABLE audit_events RENAME COLUMN gone TO previous_hash");

        await Eventually.HoldsAsync(async () =>
            (await client.UseAsync("/crypto/decrypt", new { ciphertext })).Status == HttpStatusCode.OK);
        (await UsesOfAsync(client, aes)).Should().Equal("encrypt 1, 1 in all", "decrypt 1, 2 in all");
    }

    private static async Task<string?[]> UsesOfAsync(HttpClient client, string kid)
    {
        JsonNode data = (await client.GetJsonAsync($"/audit/events?stream=2&kid={kid}&order=asc")).ShouldBe(HttpStatusCode.OK).Data;
        return [.. data["events"]!.AsArray().Select(one => (string?)one!["reason"])];
    }
}
