using Qkms.Api.Http;
using Qkms.Core.Tenants;

namespace Qkms.Tests.ApiKeys;

/// <summary>Q-31: an address that has no valid API key is limited, and whoever has one is not limited because of it.</summary>
public sealed class FailedLoginTests
{
    private const int Burst = 50;

    private static readonly RateLimitOptions _options = new() { FailuresPerSecond = 1, FailureBurst = Burst };

    /// <summary>Q-31: beyond the burst failures are 429 with Retry-After, and a valid API key passes from the same address.</summary>
    [Fact]
    public async Task Q31_failures_of_an_address_are_limited_and_valid_api_keys_are_not()
    {
        await using QkmsApplication app = NewApplication();
        using HttpClient valid = app.StartOnKestrel();
        using HttpClient stranger = app.KestrelClient(ForgedKeys.New());

        using HttpResponseMessage refused = await FailUntilRefusedAsync(stranger);

        JsonNode body = JsonNode.Parse(await refused.Content.ReadAsStringAsync())!;
        ((string?)body["error"]!["error_code"]).Should().Be("ERR_RATE_001");
        refused.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(1));
        (await StatusAsync(valid)).Should().Be(HttpStatusCode.OK);
        using HttpResponseMessage health = await stranger.GetAsync(new Uri("/health/live", UriKind.Relative));
        health.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    /// <summary>Q-31: what a caller writes into X-Forwarded-For chooses no budget.</summary>
    [Fact]
    public async Task Q31_forwarded_address_of_a_stranger_says_nothing()
    {
        await using QkmsApplication app = NewApplication();
        using HttpClient valid = app.StartOnKestrel();
        using HttpClient stranger = app.KestrelClient("no API key");
        (await FailUntilRefusedAsync(stranger)).Dispose();

        HttpStatusCode[] answers = await FailFromAsync(stranger, Enumerable.Range(1, 20).Select(i => $"203.0.113.{i}"));

        // One a second comes back, for all of them together.
        answers.Count(status => status == HttpStatusCode.TooManyRequests).Should().BeGreaterThan(0);
        (await StatusAsync(valid)).Should().Be(HttpStatusCode.OK);
    }

    /// <summary>Q-31: a trusted proxy says who is behind it, and what stands further left says nothing.</summary>
    [Fact]
    public async Task Q31_addresses_behind_a_trusted_proxy_have_budgets_of_their_own()
    {
        await using QkmsApplication app = NewApplication();
        app.Settings["Qkms:Http:TrustedProxies"] = "127.0.0.0/8;10.0.0.0/8";
        using HttpClient valid = app.StartOnKestrel();
        using HttpClient stranger = app.KestrelClient("no API key");
        (await FailUntilRefusedAsync(stranger, i => $"198.51.100.{i % 250}, 203.0.113.1, 10.0.0.{i % 250}")).Dispose();

        HttpStatusCode[] others = await FailFromAsync(stranger, Enumerable.Range(2, 20).Select(i => $"203.0.113.{i}"));

        // Two addresses of 16,384 buckets seldom share one.
        others.Count(status => status == HttpStatusCode.Unauthorized).Should().BeGreaterThanOrEqualTo(18);
    }

    /// <summary>Q-31: one site has one budget: an IPv6 network of 64 bits, and an IPv4 address however it is written.</summary>
    [Theory]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    public void Q31_sites_share_one_budget_or_have_their_own(string first, string second, bool areOne)
    {
        // In one of three processes at least they do not meet in a bucket by chance.
        bool[] met = [.. Enumerable.Range(0, 3).Select(_ =>
        {
            using FailedLogins failures = new(_options);
            Spend(failures, IPAddress.Parse(first));
            return Enumerable.Range(0, Burst).Any(_ => failures.Count(IPAddress.Parse(second)) is not null);
        })];

        met.Should().Contain(areOne);
        if (areOne)
            met.Should().NotContain(false);
    }

    /// <summary>Q-31: 0 is no limit, and where there is no address there is none either.</summary>
    [Fact]
    public void Q31_no_limit_is_no_limit()
    {
        using FailedLogins unlimited = new(_options with { FailuresPerSecond = 0 });
        using FailedLogins limited = new(_options);

        Enumerable.Range(0, 10_000).Should().OnlyContain(_ => unlimited.Count(IPAddress.Loopback) == null);
        Enumerable.Range(0, 10_000).Should().OnlyContain(_ => limited.Count(null) == null);
    }

    private static QkmsApplication NewApplication() => new()
    {
        Settings =
        {
            ["Qkms:RateLimits:FailuresPerSecond"] = "1",
            ["Qkms:RateLimits:FailureBurst"] = $"{Burst}",
        },
    };

    private static void Spend(FailedLogins failures, IPAddress address)
    {
        for (int i = 0; i < 100 * Burst && failures.Count(address) is null; i++)
        {
        }
    }

    // Bounded: of a burst of 50 the end comes soon, though a busy machine lets some come back meanwhile.
    private static async Task<HttpResponseMessage> FailUntilRefusedAsync(HttpClient client, Func<int, string>? forwardedFor = null)
    {
        for (int i = 0; i < 100 * Burst; i++)
        {
            HttpResponseMessage answer = await SendAsync(client, forwardedFor?.Invoke(i));
            if (answer.StatusCode == HttpStatusCode.TooManyRequests)
            {
                i.Should().BeGreaterThanOrEqualTo(Burst);
                return answer;
            }

            answer.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
            answer.Dispose();
        }

        throw new InvalidOperationException("The burst does not end.");
    }

    private static async Task<HttpStatusCode[]> FailFromAsync(HttpClient client, IEnumerable<string> addresses)
    {
        List<HttpStatusCode> answers = [];
        foreach (string address in addresses)
        {
            using HttpResponseMessage answer = await SendAsync(client, address);
            answers.Add(answer.StatusCode);
        }

        return [.. answers];
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client)
    {
        using HttpResponseMessage answer = await SendAsync(client, null);
        return answer.StatusCode;
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, string? forwardedFor)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "/kms/supported-algorithms");
        if (forwardedFor is not null)
            request.Headers.Add("X-Forwarded-For", forwardedFor);

        return await client.SendAsync(request);
    }
}
