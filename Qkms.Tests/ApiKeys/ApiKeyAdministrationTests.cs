using Qkms.Core.Administration;
using Qkms.Core.ApiKeys;
using Qkms.Core.Idempotency;
using Qkms.Core.Sealing;
using Qkms.Tests.Rotations;
using Qkms.Tests.Verification;
using static Qkms.Tests.ApiKeys.ApiKeyVerbs;

namespace Qkms.Tests.ApiKeys;

/// <summary>K-01: an administrator makes, shows, changes and withdraws the API keys of his tenant over HTTP.</summary>
public sealed class ApiKeyAdministrationTests : ServiceTests
{
    /// <summary>K-01, Q-48: it is shown once, works at once, and lists and shows have all of it but its secret.</summary>
    [Fact]
    public async Task An_API_key_is_shown_once_and_works()
    {
        Answer made = (await Client.CreateApiKeyAsync(new { label = "Bestellungen, Prod", key_names = Words("orders/*", "mail") }))
            .ShouldBe(HttpStatusCode.Created);

        string apiKey = made.Text("api_key");
        string id = made.Text("api_key_id");
        apiKey.Should().MatchRegex("^qkms_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$");
        apiKey.Split('_')[1].Should().Be(made.Text("lookup_id"));
        made.Headers["Location"].Should().Be($"/api-keys/{id}");
        made.Headers["Cache-Control"].Should().Be("no-store");
        (await App.AskWithAsync(apiKey)).ShouldBe(HttpStatusCode.OK);
        (await App.AskWithAsync(apiKey, "/api-keys")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");

        Answer shown = (await Client.GetJsonAsync($"/api-keys/{id}")).ShouldBe(HttpStatusCode.OK);
        Answer list = (await Client.GetJsonAsync("/api-keys")).ShouldBe(HttpStatusCode.OK);
        shown.Text("label").Should().Be("Bestellungen, Prod");
        shown.Text("status").Should().Be("active");
        shown.Data["roles"]!.ToJsonString().Should().Be("""["user"]""");
        shown.Data["permissions"].Should().BeNull();
        shown.Data["key_names"]!.ToJsonString().Should().Be("""["orders/*","mail"]""");
        shown.Data["expires_at"].Should().BeNull();
        shown.Data.AsObject().Select(member => member.Key).Should().Equal(
            "api_key_id", "tenant_id", "kind", "lookup_id", "label", "roles", "permissions", "key_names", "status", "created_at",
            "expires_at",
            "grace_until", "replaced_by", "last_used_at");
        list.Data["api_keys"]![0]!.ToJsonString().Should().Be(shown.Data.ToJsonString());
        (shown.Body + list.Body).Should().NotContain(apiKey[18..]);
        using Database database = App.OpenDatabase();
        database.Scalar($"SELECT COUNT(*) FROM credentials WHERE lookup_id = '{made.Text("lookup_id")}'").Should().Be(1L);
    }

    /// <summary>K-01: the list is newest first, in pages, without the decoy, and one broken row hides no other.</summary>
    [Fact]
    public async Task The_list_comes_in_pages()
    {
        string[] ids = new string[5];
        for (int i = 0; i < ids.Length; i++)
            ids[i] = (await Client.CreateApiKeyAsync(new { label = $"number {i}" })).Text("api_key_id");

        using (Database database = App.OpenDatabase())
            database.Execute("UPDATE credentials SET label = 'edited' WHERE label = 'number 2'").Should().Be(1);

        Answer first = await Client.GetJsonAsync("/api-keys?limit=3");
        Answer second = await Client.GetJsonAsync($"/api-keys?limit=3&cursor={first.Text("next_cursor")}");

        Ids(first).Should().Equal(ids[4], ids[3]);
        first.Data["unreadable"]!.AsArray().Select(id => (string?)id).Should().Equal(ids[2]);
        Ids(second).Take(2).Should().Equal(ids[1], ids[0]);
        Ids(second).Should().HaveCount(3, "the first one of all is the initial one");
        second.Data["next_cursor"].Should().BeNull();
        Ids(await Client.GetJsonAsync("/api-keys?limit=1000")).Should().HaveCount(5);
        (await Client.GetJsonAsync($"/kms/keys?cursor={first.Text("next_cursor")}"))
            .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001");
    }

    /// <summary>K-01, K-08: disabled, revoked, narrowed or expired it is refused at once, and comes back when it may.</summary>
    [Fact]
    public async Task Changes_hold_for_the_next_request()
    {
        Answer made = await Client.CreateApiKeyAsync();
        (string apiKey, string id) = (made.Text("api_key"), made.Text("api_key_id"));
        await Client.GenerateAsync("AES-256", new { name = "orders", kid = "orders-1" });
        (await App.AskWithAsync(apiKey, "/kms/keys/orders-1")).ShouldBe(HttpStatusCode.OK);

        (await Client.ActOnApiKeyAsync(id, "disable", """{"reason":"holiday"}""")).Text("status").Should().Be("disabled");
        (await App.AskWithAsync(apiKey)).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
        (await Client.ActOnApiKeyAsync(id, "disable")).Text("status").Should().Be("disabled");
        (await Client.ActOnApiKeyAsync(id, "enable")).Text("status").Should().Be("active");
        (await App.AskWithAsync(apiKey)).ShouldBe(HttpStatusCode.OK);

        (await Client.UpdateApiKeyAsync(id, """{"permissions":["crypto:encrypt"]}""")).ShouldBe(HttpStatusCode.OK);
        (await App.AskWithAsync(apiKey)).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        (await Client.UpdateApiKeyAsync(id, """{"permissions":null,"key_names":["mail"]}""")).ShouldBe(HttpStatusCode.OK);
        (await App.AskWithAsync(apiKey, "/kms/keys/orders-1")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await Client.UpdateApiKeyAsync(id, """{"key_names":null}""")).ShouldBe(HttpStatusCode.OK);
        (await App.AskWithAsync(apiKey, "/kms/keys/orders-1")).ShouldBe(HttpStatusCode.OK);

        string soon = App.InHours(1);
        (await Client.UpdateApiKeyAsync(id, $$"""{"expires_at":"{{soon}}","label":"short"}""")).Text("label").Should().Be("short");
        App.Time.Pass(TimeSpan.FromHours(2));
        (await App.AskWithAsync(apiKey)).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
        (await Client.GetJsonAsync($"/api-keys/{id}")).Text("status").Should().Be("expired");
        (await Client.UpdateApiKeyAsync(id, """{"expires_at":null}""")).Text("status").Should().Be("active");
        (await App.AskWithAsync(apiKey)).ShouldBe(HttpStatusCode.OK);

        (await Client.ActOnApiKeyAsync(id, "revoke", """{"reason":"stolen"}""")).Text("status").Should().Be("revoked");
        (await App.AskWithAsync(apiKey)).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
        (await Client.ActOnApiKeyAsync(id, "revoke")).Text("status").Should().Be("revoked");
        foreach (string action in new[] { "enable", "disable" })
            (await Client.ActOnApiKeyAsync(id, action)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_API_KEY_001");

        (await Client.UpdateApiKeyAsync(id, """{"label":"x"}""")).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_API_KEY_001");
        (await Client.RotateApiKeyAsync(id)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_API_KEY_001");
        (await App.AskWithAsync(apiKey)).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
    }

    /// <summary>K-01: every change is an event of the journal, and the rows are those that it tells of.</summary>
    [Fact]
    public async Task Every_change_is_journalled()
    {
        string id = (await Client.CreateApiKeyAsync(new { permissions = Words("keys:read") })).Text("api_key_id");
        await Client.UpdateApiKeyAsync(id, $$"""{"label":"new","expires_at":"{{App.InHours(24)}}"}""");
        await Client.UpdateApiKeyAsync(id, """{"label":"new"}""");
        await Client.ActOnApiKeyAsync(id, "disable", """{"reason":"holiday"}""");
        await Client.ActOnApiKeyAsync(id, "enable");
        string successor = (await Client.RotateApiKeyAsync(id, 60)).ShouldBe(HttpStatusCode.Created).Text("api_key_id");
        await Client.ActOnApiKeyAsync(id, "revoke", """{"reason":"stolen"}""");

        (string Action, string Id, string? Reason)[] events = [.. (await Client.ApiKeyEventsAsync()).Skip(1)];

        events.Select(one => (one.Action, one.Id)).Should().Equal(
            ("api_key.created", id),
            ("api_key.updated", id),
            ("api_key.disabled", id),
            ("api_key.enabled", id),
            ("api_key.created", successor),
            ("api_key.rotated", id),
            ("api_key.revoked", id));
        events[0].Reason.Should().Be("roles user, narrowed to operations, expires_at none");
        events[1].Reason.Should().StartWith("label, expires_at none to ").And.NotContain("new");
        events[2].Reason.Should().Be("holiday");
        events[4].Reason.Should().StartWith($"replaces {id}");
        events[5].Reason.Should().StartWith($"replaced by {successor}; ends at ");
        events[6].Reason.Should().Be("stolen");
        JsonNode last = (await Client.GetJsonAsync("/audit/events?limit=1")).Data["events"]![0]!;
        ((string?)last["actor_kind"]).Should().Be("api_key");
        ((string?)last["actor_id"]).Should().Be((await Client.OwnApiKeyAsync()).Text("api_key_id"));
        last["server_request_id"].Should().NotBeNull();
        (int exitCode, string output) = await Verify.RunAsync(App.DataDirectory);
        exitCode.Should().Be(0, output);
    }

    /// <summary>K-01: bad input is refused with the field at fault, and nothing is made.</summary>
    [Theory]
    [InlineData("""{"roles":["user"]}""", "label")]
    [InlineData("""{"label":null,"roles":["user"]}""", "label")]
    [InlineData("""{"label":"","roles":["user"]}""", "label")]
    [InlineData("""{"label":7,"roles":["user"]}""", "label")]
    [InlineData("""{"label":"a\u0000b","roles":["user"]}""", "label")]
    [InlineData("""{"label":"a\nb","roles":["user"]}""", "label")]
    [InlineData("""{"label":"a\u0085b","roles":["user"]}""", "label")]
    [InlineData("""{"label":"a\u202Eb","roles":["user"]}""", "label")]
    [InlineData("""{"label":"a\u2066b","roles":["user"]}""", "label")]
    [InlineData("""{"label":"x"}""", "roles")]
    [InlineData("""{"label":"x","roles":null}""", "roles")]
    [InlineData("""{"label":"x","roles":[]}""", "roles")]
    [InlineData("""{"label":"x","roles":"user"}""", "roles")]
    [InlineData("""{"label":"x","roles":["User"]}""", "roles")]
    [InlineData("""{"label":"x","roles":["root"]}""", "roles")]
    [InlineData("""{"label":"x","roles":["user","user"]}""", "roles")]
    [InlineData("""{"label":"x","roles":[null]}""", "roles")]
    [InlineData("""{"label":"x","roles":[1]}""", "roles")]
    [InlineData("""{"label":"x","roles":["user"],"permissions":[]}""", "permissions")]
    [InlineData("""{"label":"x","roles":["user"],"permissions":["keys:fly"]}""", "permissions")]
    [InlineData("""{"label":"x","roles":["user"],"permissions":["keys:read","keys:read"]}""", "permissions")]
    [InlineData("""{"label":"x","roles":["user"],"permissions":["keys:read keys:rotate"]}""", "permissions")]
    [InlineData("""{"label":"x","roles":["user"],"permissions":{}}""", "permissions")]
    [InlineData("""{"label":"x","roles":["user"],"key_names":[]}""", "key_names")]
    [InlineData("""{"label":"x","roles":["user"],"key_names":["*"]}""", "key_names")]
    [InlineData("""{"label":"x","roles":["user"],"key_names":["a/*/b"]}""", "key_names")]
    [InlineData("""{"label":"x","roles":["user"],"key_names":["a b"]}""", "key_names")]
    [InlineData("""{"label":"x","roles":["user"],"key_names":["a",null]}""", "key_names")]
    [InlineData("""{"label":"x","roles":["user"],"key_names":["a","a"]}""", "key_names")]
    [InlineData("""{"label":"x","roles":["user"],"expires_at":"2020-01-01T00:00:00Z"}""", "expires_at")]
    [InlineData("""{"label":"x","roles":["user"],"expires_at":"2999-01-01T00:00:00Z"}""", "expires_at")]
    [InlineData("""{"label":"x","roles":["user"],"expires_at":"tomorrow"}""", "expires_at")]
    [InlineData("""{"label":"x","roles":["user"],"expires_at":1893456000}""", "expires_at")]
    [InlineData("""{"label":"x","roles":["user"],"tenant_id":"0198f5c2-7d1a-71c5-8d0e-3b94f6a2e817"}""", "tenant_id")]
    [InlineData("null", "(body)")]
    [InlineData("[]", "(body)")]
    public async Task Bad_input_is_refused_by_field(string body, string field)
    {
        await ShareServiceAsync();
        (await Client.PostJsonAsync("/api-keys", body)).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001")
            .Blamed.Should().Contain(field);

        Ids(await Client.GetJsonAsync("/api-keys")).Should().HaveCount(1);
    }

    /// <summary>K-01: the same of changes; what stood there stands.</summary>
    [Theory]
    [InlineData("""{"label":null}""", "label")]
    [InlineData("""{"label":""}""", "label")]
    [InlineData("""{"label":{}}""", "label")]
    [InlineData("""{"label":"a\u0007"}""", "label")]
    [InlineData("""{"permissions":[]}""", "permissions")]
    [InlineData("""{"permissions":"keys:read"}""", "permissions")]
    [InlineData("""{"permissions":["keys:fly"]}""", "permissions")]
    [InlineData("""{"key_names":[7]}""", "key_names")]
    [InlineData("""{"key_names":["a//*"]}""", "key_names")]
    [InlineData("""{"expires_at":"2020-01-01T00:00:00Z"}""", "expires_at")]
    [InlineData("""{"expires_at":true}""", "expires_at")]
    [InlineData("""{"roles":["admin"]}""", "roles")]
    [InlineData("""{"status":"active"}""", "status")]
    public async Task Bad_changes_are_refused_by_field(string patch, string field)
    {
        await ShareServiceAsync();
        Answer made = await Client.CreateApiKeyAsync(new { permissions = Words("keys:read") });
        string id = made.Text("api_key_id");

        (await Client.UpdateApiKeyAsync(id, patch)).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001")
            .Blamed.Should().Equal(field);

        Answer after = await Client.GetJsonAsync($"/api-keys/{id}");
        foreach (string member in new[] { "label", "permissions", "key_names", "expires_at", "status" })
            after.Data[member]?.ToJsonString().Should().Be(made.Data[member]?.ToJsonString(), member);

        (await Client.SendForAnswerAsync(new HttpRequestMessage(HttpMethod.Patch, $"/api-keys/{id}")
        {
            Content = new StringContent("""{"label":"x"}""", Encoding.UTF8, "application/json"),
        })).ShouldBeRefused(HttpStatusCode.UnsupportedMediaType, "ERR_INVALID_003");
    }

    /// <summary>K-01: a label of any letters fits up to its length in characters, whatever they are made of.</summary>
    [Fact]
    public async Task A_label_is_measured_in_characters()
    {
        (await Client.CreateApiKeyAsync(new { label = LongestLabel })).ShouldBe(HttpStatusCode.Created)
            .Text("label").Should().Be(LongestLabel);
        (await Client.CreateApiKeyAsync(new { label = $"{LongestLabel}x" }))
            .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001").Blamed.Should().Equal("label");
        (await Client.CreateApiKeyAsync(new { label = "Zürich · 東京 · عمان" })).ShouldBe(HttpStatusCode.Created);
    }

    /// <summary>K-01: an id that is none, and one that is nobody's, are the same 404; so is the decoy.</summary>
    [Fact]
    public async Task What_is_no_API_key_is_404()
    {
        await Client.GetJsonAsync("/api-keys");
        string decoy;
        using (Database database = App.OpenDatabase())
        {
            decoy = new Guid((byte[])database.Scalar("SELECT id FROM credentials WHERE lookup_id = 'decoy'")!, bigEndian: true).ToString();
        }

        foreach (string id in new[] { "x", decoy, Guid.Empty.ToString(), new string('a', 1000), "%C3%A9", decoy.ToUpperInvariant() })
        {
            (await Client.GetJsonAsync($"/api-keys/{id}")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_NOT_FOUND_001");
            (await Client.ActOnApiKeyAsync(id, "revoke")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_NOT_FOUND_001");
        }

        (await Client.GetJsonAsync("/api-keys")).Body.Should().NotContain(decoy);
        (await Client.PostJsonAsync("/tenants/x/api-keys/rotate", $$"""{"api_key_id":"{{decoy}}"}"""))
            .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_NOT_FOUND_001");
    }

    /// <summary>
    /// Q-48: a repeated request makes no second API key and does not show the first again: its secret is kept nowhere, not even sealed.
    /// </summary>
    [Fact]
    public async Task A_repeated_request_does_not_show_the_secret_again()
    {
        const string body = """{"label":"once","roles":["user"]}""";

        Answer first = (await Client.PostOnceAsync("once", "/api-keys", body)).ShouldBe(HttpStatusCode.Created);
        Answer again = (await Client.PostOnceAsync("once", "/api-keys", body)).ShouldBe(HttpStatusCode.Created);

        again.Headers["Idempotency-Replayed"].Should().Be("true");
        again.Data["api_key"].Should().BeNull();
        again.Text("api_key_id").Should().Be(first.Text("api_key_id"));
        Ids(await Client.GetJsonAsync("/api-keys")).Should().HaveCount(2);
        (await Client.PostOnceAsync("once", "/api-keys", """{"label":"twice","roles":["user"]}"""))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_012");
        Encoding.UTF8.GetString(await OpenKeptAsync("once")).Should().Contain("once").And.NotContain(first.Text("api_key")[18..61]);

        string id = first.Text("api_key_id");
        string path = $"/tenants/{first.Text("tenant_id")}/api-keys/rotate";
        string rotate = $$"""{"api_key_id":"{{id}}"}""";
        Answer rotated = (await Client.PostOnceAsync("rotate", path, rotate)).ShouldBe(HttpStatusCode.Created);
        Answer rotatedAgain = (await Client.PostOnceAsync("rotate", path, rotate)).ShouldBe(HttpStatusCode.Created);
        rotatedAgain.Data["api_key"].Should().BeNull();
        rotatedAgain.Text("api_key_id").Should().Be(rotated.Text("api_key_id"));
        (await App.AskWithAsync(rotated.Text("api_key"))).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>K-08: what was revoked or narrowed a moment ago, on whatever node, leaves no API key behind.</summary>
    [Fact]
    public async Task An_API_key_that_was_withdrawn_makes_no_other()
    {
        ApiKeyAdministration administration = App.Services.GetRequiredService<ApiKeyAdministration>();
        Answer made = await Client.CreateApiKeyAsync(role: "admin");
        Guid id = Guid.Parse(made.Text("api_key_id"));
        Caller stolen = new(
            new TenantId(Guid.Parse(made.Text("tenant_id"))), new CredentialId(id), new Access(Roles.Admin, null, null), Guid.Empty);
        CreateApiKeyCommand command = new("back door", new ApiKeyGrants(Roles.Admin, null, null), null, Credential.ApiKeyKind);
        await Client.UpdateApiKeyAsync($"{id}", """{"permissions":["api-keys:create","keys:read"]}""");

        await RefusedAsync(KmsErrors.NotPermitted);
        await Client.ActOnApiKeyAsync($"{id}", "revoke");
        await RefusedAsync(KmsErrors.Unauthenticated);

        Ids(await Client.GetJsonAsync("/api-keys")).Should().HaveCount(2);

        async Task RefusedAsync(KmsError error)
        {
            Func<Task> create = () => administration.CreateAsync(stolen, command, null, CancellationToken.None);
            (await create.Should().ThrowAsync<KmsException>()).Which.Error.Should().Be(error);
        }
    }

    /// <summary>K-08: when an API key was last used is shown at once where it was, and no request waits for a write of it.</summary>
    [Fact]
    public async Task The_last_use_is_known_without_a_write_for_each_request()
    {
        Answer made = await Client.CreateApiKeyAsync();
        string shown = $"/api-keys/{made.Text("api_key_id")}";
        (await Client.GetJsonAsync(shown)).Data["last_used_at"].Should().BeNull();
        ApiKeyUses uses = App.Services.GetRequiredService<ApiKeyUses>();
        await uses.WriteAsync(CancellationToken.None);
        using HttpClient user = App.ClientFor(made.Text("api_key"));
        for (int i = 0; i < 20; i++)
            (await user.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);

        DateTimeOffset used = Time(await Client.GetJsonAsync(shown));
        used.Should().BeOnOrAfter(Time(made, "created_at"));
        (await UsesInDatabaseAsync()).Should().Be(0);
        await uses.WriteAsync(CancellationToken.None);
        (await UsesInDatabaseAsync()).Should().Be(1);
        App.Time.Pass(TimeSpan.FromMinutes(5));
        Time(await Client.GetJsonAsync(shown)).Should().Be(used);
        (await user.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        Time(await Client.GetJsonAsync(shown)).Should().BeOnOrAfter(used.AddMinutes(5));
        await Client.ActOnApiKeyAsync(made.Text("api_key_id"), "revoke");
        DateTimeOffset last = Time(await Client.GetJsonAsync(shown));
        App.Time.Pass(TimeSpan.FromMinutes(5));
        (await user.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
        Time(await Client.GetJsonAsync(shown)).Should().Be(last, "a refused one was not used");

        Task<long> UsesInDatabaseAsync()
        {
            using Database database = App.OpenDatabase();
            return Task.FromResult((long)database.Scalar(
                "SELECT COUNT(*) FROM credential_usage u JOIN credentials c ON c.id = u.credential_id "
                + $"WHERE c.lookup_id = '{made.Text("lookup_id")}'")!);
        }
    }

    // The service's own writing would be first now and then.
    private protected override QkmsApplication NewApplication() => new()
    {
        FurtherServices = services => services.Remove(
            services.Single(service => service.ImplementationType == typeof(Qkms.Api.Hosting.ApiKeyUseWriting))),
    };

    private async Task<byte[]> OpenKeptAsync(string key)
    {
        IKmsStore store = App.Services.GetRequiredService<IKmsStore>();
        TenantId tenantId = new(Guid.Parse((await Client.OwnApiKeyAsync()).Text("tenant_id")));
        KeptResult kept = (await store.ReadAsync(
            session => Repositories.KeptResults.FindAsync(session, tenantId, key, DateTimeOffset.UnixEpoch), CancellationToken.None))!;
        using WrappingKey tenantKey = await App.Services.GetRequiredService<TenantKeys>().OpenAsync(tenantId, CancellationToken.None);
        using SecretBytes record = KeptResultWrap.Open(tenantKey, kept);
        return record.Span.ToArray();
    }

    private static DateTimeOffset Time(Answer answer, string member = "last_used_at") =>
        DateTimeOffset.Parse(answer.Text(member), System.Globalization.CultureInfo.InvariantCulture);

    private static IEnumerable<string> Ids(Answer list) => list.Data["api_keys"]!.AsArray().Select(one => (string)one!["api_key_id"]!);
}
