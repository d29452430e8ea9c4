using Qkms.Tests.Rotations;

namespace Qkms.Tests.Freshness;

/// <summary>What a key is, asked again and again: nothing is read for it, and what it says is true.</summary>
public sealed class ShownVersionTests : ServiceTests
{
    private const string Aes = KeyUseVerbs.Aes;

    private readonly ManualTime _time = ManualTime.Standing();
    private readonly Lanes _lanes = new();

    private int Reads => _lanes.Reads + _lanes.AsideLookUps + _lanes.AsideProbes;

    /// <summary>K-08: a hundred requests within half a second read nothing: not the API key, not its tenant, not the key.</summary>
    [Theory]
    [InlineData("/kms/keys/active?algorithm=AES-256")]
    [InlineData("/kms/keys/shown")]
    [InlineData("/kms/keys/1?algorithm=AES-256")]
    [InlineData("/api/v1/kms/keys/active?algorithm=AES-256&name=default")]
    public async Task A_version_is_shown_a_hundred_times_without_a_read(string path)
    {
        await Client.GenerateAsync(Aes, new { kid = "shown" });
        string shown = (await Client.GetJsonAsync(path)).ShouldBe(HttpStatusCode.OK).Data.ToJsonString();
        _time.Advance(FreshnessLimit.MaxAge);
        int reads = Reads;

        for (int i = 0; i < 100; i++)
            (await Client.GetJsonAsync(path)).ShouldBe(HttpStatusCode.OK).Data.ToJsonString().Should().Be(shown);

        Reads.Should().Be(reads);

        // Half a second later the API key and the version are read again, each once.
        _time.OutliveCaches();
        for (int i = 0; i < 100; i++)
            await Client.GetJsonAsync(path);

        Reads.Should().Be(reads + 2);
    }

    /// <summary>
    /// Q-03, Q-10: what is answered again keeps the envelope: the id of the request, the time, and the algorithm as this request spells it.
    /// </summary>
    [Fact]
    public async Task What_is_shown_again_is_an_answer_of_its_own()
    {
        await Client.GenerateAsync("Kyber768", new { kid = "shown", expires_at = App.InHours(1) });
        List<Answer> answers = [];
        foreach (string query in new[] { "Kyber768", "Kyber768", "ML-KEM-768", "kyber768", "Kyber768" })
            answers.Add(await Client.GetJsonAsync($"/kms/keys/active?algorithm={query}"));

        answers.Select(answer => answer.Text("algorithm")).Should().Equal("Kyber768", "Kyber768", "ML-KEM-768", "Kyber768", "Kyber768");
        answers.Select(answer => (string?)answer.Json["request_id"]).Should().OnlyHaveUniqueItems();
        foreach (Answer answer in answers)
        {
            answer.Json.AsObject().Select(member => member.Key).Should().Equal("data", "request_id", "timestamp");
            ((string?)answer.Json["request_id"]).Should().Be(answer.Headers["X-Request-ID"]);
            ((string?)answer.Json["timestamp"]).Should().MatchRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$");
            answer.Headers["Content-Type"].Should().Be("application/json; charset=utf-8");
        }

        // The same members as in the answer of a list, which is written anew each time.
        JsonNode listed = (await Client.GetJsonAsync("/kms/keys")).Data["keys"]![0]!;
        listed.ToJsonString().Should().Be(answers[0].Data.ToJsonString());

        // Its status depends on the time, though nothing is read again.
        _time.ShiftWallClock(TimeSpan.FromHours(2));
        (await Client.ActiveAsync("Kyber768")).Text("status").Should().Be("expired");
    }

    /// <summary>K-08: so is its public key.</summary>
    [Fact]
    public async Task A_public_key_is_shown_a_hundred_times_without_a_read()
    {
        await Client.GenerateAsync(extra: new { kid = "shown" });
        await Client.GetAsync("/kms/keys/shown/public-key");
        int reads = Reads;

        for (int i = 0; i < 100; i++)
            (await Client.GetAsync("/kms/keys/shown/public-key")).StatusCode.Should().Be(HttpStatusCode.OK);

        Reads.Should().Be(reads);
    }

    /// <summary>A-03, K-08: what this node changes is shown by the next request, by whatever name, though the clock stands still.</summary>
    [Fact]
    public async Task Every_change_here_is_shown_at_once()
    {
        await Client.GenerateAsync(Aes, new { kid = "one" });
        string two = (await Client.RotateAsync(Aes)).Text("kid");
        await ShownAsync("one", "retired");
        await ShownAsync(two, "active");
        (await Client.ActiveAsync(Aes)).Text("kid").Should().Be(two);

        // What its key says of it too, by way of another version.
        await PatchAsync(two, """{"rotation_period":30,"labels":{"a":"b"}}""");
        (await Client.GetJsonAsync("/kms/keys/one")).Number("rotation_period").Should().Be(30);
        (await Client.ActiveAsync(Aes)).Data["labels"]!["a"]!.GetValue<string>().Should().Be("b");

        string three = (await Client.RotateAsync(Aes)).Text("kid");
        (await Client.ActiveAsync(Aes)).Text("kid").Should().Be(three);
        (await Client.GetJsonAsync($"/kms/keys/{two}")).Text("next_kid").Should().Be(three);
        (await Client.GetJsonAsync("/kms/keys/one")).Data["next_rotation_at"]!.GetValue<string>()
            .Should().Be((await Client.ActiveAsync(Aes)).Text("next_rotation_at"));

        (await Client.RetireAsync(3, Aes, new { allow_no_active = true })).ShouldBe(HttpStatusCode.OK);
        (await Client.ActiveAsync(Aes)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        await ShownAsync(three, "retired");
        await Client.RevokeAsync(three);
        await ShownAsync(three, "revoked");
        (await Client.GetJsonAsync("/kms/keys/3?algorithm=AES-256")).Text("status").Should().Be("revoked");
        (await Client.DestroyAsync(three)).ShouldBe(HttpStatusCode.Accepted);
        await ShownAsync(three, "pending_destruction");
        (await Client.CancelDeletionAsync(three)).ShouldBe(HttpStatusCode.OK);
        await ShownAsync(three, "revoked");
    }

    /// <summary>A-30, K-08: uses on this node are counted in what is shown at once, and drop nothing.</summary>
    [Fact]
    public async Task Uses_here_are_shown_at_once()
    {
        await Client.GenerateAsync(Aes, new { kid = "one", max_usage_limit = 5 });
        (await Client.GetJsonAsync("/kms/keys/one")).Number("usage_count").Should().Be(0);
        for (int used = 1; used <= 4; used++)
        {
            await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA", kid = "one" });
            int reads = Reads;
            foreach (string path in new[] { "/kms/keys/one", "/kms/keys/active?algorithm=AES-256" })
            {
                Answer shown = await Client.GetJsonAsync(path);
                shown.Number("usage_count").Should().Be(used);
                shown.Data["last_used_at"].Should().NotBeNull();
            }

            Reads.Should().Be(used == 1 ? reads + 1 : reads, "only the active version was never asked for");
        }

        await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA", kid = "one" });
        (await Client.GetJsonAsync("/kms/keys/one")).Text("status").Should().Be("expired");
    }

    /// <summary>Q-32, K-08: what is in memory is in nobody else's reach: another tenant, another name, an API key narrowed since.</summary>
    [Fact]
    public async Task What_is_in_memory_is_shown_to_nobody_else()
    {
        await Client.GenerateAsync(Aes, new { kid = "mine", name = "app" });
        string admin = App.InitialApiKey;
        using HttpClient other = App.ClientFor(await App.CreateTenantAsync("other"));
        using HttpClient narrow = App.ClientFor(
            await App.CreateApiKeyAsync(admin, Roles.User, credential => credential with { KeyScope = "web" }));
        string[] paths = ["/kms/keys/mine", "/kms/keys/active?algorithm=AES-256&name=app", "/kms/keys/1?algorithm=AES-256&name=app"];
        foreach (string path in paths)
        {
            (await Client.GetJsonAsync(path)).ShouldBe(HttpStatusCode.OK);
            foreach (HttpClient stranger in new[] { other, narrow })
                (await stranger.GetJsonAsync(path)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        }

        Answer made = await Client.PostJsonAsync("/api-keys", """{"label":"x","roles":["user"]}""");
        using HttpClient narrowed = App.ClientFor(made.ShouldBe(HttpStatusCode.Created).Text("api_key"));
        foreach (string path in paths)
            (await narrowed.GetJsonAsync(path)).ShouldBe(HttpStatusCode.OK);

        (await Client.SendJsonAsync(HttpMethod.Patch, $"/api-keys/{made.Text("api_key_id")}", """{"key_names":["web"]}"""))
            .ShouldBe(HttpStatusCode.OK);
        foreach (string path in paths)
            (await narrowed.GetJsonAsync(path)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
    }

    private protected override QkmsApplication NewApplication() => new()
    {
        Time = _time,
        KeepsHouse = false,
        StoreInFront = store => new StoreWithLanes(store, _lanes),
    };

    private async Task ShownAsync(string kid, string status) =>
        (await Client.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be(status);

    private async Task PatchAsync(string kid, string patch) =>
        (await Client.SendJsonAsync(HttpMethod.Patch, $"/kms/keys/{kid}", patch)).ShouldBe(HttpStatusCode.OK);
}
