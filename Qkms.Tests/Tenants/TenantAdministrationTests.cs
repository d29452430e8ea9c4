using Qkms.Tests.ApiKeys;
using Qkms.Tests.Devices;
using Qkms.Tests.Verification;

namespace Qkms.Tests.Tenants;

/// <summary>14.1: an operator makes, shows and changes tenants over HTTP.</summary>
public sealed class TenantAdministrationTests : ServiceTests
{
    private const string Nobody = "01999999-9999-7999-8999-999999999999";

    /// <summary>14.1, K-03: it has an account id, a key of its own and an API key that is shown once and administers it.</summary>
    [Fact]
    public async Task A_tenant_is_made_with_an_API_key_that_runs_it()
    {
        Answer made = (await Client.CreateTenantAsync("Bestellungen – Größe 💥", "growth")).ShouldBe(HttpStatusCode.Created);

        string id = made.Text("tenant_id");
        made.Headers["Location"].Should().Be($"/tenants/{id}");
        made.Headers["Cache-Control"].Should().Be("no-store");
        made.Text("account_id").Should().MatchRegex("^[1-9][0-9]{11}$");
        made.Text("state").Should().Be("active");
        made.Data["initial_api_key"]!["roles"]!.ToJsonString().Should().Be("""["admin"]""");
        ((string?)made.Data["initial_api_key"]!["tenant_id"]).Should().Be(id);
        using HttpClient theirs = App.ClientFor(made.InitialApiKey());
        string kid = (await theirs.GenerateAsync("AES-256")).ShouldBe(HttpStatusCode.Created).Text("kid");
        (await theirs.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA" })).Text("kid").Should().Be(kid);
        (await theirs.CreateApiKeyAsync()).ShouldBe(HttpStatusCode.Created);
        (await theirs.GetJsonAsync("/tenants")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");

        // It gives the operator nothing of the tenant's.
        (await Client.GetJsonAsync($"/kms/keys/{kid}")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await Client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(0);

        Answer shown = (await Client.GetJsonAsync($"/tenants/{id}")).ShouldBe(HttpStatusCode.OK);
        shown.Data.AsObject().Select(member => member.Key).Should().StartWith(
            ["tenant_id", "account_id", "name", "plan", "state", "created_at"]);
        shown.Text("name").Should().Be("Bestellungen – Größe 💥");
        shown.Text("plan").Should().Be("growth");
        (shown.Body + (await Client.GetJsonAsync("/tenants")).Body).Should().NotContain("api_key");
        (await theirs.TenantEventsAsync()).Should().Equal(
            ("tenant.created", id, $"account {made.Text("account_id")}, plan growth"));
        (await Client.TenantEventsAsync()).Should().Contain(
            ("tenant.created", id, $"account {made.Text("account_id")}, plan growth"));
    }

    /// <summary>14.1: newest first, in pages, filtered by state and plan; one broken row hides no other.</summary>
    [Fact]
    public async Task The_list_comes_in_pages_and_can_be_filtered()
    {
        string[] ids = new string[5];
        for (int i = 0; i < ids.Length; i++)
            ids[i] = (await Client.CreateTenantAsync($"number {i}", i % 2 == 0 ? "free" : "pro")).Text("tenant_id");

        (await Client.ActOnTenantAsync(ids[0], "suspend")).ShouldBe(HttpStatusCode.OK);
        using (Database database = App.OpenDatabase())
            database.Execute("UPDATE tenants SET name = 'edited' WHERE name = 'number 2'").Should().Be(1);

        Answer first = await Client.GetJsonAsync("/tenants?limit=3");
        Answer second = await Client.GetJsonAsync($"/tenants?limit=3&cursor={first.Text("next_cursor")}");

        NamesOf(first).Should().Equal("number 4", "number 3");
        first.Data["unreadable"]!.ToJsonString().Should().Be($"""["{ids[2]}"]""");
        NamesOf(second).Should().Equal("number 1", "number 0", "default");
        second.Data["next_cursor"].Should().BeNull();
        NamesOf(await Client.GetJsonAsync("/tenants?plan=pro")).Should().Equal("number 3", "number 1");
        NamesOf(await Client.GetJsonAsync("/tenants?state=suspended")).Should().Equal("number 0");
        NamesOf(await Client.GetJsonAsync("/tenants?state=active&plan=free")).Should().Equal("number 4");
        (await Client.GetJsonAsync("/tenants?state=asleep")).ShouldBlame("state");
        (await Client.GetJsonAsync("/tenants?plan=gold")).ShouldBlame("plan");
        (await Client.GetJsonAsync("/tenants?limit=0")).ShouldBlame("limit");
        (await Client.GetJsonAsync("/tenants?limit=1001")).ShouldBlame("limit");
        (await Client.GetJsonAsync("/tenants?cursor=AAAA")).ShouldBlame("cursor");
        (await Client.GetJsonAsync("/tenants?name=x")).ShouldBlame("name");
    }

    /// <summary>14.1: what stands in a request and cannot be: refused with the field named, and nothing is made.</summary>
    [Theory]
    [InlineData("""{"name":"","plan":"free"}""", "name")]
    [InlineData("""{"plan":"free"}""", "name")]
    [InlineData("""{"name":null,"plan":"free"}""", "name")]
    [InlineData("""{"name":7,"plan":"free"}""", "name")]
    [InlineData("""{"name":"a\u0000b","plan":"free"}""", "name")]
    [InlineData("""{"name":"a\nb","plan":"free"}""", "name")]
    [InlineData("""{"name":"a\u202Eb","plan":"free"}""", "name")]
    [InlineData("""{"name":"x"}""", "plan")]
    [InlineData("""{"name":"x","plan":"gold"}""", "plan")]
    [InlineData("""{"name":"x","plan":"Free"}""", "plan")]
    [InlineData("""{"name":"x","plan":""}""", "plan")]
    [InlineData("""{"name":"x","plan":"free","state":"suspended"}""", "state")]
    [InlineData("""{"name":"x","plan":"free","account_id":"123456789012"}""", "account_id")]
    [InlineData("[]", "(body)")]
    [InlineData("null", "(body)")]
    public async Task A_bad_tenant_is_not_made(string body, string field)
    {
        (await Client.PostJsonAsync("/tenants", body)).ShouldBlame(field);
        NamesOf(await Client.GetJsonAsync("/tenants")).Should().Equal("default");
    }

    /// <summary>14.1: 128 characters are a name, whatever they are made of, and 1,000 are none.</summary>
    [Fact]
    public async Task A_name_has_128_characters_at_most()
    {
        string longest = string.Concat(Enumerable.Repeat("💥", 128));

        (await Client.CreateTenantAsync(longest)).ShouldBe(HttpStatusCode.Created).Text("name").Should().Be(longest);
        (await Client.CreateTenantAsync(longest + "x")).ShouldBlame("name");
        (await Client.CreateTenantAsync(new string('x', 1000))).ShouldBlame("name");
    }

    /// <summary>14.1: name and plan change, each by itself, and nothing else; an empty patch writes nothing.</summary>
    [Fact]
    public async Task Name_and_plan_change()
    {
        Answer made = await Client.CreateTenantAsync("before", "free");
        string id = made.Text("tenant_id");

        (await Client.UpdateTenantAsync(id, """{"name":"after"}""")).ShouldBe(HttpStatusCode.OK).Text("plan").Should().Be("free");
        (await Client.UpdateTenantAsync(id, """{"plan":"pro"}""")).ShouldBe(HttpStatusCode.OK).Text("name").Should().Be("after");
        (await Client.UpdateTenantAsync(id, """{"plan":"free","name":"both"}""")).ShouldBe(HttpStatusCode.OK);
        (await Client.UpdateTenantAsync(id, "{}")).ShouldBe(HttpStatusCode.OK);
        (await Client.UpdateTenantAsync(id, """{"plan":"free"}""")).ShouldBe(HttpStatusCode.OK);

        Answer shown = await Client.GetJsonAsync($"/tenants/{id}");
        shown.Text("name").Should().Be("both");
        shown.Text("account_id").Should().Be(made.Text("account_id"));
        using HttpClient theirs = App.ClientFor(made.InitialApiKey());
        (string, string, string?)[] told =
        [
            ("tenant.updated", id, "name"),
            ("tenant.plan_changed", id, "plan free to pro"),
            ("tenant.plan_changed", id, "plan pro to free, name"),
        ];
        (await theirs.TenantEventsAsync()).Skip(1).Should().Equal(told);
        (await Client.TenantEventsAsync()).Where(one => one.Id == id).Skip(1).Should().Equal(told);
    }

    /// <summary>14.1: a patch that says something else is refused with the field named, and changes nothing.</summary>
    [Theory]
    [InlineData("""{"plan":"gold"}""", "plan")]
    [InlineData("""{"plan":null}""", "plan")]
    [InlineData("""{"plan":["free"]}""", "plan")]
    [InlineData("""{"name":""}""", "name")]
    [InlineData("""{"name":null}""", "name")]
    [InlineData("""{"name":"a\u0007"}""", "name")]
    [InlineData("""{"name":"other","plan":"gold"}""", "plan")]
    [InlineData("""{"state":"suspended"}""", "state")]
    [InlineData("""{"tenant_id":"01999999-9999-7999-8999-999999999999"}""", "tenant_id")]
    public async Task A_bad_patch_changes_nothing(string patch, string field)
    {
        string id = (await Client.CreateTenantAsync("mine", "free")).Text("tenant_id");

        (await Client.UpdateTenantAsync(id, patch)).ShouldBlame(field);
        Answer shown = await Client.GetJsonAsync($"/tenants/{id}");
        (shown.Text("name"), shown.Text("plan"), shown.Text("state")).Should().Be(("mine", "free", "active"));
    }

    /// <summary>14.1, Q-32: a tenant that is not there, and an id that none can have, are one answer on every route.</summary>
    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        foreach (string id in new[] { Nobody, "nobody", "1", new string('a', 1000), "00000000-0000-0000-0000-000000000000", "ä", "a b" })
        {
            foreach (Answer answer in new[]
            {
                await Client.GetJsonAsync($"/tenants/{id}"),
                await Client.UpdateTenantAsync(id, """{"plan":"free"}"""),
                await Client.ActOnTenantAsync(id, "suspend"),
                await Client.ActOnTenantAsync(id, "resume"),
            })
                answer.ShouldBeRefused(HttpStatusCode.NotFound, "ERR_NOT_FOUND_001");
        }
    }

    /// <summary>14.1, K-06: no other role gets in, whatever the id, and learns nothing of it.</summary>
    [Fact]
    public async Task Only_operators_get_in()
    {
        string id = (await Client.CreateTenantAsync("theirs")).Text("tenant_id");
        foreach (Roles roles in new[] { Roles.Admin, Roles.User, Roles.Auditor, Roles.Admin | Roles.User | Roles.Auditor })
        {
            using HttpClient client = App.ClientFor(await App.CreateApiKeyAsync(App.InitialApiKey, roles));
            foreach (Answer answer in new[]
            {
                await client.CreateTenantAsync("x"),
                await client.GetJsonAsync("/tenants"),
                await client.GetJsonAsync($"/tenants/{id}"),
                await client.GetJsonAsync($"/tenants/{Nobody}"),
                await client.UpdateTenantAsync(id, """{"plan":"free"}"""),
                await client.ActOnTenantAsync(id, "suspend"),
                await client.ActOnTenantAsync(Nobody, "resume"),
            })
                answer.ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        }

        // An operator who is nothing else gets in here, and nowhere near keys.
        using HttpClient only = App.ClientFor(await App.CreateApiKeyAsync(App.InitialApiKey, Roles.Operator));
        (await only.GetJsonAsync($"/tenants/{id}")).ShouldBe(HttpStatusCode.OK);
        (await only.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
    }

    /// <summary>14.1: of parallel creations of one name one wins; of others all do, each with an account id of its own.</summary>
    [Fact]
    public async Task Parallel_creations()
    {
        Answer[] same = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Client.CreateTenantAsync("one")));
        Answer[] others = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Client.CreateTenantAsync($"other {i}")));

        same.Where(answer => answer.Status == HttpStatusCode.Created).Should().HaveCount(1);
        foreach (Answer refused in same.Where(answer => answer.Status != HttpStatusCode.Created))
            refused.ShouldBeRefused(HttpStatusCode.Conflict, "ERR_TENANT_001").ShouldName("name");

        others.Should().OnlyContain(answer => answer.Status == HttpStatusCode.Created);
        others.Select(answer => answer.Text("account_id")).Distinct().Should().HaveCount(8);
        NamesOf(await Client.GetJsonAsync("/tenants")).Should().HaveCount(10);
        using Database database = App.OpenDatabase();
        database.Scalar("SELECT COUNT(*) FROM keyring WHERE tenant_id IS NOT NULL").Should().Be(10L);
    }

    /// <summary>14.1: a name that another tenant has is refused for a tenant that is there too; its own is none.</summary>
    [Fact]
    public async Task A_name_is_one_tenants()
    {
        string id = (await Client.CreateTenantAsync("a")).Text("tenant_id");
        await Client.CreateTenantAsync("b");

        (await Client.UpdateTenantAsync(id, """{"name":"b"}""")).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_TENANT_001")
            .ShouldName("name");
        (await Client.UpdateTenantAsync(id, """{"name":"a","plan":"pro"}""")).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>14.1, Q-47: a repeated request makes no second tenant, and its API key is neither kept nor shown.</summary>
    [Fact]
    public async Task A_repeated_creation_shows_no_API_key()
    {
        const string Body = """{"name":"once","plan":"free"}""";
        Answer first = (await Client.PostOnceAsync("a", "/tenants", Body)).ShouldBe(HttpStatusCode.Created);

        Answer again = (await Client.PostOnceAsync("a", "/tenants", Body)).ShouldBe(HttpStatusCode.Created);

        again.Headers["Idempotency-Replayed"].Should().Be("true");
        again.Text("tenant_id").Should().Be(first.Text("tenant_id"));
        again.Text("account_id").Should().Be(first.Text("account_id"));
        again.Headers["Location"].Should().Be(first.Headers["Location"]);
        again.Data["initial_api_key"]!["api_key"].Should().BeNull();
        ((string?)again.Data["initial_api_key"]!["api_key_id"]).Should().Be((string?)first.Data["initial_api_key"]!["api_key_id"]);
        (await Client.PostOnceAsync("a", "/tenants", """{"name":"twice","plan":"free"}"""))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_012");
        NamesOf(await Client.GetJsonAsync("/tenants")).Should().Equal("once", "default");
    }

    /// <summary>14.1: a plan holds at once: rate limits, API keys and devices. A smaller one takes nothing away.</summary>
    [Fact]
    public async Task A_new_plan_holds_at_once_and_deletes_nothing()
    {
        // So little comes back that even slow requests spend more.
        App.Settings["Qkms:Plans:free:CostUnitsPerSecond"] = "1";
        App.Settings["Qkms:Plans:free:Burst"] = "1000";
        Answer made = await Client.CreateTenantAsync("planned", "starter");
        string id = made.Text("tenant_id");
        using HttpClient theirs = App.ClientFor(made.InitialApiKey());
        (await theirs.CreateApiKeyAsync()).ShouldBe(HttpStatusCode.Created);
        (await theirs.CreateApiKeyAsync()).ShouldBe(HttpStatusCode.Created);
        (await theirs.CreateApiKeyAsync()).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_001");

        (await Client.UpdateTenantAsync(id, """{"plan":"growth"}""")).ShouldBe(HttpStatusCode.OK);
        (await theirs.CreateApiKeyAsync()).ShouldBe(HttpStatusCode.Created);

        (await Client.UpdateTenantAsync(id, """{"plan":"free"}""")).ShouldBe(HttpStatusCode.OK);
        (await theirs.CreateApiKeyAsync()).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_001");
        (await theirs.GetJsonAsync("/api-keys")).Data["api_keys"]!.AsArray().Should().HaveCount(4)
            .And.OnlyContain(one => (string?)one!["status"] == "active");
        for (int i = 0; i < 10; i++)
            (await theirs.RegisterAsync($"d{i}", "ML-KEM-768")).ShouldBe(HttpStatusCode.Created);

        (await theirs.RegisterAsync("one-more", "ML-KEM-768")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_001");

        // Its bucket is empty soon, and that of a plan without a limit never.
        (await SpendAsync(theirs)).ShouldBeRefused(HttpStatusCode.TooManyRequests, "ERR_RATE_001");
        (await Client.UpdateTenantAsync(id, """{"plan":"enterprise"}""")).ShouldBe(HttpStatusCode.OK);
        (await SpendAsync(theirs)).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>14.1, V-02: what an operator did stands with its seal in the journals, and `qkms verify` finds nothing.</summary>
    [Fact]
    public async Task The_journals_agree_with_the_rows()
    {
        string id = (await Client.CreateTenantAsync("a", "free")).Text("tenant_id");
        await Client.UpdateTenantAsync(id, """{"plan":"pro"}""");
        await Client.ActOnTenantAsync(id, "suspend");
        await Client.ActOnTenantAsync(id, "resume");
        await Client.UpdateTenantAsync(id, """{"name":"b"}""");
        await Client.CreateTenantAsync("c");

        (await Verify.RunAsync(App.DataDirectory)).Output.Should().Contain("Everything holds.");
    }

    private static async Task<Answer> SpendAsync(HttpClient client)
    {
        Answer answer = await client.GetJsonAsync("/kms/keys");
        for (int i = 0; i < 3_000 && answer.Status == HttpStatusCode.OK; i++)
            answer = await client.GetJsonAsync("/kms/supported-algorithms");

        return answer;
    }

    private static string[] NamesOf(Answer list) => [.. list.Data["tenants"]!.AsArray().Select(one => (string)one!["name"]!)];
}
