namespace Qkms.Tests.ApiKeys;

/// <summary>K-08: an API key that is narrowed to key names makes keys of those names, lists those, and knows of no others.</summary>
public sealed class NarrowingTests : ServiceTests
{
    /// <summary>K-08: lists and totals show what is in scope: exact names, and all in a folder but not its own name.</summary>
    [Fact]
    public async Task Lists_show_the_names_in_scope()
    {
        foreach (string name in new[] { "app/a", "app/b/c", "app", "application", "web", "WEB", "we" })
            await Client.GenerateAsync("AES-256", new { name });

        await Client.RotateAsync("AES-256", new { name = "app/a" });
        await Client.GenerateAsync("ML-KEM-512", new { name = "web" });
        using HttpClient narrowed = await App.NarrowedClientAsync(keyScope: "app/* web");

        await ShouldListAsync(narrowed, "", "web", "app/a", "web", "app/b/c", "app/a");
        await ShouldListAsync(narrowed, "?algorithm=AES-256", "app/a", "web", "app/b/c", "app/a");
        await ShouldListAsync(narrowed, "?status=retired", "app/a");
        await ShouldListAsync(narrowed, "?name=app/a", "app/a", "app/a");
        await ShouldListAsync(narrowed, "?name=app/a&status=active", "app/a");
        await ShouldListAsync(narrowed, "?name=app");
        await ShouldListAsync(narrowed, "?name=nothing");
        Answer first = await narrowed.GetJsonAsync("/kms/keys?limit=2");
        Names(first).Should().Equal("web", "app/a");
        Names(await narrowed.GetJsonAsync($"/kms/keys?limit=9&cursor={first.Text("next_cursor")}"))
            .Should().Equal("web", "app/b/c", "app/a");
        using HttpClient nothing = await App.NarrowedClientAsync(keyScope: "");
        await ShouldListAsync(nothing, "");
    }

    /// <summary>K-08: no row of another name is looked at, so that a damaged one is not said to be there either.</summary>
    [Fact]
    public async Task A_damaged_row_of_another_name_is_not_named()
    {
        await Client.GenerateAsync("AES-256", new { name = "web", kid = "hidden" });
        await Client.GenerateAsync("AES-256", new { name = "app", kid = "seen" });
        using (Database database = App.OpenDatabase())
            database.Execute("UPDATE key_versions SET spelling = 'AES'").Should().Be(2);

        using HttpClient narrowed = await App.NarrowedClientAsync(keyScope: "app");

        Answer list = await narrowed.GetJsonAsync("/kms/keys");

        list.Data["unreadable"]!.AsArray().Select(kid => (string?)kid).Should().Equal("seen");
        list.Body.Should().NotContain("hidden");
    }

    /// <summary>
    /// K-08: a key of a name out of scope is not made, whether or not there is one, and nothing is lost or made. That is the one refusal
    /// that says what is wrong, with the field.
    /// </summary>
    [Fact]
    public async Task Nothing_is_made_under_a_name_out_of_scope()
    {
        await Client.GenerateAsync("AES-256", new { name = "web" });
        using HttpClient narrowed = await App.NarrowedClientAsync(keyScope: "app/*");

        foreach (string name in new[] { "web", "nothing", "app", "application" })
        {
            Answer refused = await narrowed.PostJsonAsync("/kms/keys/generate", $$"""{"algorithm":"AES-256","name":"{{name}}"}""");
            refused.ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002").Blamed.Should().Equal("name");
            (await narrowed.PostJsonAsync("/kms/keys/rotate", $$"""{"algorithm":"AES-256","name":"{{name}}"}"""))
                .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        }

        (await narrowed.PostJsonAsync("/kms/keys/generate", """{"algorithm":"AES-256"}"""))
            .ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002").Blamed.Should().Equal("name");
        Names(await Client.GetJsonAsync("/kms/keys")).Should().Equal("web");
        (await narrowed.GenerateAsync("AES-256", new { name = "app/a" })).ShouldBe(HttpStatusCode.Created);
    }

    /// <summary>
    /// K-08: a hint of what else has the name is for those who may know: out of scope the answer is the one for a name that nothing has.
    /// </summary>
    [Fact]
    public async Task A_name_out_of_scope_gets_no_hint()
    {
        await Client.GenerateAsync("ML-KEM-768", new { name = "web" });
        using HttpClient narrowed = await App.NarrowedClientAsync(keyScope: "app/*");

        string? hidden = (await narrowed.UseAsync("/crypto/encrypt", new { plaintext = "AAAA", name = "web" })).Message;

        hidden.Should().Be((await Client.UseAsync("/crypto/encrypt", new { plaintext = "AAAA", name = "bew" })).Message!
            .Replace("bew", "web", StringComparison.Ordinal));
        hidden.Should().NotBe((await Client.UseAsync("/crypto/encrypt", new { plaintext = "AAAA", name = "web" })).Message);
    }

    /// <summary>K-08: words that this build does not know, and words that the roles do not have, allow nothing.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("keys:fly")]
    [InlineData("KEYS:READ")]
    [InlineData("keys:rotate tenants:read")]
    public async Task What_a_row_allows_beyond_its_roles_or_this_build_is_nothing(string permissions)
    {
        using HttpClient narrowed = App.ClientFor(
            await App.CreateApiKeyAsync(App.InitialApiKey, Roles.User, credential => credential with { Permissions = permissions }));

        (await narrowed.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        (await narrowed.PostJsonAsync("/kms/keys/rotate", "{}")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
    }

    private static async Task ShouldListAsync(HttpClient client, string query, params string[] names)
    {
        Answer list = (await client.GetJsonAsync($"/kms/keys{query}")).ShouldBe(HttpStatusCode.OK);
        Names(list).Should().Equal(names, query);
        list.Number("total").Should().Be(names.Length, query);
        list.Data["next_cursor"].Should().BeNull();
    }

    private static IEnumerable<string?> Names(Answer list) => list.Data["keys"]!.AsArray().Select(key => (string?)key!["name"]);
}
