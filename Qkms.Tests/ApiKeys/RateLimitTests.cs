using System.Globalization;
using Qkms.Core.Tenants;

namespace Qkms.Tests.ApiKeys;

/// <summary>Q-31, K-08: tenants and API keys spend cost units by the plan of the tenant; beyond it is 429, and nothing is done.</summary>
public sealed class RateLimitTests : ServiceTests
{
    // 1,000 for the tenant, 800 for each API key; one a second more than that.
    private const int OfTenant = 1_000;
    private const int OfApiKey = 800;

    private protected override QkmsApplication NewApplication() => new()
    {
        Settings =
        {
            ["Qkms:Plans:free:CostUnitsPerSecond"] = "1",
            ["Qkms:Plans:free:Burst"] = "1000",
            ["Qkms:Plans:pro:CostUnitsPerSecond"] = "200",
            ["Qkms:Plans:pro:Burst"] = "1000",
        },
    };

    /// <summary>Q-31: the answer says when to retry, in whole seconds, and in the envelope.</summary>
    [Fact]
    public async Task Q31_too_many_requests_are_429_and_say_when_to_retry()
    {
        using HttpClient client = App.ClientFor(await App.CreateTenantAsync("small", plan: "free"));

        using HttpResponseMessage refused = await SpendAllAsync(client);

        refused.StatusCode.Should().Be(HttpStatusCode.TooManyRequests);
        JsonNode body = JsonNode.Parse(await refused.Content.ReadAsStringAsync())!;
        ((string?)body["error"]!["error_code"]).Should().Be("ERR_RATE_001");
        body["request_id"].Should().NotBeNull();
        int.Parse(refused.Headers.GetValues("Retry-After").Single(), CultureInfo.InvariantCulture).Should().BeGreaterThanOrEqualTo(1);
    }

    /// <summary>Q-31: parallel callers together get what the plan allows, and not one more than becomes free meanwhile.</summary>
    [Fact]
    public async Task Q31_parallel_callers_share_one_budget()
    {
        using HttpClient client = App.ClientFor(await App.CreateTenantAsync("small", plan: "free"));
        long begin = TimeProvider.System.GetTimestamp();

        HttpStatusCode[][] answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => ReadManyAsync(client, 150))));

        int passed = answers.SelectMany(all => all).Count(status => status == HttpStatusCode.OK);
        double seconds = TimeProvider.System.GetElapsedTime(begin).TotalSeconds;
        passed.Should().BeInRange(OfApiKey, OfApiKey + (int)Math.Ceiling(seconds) + 1);
        answers.SelectMany(all => all).Distinct().Should().BeSubsetOf([HttpStatusCode.OK, HttpStatusCode.TooManyRequests]);
    }

    /// <summary>K-08: each API key has a budget of its own, which leaves a part to the others of its tenant.</summary>
    [Fact]
    public async Task K08_api_key_that_floods_leaves_a_part_to_the_others_of_its_tenant()
    {
        string first = await App.CreateTenantAsync("small", plan: "free");
        string second = await App.CreateApiKeyAsync(first, Roles.Admin);
        using HttpClient flooding = App.ClientFor(first);
        using HttpClient other = App.ClientFor(second);
        (await SpendAllAsync(flooding)).Dispose();

        HttpStatusCode[] answers = await ReadManyAsync(other, OfTenant - OfApiKey);

        answers.Should().OnlyContain(status => status == HttpStatusCode.OK);
        (await SpendAllAsync(other)).StatusCode.Should().Be(HttpStatusCode.TooManyRequests, "the tenant's budget is spent");
    }

    /// <summary>Q-31: the flood of one tenant takes nothing from another, and enterprise has no limit.</summary>
    [Fact]
    public async Task Q31_flood_of_one_tenant_leaves_the_budget_of_others_alone()
    {
        using HttpClient flooding = App.ClientFor(await App.CreateTenantAsync("flooding", plan: "free"));
        using HttpClient other = App.ClientFor(await App.CreateTenantAsync("other", plan: "free"));
        (await SpendAllAsync(flooding)).Dispose();

        (await ReadManyAsync(other, 100)).Should().OnlyContain(status => status == HttpStatusCode.OK);
        (await ReadManyAsync(Client, OfTenant + 100)).Should().OnlyContain(status => status == HttpStatusCode.OK);
    }

    /// <summary>Q-31: a batch is paid for by its items and its key's algorithm, before any of it is done.</summary>
    [Fact]
    public async Task Q31_batch_that_cannot_be_paid_is_refused_whole()
    {
        string apiKey = await App.CreateTenantAsync("small", plan: "free");
        using HttpClient client = App.ClientFor(apiKey);
        (await client.GenerateAsync("ML-DSA-65", new { max_usage_limit = 100 })).ShouldBe(HttpStatusCode.Created);

        // 1 + 4 are spent; a signature costs 10, and the request 1.
        (await client.PostJsonAsync("/signature/sign", Batch(75))).ShouldBe(HttpStatusCode.OK);
        (await client.PostJsonAsync("/signature/sign", Batch(20))).ShouldBeRefused(HttpStatusCode.TooManyRequests, "ERR_RATE_001");
        Answer after = await client.ActiveAsync("ML-DSA-65");

        after.ShouldBe(HttpStatusCode.OK);
        ((long?)after.Data["usage_count"]).Should().Be(75, "a use that is refused is none");
    }

    /// <summary>Q-31: where each item names its own key, the request pays for all of them before the first.</summary>
    [Fact]
    public async Task Q31_batch_of_decryptions_that_cannot_be_paid_is_refused_whole()
    {
        using HttpClient client = App.ClientFor(await App.CreateTenantAsync("small", plan: "free"));
        (await client.GenerateAsync("AES-256")).ShouldBe(HttpStatusCode.Created);
        Answer made = await client.PostJsonAsync("/crypto/encrypt", """{"plaintext":"AA=="}""");
        string ciphertext = (string)made.Data["ciphertext"]!;
        string batch = $$"""{"items":[{{string.Join(',', Enumerable.Repeat($$"""{"ciphertext":"{{ciphertext}}"}""", 500))}}]}""";

        (await client.PostJsonAsync("/crypto/decrypt", batch)).ShouldBe(HttpStatusCode.OK);
        (await client.PostJsonAsync("/crypto/decrypt", batch)).ShouldBeRefused(HttpStatusCode.TooManyRequests, "ERR_RATE_001");
    }

    /// <summary>Q-31: what the plan never allows is not to be tried again: 403, and the field is named.</summary>
    [Fact]
    public async Task Q31_batch_beyond_the_burst_is_403_and_names_the_items()
    {
        using HttpClient client = App.ClientFor(await App.CreateTenantAsync("small", plan: "free"));
        (await client.GenerateAsync("ML-DSA-65")).ShouldBe(HttpStatusCode.Created);

        Answer refused = await client.PostJsonAsync("/signature/sign", Batch(81));

        refused.ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_001");
        ((string?)refused.Json["error"]!["details"]![0]!["field"]).Should().Be("items");
    }

    /// <summary>Q-31: the units come back at the rate of the plan.</summary>
    [Fact]
    public async Task Q31_spent_units_come_back()
    {
        using HttpClient client = App.ClientFor(await App.CreateTenantAsync("large", plan: "pro"));
        (await client.GenerateAsync("AES-256")).ShouldBe(HttpStatusCode.Created);

        // Nearly all of its 800 units, for little work: they take five seconds to come back, and the next request seldom takes as long.
        Task<Answer> SpendAsync() => client.PostJsonAsync("/crypto/encrypt", Batch(790, "plaintext"));
        (await SpendAsync()).ShouldBe(HttpStatusCode.OK);
        Answer answer;
        int tries = 0;
        do
            answer = await SpendAsync();
        while (answer.Status == HttpStatusCode.OK && ++tries < 20);

        answer.ShouldBeRefused(HttpStatusCode.TooManyRequests, "ERR_RATE_001");
        await Eventually.HoldsAsync(async () => (await SpendAsync()).Status == HttpStatusCode.OK);
    }

    /// <summary>Q-31: tries of older versions spend what is there, and do not stop a request half-way.</summary>
    [Fact]
    public async Task Q31_tries_of_older_versions_spend_what_is_there()
    {
        using HttpClient client = App.ClientFor(await App.CreateTenantAsync("small", plan: "free"));
        (await client.GenerateAsync("RSA-2048")).ShouldBe(HttpStatusCode.Created);
        Answer made = await client.PostJsonAsync("/crypto/encrypt", """{"plaintext":"AA==","algorithm":"RSA-2048"}""");
        string ciphertext = (string)made.Data["ciphertext"]!;
        (await client.RotateAsync("RSA-2048")).ShouldBe(HttpStatusCode.Created);
        (await client.GenerateAsync("ML-DSA-65")).ShouldBe(HttpStatusCode.Created);

        // Of 800 there are 201 for two keys and requests, 4 for ML-DSA; 57 signatures leave what one decryption costs, and not two.
        (await client.PostJsonAsync("/signature/sign", Batch(57))).ShouldBe(HttpStatusCode.OK);
        Answer opened = await client.PostJsonAsync(
            "/crypto/decrypt", $$"""{"ciphertext":"{{ciphertext}}","algorithm":"RSA-2048"}""");

        opened.ShouldBe(HttpStatusCode.OK);
        opened.Number("key_version").Should().Be(1, "the newest was tried first");
    }

    /// <summary>Q-31: health is not limited, and an unknown route is.</summary>
    [Fact]
    public async Task Q31_health_is_not_limited_and_unknown_routes_are()
    {
        using HttpClient client = App.ClientFor(await App.CreateTenantAsync("small", plan: "free"));
        (await SpendAllAsync(client, "/no/such/route")).StatusCode.Should().Be(HttpStatusCode.TooManyRequests);

        (await client.GetJsonAsync("/health/live")).Status.Should().Be(HttpStatusCode.OK);
    }

    /// <summary>Q-31: a plan that this build does not know is limited like the smallest, and enterprise is not.</summary>
    [Fact]
    public void Q31_unknown_plan_is_limited_like_the_smallest()
    {
        PlanOptions plans = new();

        plans.Of("enterprise").CostUnitsPerSecond.Should().Be(0);
        plans.Of("a plan of tomorrow").Should().Be(plans.Of("free"));
    }

    /// <summary>K-08: the setting of the API key's part is seen over HTTP.</summary>
    [Fact]
    public async Task K08_part_of_an_api_key_is_a_setting()
    {
        App.Settings["Qkms:RateLimits:ApiKeyPercent"] = "50";
        using HttpClient client = App.ClientFor(await App.CreateTenantAsync("small", plan: "free"));

        // 2 + 481 + 17 are the half of a thousand; 100 more take so many seconds to come back.
        (await client.GenerateAsync("AES-256")).ShouldBe(HttpStatusCode.Created);
        (await client.PostJsonAsync("/crypto/encrypt", Batch(480, "plaintext"))).ShouldBe(HttpStatusCode.OK);
        (await ReadManyAsync(client, 17)).Should().OnlyContain(status => status == HttpStatusCode.OK);
        (await client.PostJsonAsync("/crypto/encrypt", Batch(100, "plaintext")))
            .ShouldBeRefused(HttpStatusCode.TooManyRequests, "ERR_RATE_001");
    }

    private static string Batch(int items, string member = "message") =>
        $$"""{"items":[{{string.Join(',', Enumerable.Repeat($$"""{"{{member}}":"AA=="}""", items))}}]}""";

    // Bounded: a budget of 1,000 is spent long before, though a busy machine lets some come back meanwhile.
    private static async Task<HttpResponseMessage> SpendAllAsync(HttpClient client, string path = "/kms/keys")
    {
        for (int i = 0; i < 20_000; i += 50)
        {
            HttpResponseMessage[] answers = await Task.WhenAll(
                Enumerable.Range(0, 50).Select(_ => client.GetAsync(new Uri(path, UriKind.Relative))));
            if (answers.FirstOrDefault(answer => answer.StatusCode == HttpStatusCode.TooManyRequests) is { } refused)
                return refused;
        }

        throw new InvalidOperationException("The budget does not end.");
    }

    private static async Task<HttpStatusCode[]> ReadManyAsync(HttpClient client, int count)
    {
        HttpStatusCode[] answers = new HttpStatusCode[count];
        for (int i = 0; i < count; i++)
        {
            using HttpResponseMessage answer = await client.GetAsync(new Uri("/kms/supported-algorithms", UriKind.Relative));
            answers[i] = answer.StatusCode;
        }

        return answers;
    }
}
