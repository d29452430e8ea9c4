using Qkms.Core.Journal;

namespace Qkms.Tests.Journal;

/// <summary>A-40: what known callers were refused is in the journal: who, what, which key, and why.</summary>
public sealed class RefusalTests : ServiceTests
{
    private const string RequestId = "6f1c2b9e-5d0a-4a43-9c1b-0f5f3c2d1e0a";

    /// <summary>A-40: who was refused what, which key was asked for, why, and in which request.</summary>
    [Fact]
    public async Task A_refusal_names_caller_route_key_code_and_request()
    {
        string kid = (await Client.GenerateAsync("AES-256", new { kid = "orders-1", name = "orders" })).Text("kid");
        await Client.RevokeAsync(kid);
        Client.DefaultRequestHeaders.Add("X-Request-ID", RequestId);

        (await Client.UseAsync("/crypto/encrypt", new { kid, plaintext = "" })).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");

        JsonNode refused = (await ListAsync()).Should().ContainSingle().Which;
        ((string?)refused["action"]).Should().Be("request.refused");
        ((string?)refused["actor_kind"]).Should().Be("api_key");
        ((string?)refused["actor_id"]).Should().Be(await ActorAsync());
        ((string?)refused["kid"]).Should().Be("orders-1");
        ((string?)refused["reason"]).Should().Be("ERR_KMS_006 POST /crypto/encrypt");
        ((string?)refused["request_id"]).Should().Be(RequestId);
        ((string?)refused["server_request_id"]).Should().NotBe(RequestId);
        (await ListAsync("&kid=orders-1")).Should().ContainSingle();
        (await ListAsync("&kid=orders-2")).Should().BeEmpty();
    }

    /// <summary>A-40: keys that are not there are named as they were asked for, by kid or by name.</summary>
    [Theory]
    [InlineData("/crypto/encrypt", """{"kid":"missing-1","plaintext":""}""", "ERR_KMS_003 POST /crypto/encrypt", "missing-1")]
    [InlineData(
        "/crypto/encrypt", """{"name":"missing","plaintext":""}""", "ERR_KMS_003 POST /crypto/encrypt AES-256 key 'missing'", null)]
    [InlineData("/crypto/decrypt", """{"kid":"missing-1","ciphertext":"AA=="}""", "ERR_KMS_003 POST /crypto/decrypt", "missing-1")]
    [InlineData(
        "/signature/verify",
        """{"kid":"missing-1","message":"","signature":"AA=="}""",
        "ERR_KMS_003 POST /signature/verify",
        "missing-1")]
    [InlineData("/kms/keys/missing-1/actions/revoke", "{}", "ERR_KMS_003 POST /kms/keys/{kid}/actions/revoke", "missing-1")]
    [InlineData("/kms/keys/missing-1/rotations", "{}", "ERR_KMS_003 POST /kms/keys/{kid}/rotations", "missing-1")]
    [InlineData(
        "/kms/keys/rotate",
        """{"algorithm":"ML-KEM-768","name":"missing"}""",
        "ERR_KMS_003 POST /kms/keys/rotate ML-KEM-768 key 'missing'",
        null)]
    public async Task A_key_that_is_not_there_is_named_as_it_was_asked_for(string path, string body, string reason, string? kid)
    {
        (await Client.PostJsonAsync(path, body)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");

        JsonNode refused = (await ListAsync()).Should().ContainSingle().Which;
        ((string?)refused["reason"]).Should().Be(reason);
        ((string?)refused["kid"]).Should().Be(kid);
    }

    /// <summary>A-40: a missing permission, a taken active slot, a wrong kind of key and a ciphertext that does not open.</summary>
    [Fact]
    public async Task Permissions_states_and_decryptions_are_told()
    {
        await Client.GenerateAsync("AES-256", new { kid = "first", name = "orders" });
        await Client.GenerateAsync("ML-DSA-44", new { kid = "signs" });
        string ciphertext = (await Client.MustUseAsync("/crypto/encrypt", new { kid = "first", plaintext = "AA==" })).Text("ciphertext");
        using HttpClient user = App.ClientFor(await App.CreateApiKeyAsync(App.InitialApiKey, Roles.User));

        (await user.PostJsonAsync("/kms/keys/first/actions/revoke", "{}")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        (await Client.PostJsonAsync("/kms/keys/generate", """{"algorithm":"AES-256","name":"orders"}"""))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_004");
        (await Client.UseAsync("/crypto/encrypt", new { kid = "signs", plaintext = "" }))
            .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_SIG_001");
        (await Client.UseAsync("/crypto/decrypt", new { ciphertext, context = new { wrong = "one" } })).ShouldNotDecrypt();

        (await ReasonsAsync()).Should().Equal(
            "ERR_FORBIDDEN_002 POST /kms/keys/{kid}/actions/revoke (first)",
            "ERR_KMS_004 POST /kms/keys/generate AES-256 key 'orders' ()",
            "ERR_SIG_001 POST /crypto/encrypt (signs)",
            "ERR_KEM_001 POST /crypto/decrypt (first)");
    }

    /// <summary>A-40: a permission is missed before a key is looked for, and the kid of the path is told all the same.</summary>
    [Fact]
    public async Task A_missing_permission_is_told_with_the_kid_of_the_path()
    {
        using HttpClient narrowed = await App.NarrowedClientAsync("audit:read");

        (await narrowed.GetJsonAsync("/kms/keys/missing-1")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        (await narrowed.GetJsonAsync("/kms/keys/missing-2/public-key")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        (await narrowed.GetJsonAsync("/kms/keys/1")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");

        (await ReasonsAsync()).Should().Equal(
            "ERR_FORBIDDEN_002 GET /kms/keys/{key} (missing-1)",
            "ERR_FORBIDDEN_002 GET /kms/keys/{kid}/public-key (missing-2)",
            "ERR_FORBIDDEN_002 GET /kms/keys/{key} ()");
    }

    /// <summary>A-40: not told are faults of a request's form, routes that are not there, and callers whom nobody knows.</summary>
    [Fact]
    public async Task What_no_key_or_permission_decided_is_not_told()
    {
        using HttpClient stranger = App.ClientFor(null);

        (await Client.PostJsonAsync("/crypto/encrypt", """{"plaintext":"?"}""")).Status.Should().Be(HttpStatusCode.BadRequest);
        (await Client.PostJsonAsync("/crypto/encrypt", "{")).Status.Should().Be(HttpStatusCode.BadRequest);
        (await Client.GetJsonAsync("/kms/nothing")).Status.Should().Be(HttpStatusCode.NotFound);
        (await Client.GetJsonAsync("/crypto/encrypt")).Status.Should().Be(HttpStatusCode.MethodNotAllowed);
        (await stranger.GetJsonAsync("/kms/keys/missing-1")).Status.Should().Be(HttpStatusCode.Unauthorized);
        (await Client.GetJsonAsync("/kms/keys/missing-1")).Status.Should().Be(HttpStatusCode.NotFound);

        (await ReasonsAsync()).Should().Equal("ERR_KMS_003 GET /kms/keys/{key} (missing-1)");
    }

    /// <summary>A-40: nothing that a caller sent is repeated but names and kids that have the shape of one.</summary>
    [Theory]
    [InlineData("GET", "/kms/keys/se%20cret-value")]
    [InlineData("GET", "/kms/rotation-jobs/secret-value")]
    [InlineData("GET", "/kms/keys/..secret-value")]
    [InlineData("POST", "/kms/keys/..secret-value/actions/revoke")]
    public async Task What_is_no_name_is_not_repeated(string verb, string path)
    {
        using HttpRequestMessage request = new(new HttpMethod(verb), path);
        if (verb == "POST")
            request.Content = new StringContent("""{"reason":"secret-value"}""", Encoding.UTF8, "application/json");

        using HttpResponseMessage response = await Client.SendAsync(request);
        response.StatusCode.Should().Be(HttpStatusCode.NotFound);

        JsonNode refused = (await ListAsync()).Should().ContainSingle().Which;
        refused.ToJsonString().Should().NotContain("secret");
        refused["kid"].Should().BeNull();
    }

    /// <summary>A-40: items that were refused in a request that was not are told, those alike together.</summary>
    [Fact]
    public async Task Refused_items_are_told()
    {
        string kid = (await Client.GenerateAsync("AES-256", new { kid = "first" })).Text("kid");
        string good = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "AA==" })).Text("ciphertext");
        string dataKey = (await Client.MustUseAsync("/data-keys/generate", new { kid })).Text("ciphertext");
        await Client.GenerateAsync("AES-256", new { kid = "limited", name = "limited", max_usage_limit = 1 });
        await Client.GenerateAsync("ML-DSA-44", new { kid = "signs", max_usage_limit = 1 });
        object wrong = new { wrong = "one" };
        object[] two = [new { plaintext = "" }, new { plaintext = "" }];

        await Client.MustUseAsync("/crypto/decrypt", new
        {
            items = new object[] { new { ciphertext = good }, new { ciphertext = good, context = wrong }, new { ciphertext = "AA==" } },
            algorithm = "AES-256",
        });
        await Client.MustUseAsync("/crypto/re-encrypt", new { items = new[] { new { ciphertext = good, context = wrong } } });
        await Client.MustUseAsync("/data-keys/decrypt", new { items = new[] { new { ciphertext = dataKey, context = wrong } } });
        await Client.MustUseAsync("/crypto/encrypt", new { kid = "limited", items = two });
        await Client.MustUseAsync("/signature/sign", new { kid = "signs", items = new[] { new { message = "" }, new { message = "" } } });
        await Client.MustUseAsync("/signature/verify", new
        {
            kid = "missing-1",
            items = new[] { new { message = "", signature = "AA==" }, new { message = "", signature = "AA==" } },
        });

        // An answer leaves before its items are noted.
        await Eventually.HoldsAsync(async () => (await ListAsync()).Count >= 7);
        (await ReasonsAsync()).Should().Equal(
            "ERR_KEM_001 POST /crypto/decrypt AES-256 key 'default', 1 item (first)",
            "ERR_KEM_001 POST /crypto/decrypt AES-256 key 'default', 1 item ()",
            "ERR_KEM_001 POST /crypto/re-encrypt, 1 item (first)",
            "ERR_KEM_001 POST /data-keys/decrypt, 1 item (first)",
            "ERR_KMS_007 POST /crypto/encrypt, 1 item (limited)",
            "ERR_KMS_007 POST /signature/sign, 1 item (signs)",
            "ERR_KMS_003 POST /signature/verify, 2 items (missing-1)");
    }

    /// <summary>
    /// A-40, K-08: of a key outside the caller's narrowing the journal says what was asked for and what was answered, not that there is
    /// one; and to a narrowed reader it shows what is about his keys alone, whether or not there are others.
    /// </summary>
    [Fact]
    public async Task A_key_out_of_reach_is_told_like_one_that_is_not_there()
    {
        await Client.GenerateAsync("AES-256", new { kid = "secret-1", name = "secret" });
        await Client.GenerateAsync("ML-DSA-44", new { kid = "web-1", name = "web" });
        string ciphertext = (await Client.MustUseAsync("/crypto/encrypt", new { kid = "secret-1", plaintext = "" })).Text("ciphertext");
        using HttpClient narrowed = await App.NarrowedClientAsync(keyScope: "web");

        await narrowed.UseAsync("/crypto/encrypt", new { kid = "secret-1", plaintext = "" });
        await narrowed.UseAsync("/crypto/encrypt", new { kid = "secret-2", plaintext = "" });
        await narrowed.GetJsonAsync("/kms/keys/secret-1");
        await narrowed.UseAsync("/crypto/decrypt", new { ciphertext });
        await narrowed.UseAsync("/crypto/encrypt", new { name = "secret", plaintext = "" });
        await narrowed.UseAsync("/crypto/encrypt", new { name = "secret-too", plaintext = "" });
        await narrowed.PostJsonAsync("/kms/keys/generate", """{"algorithm":"AES-256","name":"secret"}""");
        await narrowed.UseAsync("/crypto/encrypt", new { kid = "web-1", plaintext = "" });

        (await ReasonsAsync()).Should().Equal(
            "ERR_KMS_003 POST /crypto/encrypt (secret-1)",
            "ERR_KMS_003 POST /crypto/encrypt (secret-2)",
            "ERR_KMS_003 GET /kms/keys/{key} (secret-1)",
            "ERR_KEM_001 POST /crypto/decrypt ()",
            "ERR_KMS_003 POST /crypto/encrypt AES-256 key 'secret' ()",
            "ERR_KMS_003 POST /crypto/encrypt AES-256 key 'secret-too' ()",
            "ERR_FORBIDDEN_002 POST /kms/keys/generate AES-256 key 'secret' ()",
            "ERR_SIG_001 POST /crypto/encrypt (web-1)");
        JsonNode seen = (await narrowed.GetJsonAsync("/audit/events?stream=2")).ShouldBe(HttpStatusCode.OK).Data;
        seen["events"]!.AsArray().Should().ContainSingle().Which!["kid"]!.ToString().Should().Be("web-1");
    }

    private async Task<string> ActorAsync() =>
        (string)(await Client.GetJsonAsync("/audit/events?action=key.generated")).Data["events"]![0]!["actor_id"]!;

    private async Task<string[]> ReasonsAsync() => [.. (await ListAsync()).Select(one => $"{one["reason"]} ({one["kid"]})")];

    private async Task<IReadOnlyList<JsonNode>> ListAsync(string query = "")
    {
        await App.Services.GetRequiredService<RefusalJournal>().WriteAsync();
        return
        [
            .. (await Client.GetJsonAsync($"/audit/events?stream=2&action=request.refused&order=asc{query}"))
                .ShouldBe(HttpStatusCode.OK).Data["events"]!.AsArray().Select(one => one!),
        ];
    }
}
