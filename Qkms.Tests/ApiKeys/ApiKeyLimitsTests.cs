using Qkms.Api.Hosting;
using Qkms.Core.ApiKeys;
using Qkms.Core.Telemetry;
using Qkms.Tests.Rotations;
using static Qkms.Tests.ApiKeys.ApiKeyVerbs;

namespace Qkms.Tests.ApiKeys;

/// <summary>What API keys may not give away, how many there may be, how they replace each other, and how they end.</summary>
public sealed class ApiKeyLimitsTests : ServiceTests
{
    private const string Header = "X-Api-Key-Expiration-Warning";

    /// <summary>Q-48: of 64 that are made at the same time when one place is left, one is.</summary>
    [Fact]
    public async Task The_plan_holds_under_parallel_requests()
    {
        using HttpClient client = App.ClientFor(await App.CreateTenantAsync("busy", plan: "starter"));
        (await client.CreateApiKeyAsync()).ShouldBe(HttpStatusCode.Created);

        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(() => client.CreateApiKeyAsync())));

        answers.Count(answer => answer.Status == HttpStatusCode.Created).Should().Be(1);

        // On a busy machine some may wait for the database for too long; nothing was done then.
        answers.Where(answer => answer.Status != HttpStatusCode.Created).Select(answer => answer.ErrorCode).Distinct()
            .Should().Contain("ERR_FORBIDDEN_001").And.BeSubsetOf(["ERR_FORBIDDEN_001", "ERR_SERVICE_001"]);

        (await client.GetJsonAsync("/api-keys")).Data["api_keys"]!.AsArray().Should().HaveCount(3);
    }

    /// <summary>
    /// Q-48: what cannot be used takes no place, and gets one again only where one is free: when it is enabled, and when it is prolonged.
    /// </summary>
    [Fact]
    public async Task Only_API_keys_that_can_be_used_take_a_place()
    {
        using HttpClient client = App.ClientFor(await App.CreateTenantAsync("small", plan: "starter"));
        string first = (await client.CreateApiKeyAsync()).Text("api_key_id");
        string second = (await client.CreateApiKeyAsync(new { expires_at = App.InHours(1) })).Text("api_key_id");
        await RefusedAsync(client.CreateApiKeyAsync());

        await client.ActOnApiKeyAsync(first, "disable");
        string third = (await client.CreateApiKeyAsync()).ShouldBe(HttpStatusCode.Created).Text("api_key_id");
        await RefusedAsync(client.ActOnApiKeyAsync(first, "enable"));
        App.Time.Pass(TimeSpan.FromHours(2));
        (await client.ActOnApiKeyAsync(first, "enable")).Text("status").Should().Be("active");
        await RefusedAsync(client.UpdateApiKeyAsync(second, """{"expires_at":null}"""));
        (await client.UpdateApiKeyAsync(first, """{"label":"still"}""")).ShouldBe(HttpStatusCode.OK);
        await client.ActOnApiKeyAsync(third, "revoke");
        (await client.UpdateApiKeyAsync(second, """{"expires_at":null}""")).Text("status").Should().Be("active");
        await RefusedAsync(client.CreateApiKeyAsync());

        // A rotation needs no free place.
        (await client.RotateApiKeyAsync(first, 3600)).ShouldBe(HttpStatusCode.Created);

        static async Task RefusedAsync(Task<Answer> asked)
        {
            Answer refused = (await asked).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_001");
            refused.Message.Should().Contain("'starter'").And.Contain("3 active API keys");
        }
    }

    /// <summary>Q-48: how many a plan allows is a setting.</summary>
    [Fact]
    public async Task How_many_a_plan_allows_is_a_setting()
    {
        App.Settings["Qkms:Plans:free:MaxApiKeys"] = "2";
        App.Settings["Qkms:Plans:pro:MaxApiKeys"] = "0";
        using HttpClient free = App.ClientFor(await App.CreateTenantAsync("free", plan: "free"));
        using HttpClient pro = App.ClientFor(await App.CreateTenantAsync("pro", plan: "pro"));
        using HttpClient unknown = App.ClientFor(await App.CreateTenantAsync("unknown", plan: "of a later build"));

        foreach (HttpClient limited in new[] { free, unknown })
        {
            (await limited.CreateApiKeyAsync()).ShouldBe(HttpStatusCode.Created);
            (await limited.CreateApiKeyAsync()).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_001");
        }

        for (int i = 0; i < 12; i++)
            (await pro.CreateApiKeyAsync()).ShouldBe(HttpStatusCode.Created);
    }

    /// <summary>Q-48: the caller's own goes on for a day, others end at once, and either as the request says.</summary>
    [Fact]
    public async Task A_rotated_API_key_ends_after_its_grace()
    {
        Answer other = await Client.CreateApiKeyAsync(new { key_names = Words("app/*"), expires_at = App.InHours(240) });
        Answer rotated = (await Client.RotateApiKeyAsync(other.Text("api_key_id"))).ShouldBe(HttpStatusCode.Created);

        (await App.AskWithAsync(other.Text("api_key"))).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
        (await App.AskWithAsync(rotated.Text("api_key"))).ShouldBe(HttpStatusCode.OK);
        rotated.Headers["Location"].Should().Be($"/api-keys/{rotated.Text("api_key_id")}");
        ((string?)rotated.Data["replaced"]!["status"]).Should().Be("revoked");
        ((string?)rotated.Data["replaced"]!["replaced_by"]).Should().Be(rotated.Text("api_key_id"));
        foreach (string member in new[] { "label", "roles", "permissions", "key_names", "tenant_id" })
            rotated.Data[member]?.ToJsonString().Should().Be(other.Data[member]?.ToJsonString(), member);

        LifeOf(rotated).Should().Be(LifeOf(other));

        using HttpClient own = App.ClientFor((await Client.CreateApiKeyAsync(role: "admin")).Text("api_key"));
        string ownId = (await own.OwnApiKeyAsync()).Text("api_key_id");
        Answer successor = (await own.RotateApiKeyAsync(ownId)).ShouldBe(HttpStatusCode.Created);
        (await own.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK).Headers.Should().ContainKey(Header);
        (await Client.UpdateApiKeyAsync(ownId, """{"label":"x"}""")).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_API_KEY_001");
        (await Client.RotateApiKeyAsync(ownId)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_API_KEY_001");
        App.Time.Pass(TimeSpan.FromHours(23.9));
        (await own.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        App.Time.Pass(TimeSpan.FromHours(0.2));
        (await own.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");

        // Of one chain two can be used at a time.
        Answer second = await Client.RotateApiKeyAsync(successor.Text("api_key_id"), 3600);
        (await App.AskWithAsync(successor.Text("api_key"))).ShouldBe(HttpStatusCode.OK);
        (await Client.RotateApiKeyAsync(second.Text("api_key_id"), 3600)).ShouldBe(HttpStatusCode.Created);
        (await App.AskWithAsync(successor.Text("api_key"))).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
        (await App.AskWithAsync(second.Text("api_key"))).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>Q-48: what can be no id of an API key is answered like one that nobody has.</summary>
    [Fact]
    public async Task A_rotation_of_no_API_key_is_404()
    {
        Answer made = await Client.CreateApiKeyAsync();

        foreach (string id in new[] { "x", "01999999-9999-7999-8999-999999999999" })
        {
            (await Client.PostJsonAsync($"/tenants/{made.Text("tenant_id")}/api-keys/rotate", $$"""{"api_key_id":"{{id}}"}"""))
                .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_NOT_FOUND_001");
        }
    }

    /// <summary>Q-48: bad input of a rotation is refused with the field, and nothing is rotated.</summary>
    [Theory]
    [InlineData("{}", "api_key_id")]
    [InlineData("""{"api_key_id":null}""", "api_key_id")]
    [InlineData("""{"api_key_id":7}""", "api_key_id")]
    [InlineData("""{"api_key_id":"ID","grace_seconds":-1}""", "grace_seconds")]
    [InlineData("""{"api_key_id":"ID","grace_seconds":604801}""", "grace_seconds")]
    [InlineData("""{"api_key_id":"ID","grace_seconds":1.5}""", "grace_seconds")]
    [InlineData("""{"api_key_id":"ID","grace":1}""", "grace")]
    public async Task A_rotation_without_sense_is_refused(string body, string field)
    {
        Answer made = await Client.CreateApiKeyAsync();
        string path = $"/tenants/{made.Text("tenant_id")}/api-keys/rotate";

        (await Client.PostJsonAsync(path, body.Replace("ID", made.Text("api_key_id"), StringComparison.Ordinal)))
            .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001").Blamed.Should().Equal(field);

        (await App.AskWithAsync(made.Text("api_key"))).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>
    /// K-06, K-01: nobody grants what he does not hold: by making, changing, enabling or rotating an API key; and none but an operator
    /// touches an operator's. Who may revoke may stop what may do more.
    /// </summary>
    [Fact]
    public async Task Nobody_grants_what_he_does_not_hold()
    {
        string mine = (await Client.OwnApiKeyAsync()).Text("api_key_id");
        using HttpClient admin = App.ClientFor((await Client.CreateApiKeyAsync(role: "admin")).Text("api_key"));
        string strong = (await Client.CreateApiKeyAsync(role: "admin")).Text("api_key_id");
        string[] few = ["api-keys:create", "api-keys:update", "api-keys:disable", "api-keys:rotate", "api-keys:revoke", "keys:read"];
        using HttpClient narrow = App.ClientFor((await Client.CreateApiKeyAsync(new { permissions = few }, "admin")).Text("api_key"));
        string readers = (await narrow.CreateApiKeyAsync(new { permissions = Words("keys:read") })).ShouldBe(HttpStatusCode.Created)
            .Text("api_key_id");

        await RefusedAsync(admin.CreateApiKeyAsync(role: "operator"), "roles");
        await RefusedAsync(narrow.CreateApiKeyAsync(), "roles");
        await RefusedAsync(narrow.CreateApiKeyAsync(new { permissions = Words("keys:read", "crypto:decrypt") }), "permissions");
        await RefusedAsync(narrow.UpdateApiKeyAsync(readers, """{"permissions":null}"""), "roles");
        await RefusedAsync(narrow.UpdateApiKeyAsync(readers, """{"permissions":["crypto:decrypt"]}"""), "permissions");
        await RefusedAsync(narrow.UpdateApiKeyAsync(strong, """{"label":"mine"}"""), "roles");
        string tenant = (await Client.OwnApiKeyAsync()).Text("tenant_id");
        await RefusedAsync(narrow.PostJsonAsync($"/tenants/{tenant}/api-keys/rotate", $$"""{"api_key_id":"{{strong}}"}"""), "roles");
        (await narrow.ActOnApiKeyAsync(strong, "disable")).ShouldBe(HttpStatusCode.OK);
        await RefusedAsync(narrow.ActOnApiKeyAsync(strong, "enable"), "roles");
        (await narrow.ActOnApiKeyAsync(strong, "revoke")).ShouldBe(HttpStatusCode.OK);
        foreach (string action in new[] { "disable", "revoke" })
            (await admin.ActOnApiKeyAsync(mine, action)).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");

        await RefusedAsync(admin.RotateApiKeyAsync(mine), "roles");
        (await Client.GetJsonAsync($"/api-keys/{mine}")).Text("status").Should().Be("active");

        static async Task RefusedAsync(Task<Answer> asked, string field) =>
            (await asked).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002").Blamed.Should().Equal(field);
    }

    /// <summary>K-08: an API key that is limited to key names knows of itself and of those within its own names.</summary>
    [Fact]
    public async Task API_keys_out_of_scope_do_not_exist()
    {
        string inside = (await Client.CreateApiKeyAsync(new { key_names = Words("app/a", "app/b/*") })).Text("api_key_id");
        string outside = (await Client.CreateApiKeyAsync(new { key_names = Words("app/a", "web") })).Text("api_key_id");
        Answer own = await Client.CreateApiKeyAsync(new { key_names = Words("app/*") }, "admin");
        using HttpClient narrow = App.ClientFor(own.Text("api_key"));

        Answer list = await narrow.GetJsonAsync("/api-keys?limit=2");

        list.Data["api_keys"]!.AsArray().Select(one => (string?)one!["api_key_id"]).Should().Equal(own.Text("api_key_id"), inside);
        list.Data["next_cursor"].Should().BeNull();
        (await narrow.GetJsonAsync($"/api-keys/{inside}")).ShouldBe(HttpStatusCode.OK);
        (await narrow.GetJsonAsync($"/api-keys/{outside}")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_NOT_FOUND_001");
        (await narrow.ActOnApiKeyAsync(outside, "revoke")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_NOT_FOUND_001");
        (await narrow.CreateApiKeyAsync(new { key_names = Words("web") })).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002")
            .Blamed.Should().Equal("key_names");
        (await narrow.CreateApiKeyAsync(new { key_names = Words("app/c") })).ShouldBe(HttpStatusCode.Created);
    }

    /// <summary>E-06: narrowed to data-keys:decrypt on one key it does that and nothing else, over the whole of the API.</summary>
    [Fact]
    public async Task An_API_key_for_one_operation_on_one_key_does_only_that()
    {
        foreach (string name in new[] { "vault", "other" })
            await Client.GenerateAsync("AES-256", new { name });

        string wrapped = (await Client.MustUseAsync("/data-keys/generate", new { name = "vault" })).Text("ciphertext");
        string others = (await Client.MustUseAsync("/data-keys/generate", new { name = "other" })).Text("ciphertext");
        string encrypted = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA", name = "vault" })).Text("ciphertext");
        using HttpClient narrow = App.ClientFor(
            (await Client.CreateApiKeyAsync(new { permissions = Words("data-keys:decrypt"), key_names = Words("vault") }))
                .Text("api_key"));

        await narrow.MustUseAsync("/data-keys/decrypt", new { ciphertext = wrapped });

        foreach (string ciphertext in new[] { others, encrypted })
            (await narrow.UseAsync("/data-keys/decrypt", new { ciphertext })).ShouldNotDecrypt();

        int refused = 0;
        foreach (RoutePermission route in RoutePermissions.All.Where(
            row => row.Permission is not (null or Permission.DataKeysDecrypt)))
        {
            string path = route.Path.Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal);
            (await narrow.SendJsonAsync(new HttpMethod(route.Verb), path, route.Verb == "GET" ? null : "{}"))
                .ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
            refused++;
        }

        refused.Should().BeGreaterThan(40);
    }

    /// <summary>K-01: nobody locks himself out: the last API key that can administer stays, whoever asks.</summary>
    [Fact]
    public async Task The_last_administrator_stays()
    {
        using HttpClient client = App.ClientFor(await App.CreateTenantAsync("lonely"));
        string id = (await client.OwnApiKeyAsync()).Text("api_key_id");
        await client.CreateApiKeyAsync(new { permissions = Words("api-keys:revoke") }, "admin");
        string expiring = (await client.CreateApiKeyAsync(new { expires_at = App.InHours(1) }, "admin")).Text("api_key_id");
        App.Time.Pass(TimeSpan.FromHours(2));

        await StaysAsync(client.ActOnApiKeyAsync(id, "revoke"));
        await StaysAsync(client.ActOnApiKeyAsync(id, "disable"));
        await StaysAsync(client.UpdateApiKeyAsync(id, """{"permissions":["keys:read"]}"""));
        await StaysAsync(client.UpdateApiKeyAsync(id, """{"key_names":["a"]}"""));
        (await client.UpdateApiKeyAsync(id, $$"""{"expires_at":"{{App.InHours(1000)}}"}""")).ShouldBe(HttpStatusCode.OK);

        (await client.UpdateApiKeyAsync(expiring, """{"expires_at":null}""")).ShouldBe(HttpStatusCode.OK);
        (await client.ActOnApiKeyAsync(id, "revoke")).ShouldBe(HttpStatusCode.OK);
        (await client.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");

        static async Task StaysAsync(Task<Answer> asked) => (await asked).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_API_KEY_002");
    }

    /// <summary>K-01: of two administrators who revoke each other at the same time one stays.</summary>
    [Fact]
    public async Task Two_administrators_cannot_revoke_each_other_at_once()
    {
        for (int round = 0; round < 10; round++)
        {
            using HttpClient one = App.ClientFor(await App.CreateTenantAsync($"pair {round}"));
            Answer made = await one.CreateApiKeyAsync(role: "admin");
            using HttpClient two = App.ClientFor(made.Text("api_key"));
            string first = (await one.OwnApiKeyAsync()).Text("api_key_id");

            Answer[] answers = await Task.WhenAll(
                Task.Run(() => one.ActOnApiKeyAsync(made.Text("api_key_id"), "revoke")),
                Task.Run(() => two.ActOnApiKeyAsync(first, "revoke")));

            answers.Count(answer => answer.Status == HttpStatusCode.OK).Should().Be(1);
            HttpStatusCode[] after =
                [(await one.GetJsonAsync("/api-keys")).Status, (await two.GetJsonAsync("/api-keys")).Status];
            after.Should().BeEquivalentTo([HttpStatusCode.OK, HttpStatusCode.Unauthorized]);
        }
    }

    /// <summary>K-08: from 14 days before its end every answer warns, refusals too, and a metric counts such API keys.</summary>
    [Fact]
    public async Task An_API_key_that_ends_soon_is_warned_of()
    {
        Answer made = await Client.CreateApiKeyAsync(new { expires_at = App.InHours((14 * 24) + 1) });
        using HttpClient client = App.ClientFor(made.Text("api_key"));
        ICredentialRepository credentials = App.Services.GetRequiredService<ICredentialRepository>();
        (await client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK).Headers.Should().NotContainKey(Header);
        (await CountAsync()).Should().Be(0);

        App.Time.Pass(TimeSpan.FromHours(2));

        Answer warned = await client.GetJsonAsync("/kms/keys");
        warned.Headers[Header].Should().MatchRegex("^expires=\"[0-9TZ:.-]+\"; seconds=12[0-9]{5}$")
            .And.Contain(made.Text("expires_at"));
        (await client.GetJsonAsync("/kms/keys/unknown")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003")
            .Headers.Should().ContainKey(Header);
        (await client.GetJsonAsync("/api-keys")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        (await Client.GetJsonAsync("/kms/keys")).Headers.Should().NotContainKey(Header);
        (await CountAsync()).Should().Be(1);
        KmsMeter.EndingApiKeys.Name.Should().Be("qkms.api_keys.ending");

        Task<long> CountAsync() => App.Services.GetRequiredService<IKmsStore>().ReadAsync(
            session =>
            {
                DateTimeOffset now = App.Time.GetUtcMilliseconds();
                return credentials.CountEndingAsync(session, now, now.AddDays(14));
            },
            CancellationToken.None);
    }

    private static TimeSpan LifeOf(Answer made) => Time(made, "expires_at") - Time(made, "created_at");

    private static DateTimeOffset Time(Answer answer, string member) =>
        DateTimeOffset.Parse(answer.Text(member), System.Globalization.CultureInfo.InvariantCulture);
}
