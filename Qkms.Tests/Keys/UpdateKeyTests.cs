namespace Qkms.Tests.Keys;

/// <summary>The merge patch of limits and labels.</summary>
public sealed class UpdateKeyTests : ServiceTests
{
    private const string MergePatch = "application/merge-patch+json";

    /// <summary>A-33: what the patch names changes, null removes, and all else stays.</summary>
    [Fact]
    public async Task Limits_are_changed_by_a_merge_patch()
    {
        string kid = (await Client.GenerateAsync(KeyUseVerbs.Aes, new { soft_usage_limit = 90, max_usage_limit = 100 })).Text("kid");

        Answer changed = await PatchAsync(
            kid, """{"max_usage_limit":200,"expires_at":"2090-01-01T00:00:00Z","rotation_period":30,"labels":{"team":"a","cost":"7"}}""");

        changed.ShouldBe(HttpStatusCode.OK);
        changed.Number("soft_usage_limit").Should().Be(90);
        changed.Number("max_usage_limit").Should().Be(200);
        changed.Text("expires_at").Should().Be("2090-01-01T00:00:00.000Z");
        changed.Number("rotation_period").Should().Be(30);
        changed.Data["next_rotation_at"].Should().NotBeNull();
        changed.Data["labels"]!.ToJsonString().Should().Be("""{"cost":"7","team":"a"}""");
        (await Client.GetJsonAsync($"/kms/keys/{kid}")).Data.ToJsonString().Should().Be(changed.Data.ToJsonString());

        // Another period counts from now on.
        App.Time.Pass(TimeSpan.FromDays(1));
        DateTimeOffset before = App.Time.GetUtcNow();
        string next = (await PatchAsync(kid, """{"rotation_period":60}""")).Text("next_rotation_at");
        DateTimeOffset.Parse(next, System.Globalization.CultureInfo.InvariantCulture)
            .Should().BeOnOrAfter(before.AddDays(60).AddMilliseconds(-1)).And.BeOnOrBefore(App.Time.GetUtcNow().AddDays(60));

        Answer removed = await PatchAsync(
            kid, """{"soft_usage_limit":null,"expires_at":null,"rotation_period":null,"labels":{"team":null,"cost":"8"}}""");

        removed.Data["soft_usage_limit"].Should().BeNull();
        removed.Number("max_usage_limit").Should().Be(200);
        removed.Data["expires_at"].Should().BeNull();
        removed.Data["next_rotation_at"].Should().BeNull();
        removed.Data["labels"]!.ToJsonString().Should().Be("""{"cost":"8"}""");
        (await PatchAsync(kid, """{"labels":null}""")).Data["labels"]!.ToJsonString().Should().Be("{}");
    }

    /// <summary>A-33: labels go along with a rotation; A-20.</summary>
    [Fact]
    public async Task A_successor_has_the_labels()
    {
        await ShareServiceAsync();
        string kid = (await Client.GenerateAsync(KeyUseVerbs.Aes)).Text("kid");
        await PatchAsync(kid, """{"labels":{"team":"ä \" \u0001"}}""");

        (await Client.RotateAsync(KeyUseVerbs.Aes)).Data["labels"]!["team"]!.GetValue<string>().Should().Be("ä \" \u0001");
    }

    /// <summary>A-33: raising a limit brings an expired version back.</summary>
    [Fact]
    public async Task A_raised_limit_brings_an_expired_version_back()
    {
        object limits = new { max_usage_limit = 1, expires_at = App.Time.GetUtcNow().AddDays(1) };
        string kid = (await Client.GenerateAsync(KeyUseVerbs.Aes, limits)).Text("kid");
        await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "" });
        (await Client.UseAsync("/crypto/encrypt", new { plaintext = "" })).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_007");

        (await PatchAsync(kid, """{"max_usage_limit":2}""")).Text("status").Should().Be("active");
        await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "" });
        (await PatchAsync(kid, """{"max_usage_limit":null}""")).Text("status").Should().Be("active");
        App.Time.Pass(TimeSpan.FromDays(1));
        (await Client.UseAsync("/crypto/encrypt", new { plaintext = "" })).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_007");

        (await PatchAsync(kid, """{"expires_at":null}""")).Text("status").Should().Be("active");
        await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "" });
    }

    /// <summary>A-33: what is no patch of these members is refused by its field, and changes nothing.</summary>
    [Theory]
    [InlineData("name", "\"other\"")]
    [InlineData("status", "\"active\"")]
    [InlineData("kid", "\"x\"")]
    [InlineData("max_usage_limit", "0")]
    [InlineData("max_usage_limit", "89")]
    [InlineData("soft_usage_limit", "101")]
    [InlineData("expires_at", "\"2020-01-01T00:00:00Z\"")]
    [InlineData("process_until", "\"2090-01-01T00:00:00Z\"")]
    [InlineData("auto_rotate", "\"on\"")]
    [InlineData("rotation_period", "\"P30D\"")]
    [InlineData("labels", "[\"a\"]")]
    [InlineData("labels", "{\"a\":1}")]
    [InlineData("labels", "{\"\":\"x\"}")]
    [InlineData("labels", "{\"a\":{\"b\":\"c\"}}")]
    public async Task What_cannot_be_patched_is_refused_by_its_field(string field, string value)
    {
        await ShareServiceAsync();
        string kid = (await Client.GenerateAsync(KeyUseVerbs.Aes, new { soft_usage_limit = 90, max_usage_limit = 100 })).Text("kid");
        string before = (await Client.GetJsonAsync($"/kms/keys/{kid}")).Data.ToJsonString();

        (await PatchAsync(kid, $$"""{"{{field}}":{{value}}}""")).ShouldBlame(field);

        (await Client.GetJsonAsync($"/kms/keys/{kid}")).Data.ToJsonString().Should().Be(before);
    }

    /// <summary>A-33: too many and too long labels.</summary>
    [Fact]
    public async Task Labels_are_bounded()
    {
        await ShareServiceAsync();
        string kid = (await Client.GenerateAsync(KeyUseVerbs.Aes)).Text("kid");
        string many = string.Join(',', Enumerable.Range(0, 33).Select(i => $"\"n{i}\":\"\""));
        string most = string.Join(',', Enumerable.Range(0, 32).Select(i => $"\"n{i}\":\"{new string('x', 128)}\""));

        (await PatchAsync(kid, "{\"labels\":{" + many + "}}")).ShouldBlame("labels");
        (await PatchAsync(kid, $$$"""{"labels":{"a":"{{{new string('x', 129)}}}"}}""")).ShouldBlame("labels");
        (await PatchAsync(kid, $$$"""{"labels":{"{{{new string('x', 129)}}}":"a"}}""")).ShouldBlame("labels");
        (await PatchAsync(kid, "{\"labels\":{" + most + "}}")).Data["labels"]!.AsObject().Should().HaveCount(32);
        (await PatchAsync(kid, """{"labels":{"one":"more"}}""")).ShouldBlame("labels");
    }

    /// <summary>A-33: another content type is 415, which names the right one (RFC 5789, section 2.2), and no body is 400.</summary>
    [Fact]
    public async Task Only_a_merge_patch_is_taken()
    {
        await ShareServiceAsync();
        string kid = (await Client.GenerateAsync(KeyUseVerbs.Aes)).Text("kid");

        (await PatchAsync(kid, """{"max_usage_limit":5}""", "application/json"))
            .ShouldBeRefused(HttpStatusCode.UnsupportedMediaType, "ERR_INVALID_003").Message.Should().Contain(MergePatch);
        foreach (string type in (string[])["application/json", "text/plain", MergePatch + "; charset=utf-16"])
        {
            Answer refused = await PatchAsync(kid, """{"max_usage_limit":5}""", type);
            refused.ShouldBeRefused(HttpStatusCode.UnsupportedMediaType, "ERR_INVALID_003");
            refused.Headers["Accept-Patch"].Should().Be(MergePatch, type);
        }

        (await PatchAsync(kid, "null")).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001");
        (await PatchAsync(kid, "[]")).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001");
        (await PatchAsync(kid, """{"max_usage_limit":5,"max_usage_limit":6}""")).ShouldBlame("max_usage_limit");
        (await PatchAsync(kid, "{}", MergePatch + "; charset=utf-8")).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>A-33: a revoked version, one that waits for its destruction, an unknown and another tenant's are not changed.</summary>
    [Fact]
    public async Task Only_a_version_that_is_not_over_is_changed()
    {
        const string Patch = """{"max_usage_limit":5}""";
        string kid = (await Client.GenerateAsync(KeyUseVerbs.Aes)).Text("kid");
        HttpClient other = App.ClientFor(await App.CreateTenantAsync("other"));
        HttpClient narrowed = await App.NarrowedClientAsync(keyScope: "elsewhere");
        HttpClient reader = await App.NarrowedClientAsync(permissions: "keys:read");

        (await PatchAsync(kid, Patch, client: other)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await PatchAsync(kid, Patch, client: narrowed)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await PatchAsync(kid, Patch, client: reader)).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        (await PatchAsync("unknown", Patch)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await PatchAsync("1", Patch)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await Client.RevokeAsync(kid)).ShouldBe(HttpStatusCode.NoContent);
        (await PatchAsync(kid, Patch)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");
        (await Client.DestroyAsync(kid)).ShouldBe(HttpStatusCode.Accepted);
        (await PatchAsync(kid, Patch)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_010");

        (await Client.GetJsonAsync($"/kms/keys/{kid}")).Data["max_usage_limit"].Should().BeNull();
    }

    /// <summary>A-33, A-40: the journal says what changed; one that changes nothing has no event, a repeated one has one.</summary>
    [Fact]
    public async Task The_journal_says_what_changed()
    {
        string kid = (await Client.GenerateAsync(KeyUseVerbs.Aes, new { max_usage_limit = 100 })).Text("kid");
        const string Patch = """{"max_usage_limit":200,"auto_rotate":true,"labels":{"a":"b"}}""";

        for (int i = 0; i < 2; i++)
        {
            using HttpRequestMessage request = Request(kid, Patch, MergePatch);
            request.Headers.Add("Idempotency-Key", "once");
            Answer answer = (await Client.SendForAnswerAsync(request)).ShouldBe(HttpStatusCode.OK);
            answer.Headers.ContainsKey("Idempotency-Replayed").Should().Be(i == 1);
            answer.Number("max_usage_limit").Should().Be(200);
        }

        await PatchAsync(kid, """{"max_usage_limit":200}""");

        using Database database = App.OpenDatabase();
        database.Strings(
            "SELECT kid || '|' || from_state || '|' || to_state || '|' || reason FROM audit_events WHERE action = 'key.updated'")
            .Should().Equal($"{kid}|active|active|max_usage_limit 100 to 200, auto_rotate off to on, labels");
    }

    private Task<Answer> PatchAsync(string kid, string patch, string mediaType = MergePatch, HttpClient? client = null)
    {
        return SendAsync();

        async Task<Answer> SendAsync()
        {
            using HttpRequestMessage request = Request(kid, patch, mediaType);
            return await (client ?? Client).SendForAnswerAsync(request);
        }
    }

    private static HttpRequestMessage Request(string kid, string patch, string mediaType)
    {
        StringContent content = new(patch, Encoding.UTF8);
        content.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse(mediaType);
        return new HttpRequestMessage(HttpMethod.Patch, $"/kms/keys/{kid}") { Content = content };
    }
}
