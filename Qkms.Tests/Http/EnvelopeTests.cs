namespace Qkms.Tests.Http;

public sealed class EnvelopeTests : SharedServiceTests
{
    // Q-03, Q-04
    [Fact]
    public async Task A_success_and_a_refusal_have_their_envelopes()
    {
        Answer success = await Client.GetJsonAsync("/kms/keys");
        Answer refusal = await Client.GetJsonAsync("/kms/keys/unknown");

        success.Json.AsObject().Select(m => m.Key).Should().Equal("data", "request_id", "timestamp");
        refusal.ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        foreach (Answer answer in new[] { success, refusal })
        {
            Guid.Parse((string)answer.Json["request_id"]!).ToString().Should().Be(answer.Headers["X-Request-ID"]);
            ((string)answer.Json["timestamp"]!).Should().MatchRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$");
            answer.Headers["Cache-Control"].Should().Be("no-store");
            answer.Headers["X-Content-Type-Options"].Should().Be("nosniff");
            answer.Headers.Should().NotContainKey("Server");
        }
    }

    // Q-05
    [Theory]
    [InlineData("6f1c2b9e-5d0a-4a43-9c1b-0f5f3c2d1e0a", true)]
    [InlineData("6F1C2B9E-5D0A-4A43-9C1B-0F5F3C2D1E0A", true)]
    [InlineData("+0000000-0000-1000-8000-000000000000", false)]
    [InlineData("0x000000-0000-1000-8000-000000000000", false)]
    [InlineData("not-a-uuid", false)]
    [InlineData("{6f1c2b9e-5d0a-4a43-9c1b-0f5f3c2d1e0a}", false)]
    [InlineData("6f1c2b9e-5d0a-4a43-9c1b-0f5f3c2d1e0a<script>", false)]
    [InlineData("", false)]
    public async Task A_request_id_that_is_a_uuid_is_echoed_and_anything_else_replaced(string sent, bool echoed)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "/kms/keys");
        request.Headers.TryAddWithoutValidation("X-Request-ID", sent);

        Answer answer = await Client.SendForAnswerAsync(request);

        string body = (string)answer.Json["request_id"]!;
        answer.Headers["X-Request-ID"].Should().Be(body);
        string.Equals(body, sent, StringComparison.OrdinalIgnoreCase).Should().Be(echoed);
        Guid.TryParseExact(body, "D", out _).Should().BeTrue();
    }

    // Q-01
    [Theory]
    [InlineData("/kms/keys")]
    [InlineData("/kms/supported-algorithms")]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    [InlineData("/swagger/v1/swagger.json")]
    [InlineData("/swagger/index.html")]
    public async Task Every_route_stands_under_both_prefixes(string path)
    {
        foreach (string prefix in new[] { "", "/api/v1" })
        {
            using HttpResponseMessage response = await Client.GetAsync(new Uri(prefix + path, UriKind.Relative));
            response.StatusCode.Should().Be(HttpStatusCode.OK, prefix);
        }
    }

    // Q-01
    [Fact]
    public async Task A_made_key_is_located_under_the_prefix_that_was_used()
    {
        Answer made = await Client.PostJsonAsync("/api/v1/kms/keys/generate", """{"algorithm":"ML-KEM-768"}""");

        made.Headers["Location"].Should().Be($"/api/v1/kms/keys/{made.Text("kid")}");
        (await Client.GetJsonAsync(made.Headers["Location"])).ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("GET", "/kms/nowhere", HttpStatusCode.NotFound, "ERR_NOT_FOUND_001")]
    [InlineData("POST", "/", HttpStatusCode.MethodNotAllowed, "ERR_INVALID_004")]
    [InlineData("DELETE", "/api/v1/favicon.ico", HttpStatusCode.MethodNotAllowed, "ERR_INVALID_004")]
    [InlineData("DELETE", "/kms/keys", HttpStatusCode.MethodNotAllowed, "ERR_INVALID_004")]
    [InlineData("GET", "/kms/keys/generate/x/y", HttpStatusCode.NotFound, "ERR_NOT_FOUND_001")]
    [InlineData("PUT", "/kms/keys/generate", HttpStatusCode.MethodNotAllowed, "ERR_INVALID_004")]
    [InlineData("POST", "/kms/keys/abc", HttpStatusCode.MethodNotAllowed, "ERR_INVALID_004")]
    [InlineData("BREW", "/kms/keys", HttpStatusCode.MethodNotAllowed, "ERR_INVALID_004")]
    public async Task A_route_or_verb_that_does_not_exist_is_refused_in_the_envelope(
        string verb, string path, HttpStatusCode status, string code)
    {
        Answer answer = await Client.SendJsonAsync(new HttpMethod(verb), path, null);

        answer.ShouldBeRefused(status, code);
        if (status == HttpStatusCode.MethodNotAllowed)
            answer.Headers.Should().ContainKey("Allow");
    }

    // Q-06
    [Fact]
    public async Task Health_is_open_and_says_so()
    {
        using HttpClient client = App.ClientFor(null);

        (await client.GetJsonAsync("/health/live")).Text("status").Should().Be("live");
        (await client.GetJsonAsync("/health/ready")).Text("status").Should().Be("ready");
    }
}
