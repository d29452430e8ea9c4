using Qkms.Api.Hosting;

namespace Qkms.Tests.Http;

/// <summary>F-69: scripts of other origins may call the service where the operator names the origin, and nowhere else.</summary>
public sealed class CrossOriginTests
{
    private const string Origin = "https://app.example";
    private const string Further = "http://localhost:5173";

    [Theory]
    [InlineData("/kms/keys/generate", Origin)]
    [InlineData("/api/v1/kms/keys/generate", Further)]
    [InlineData("/no/such/route", Origin)]
    public async Task F69_preflight_of_a_named_origin_needs_no_API_key(string path, string origin)
    {
        await using QkmsApplication app = Named();
        using HttpResponseMessage response = await PreflightAsync(app, path, origin);

        response.StatusCode.Should().Be(HttpStatusCode.NoContent);
        Header(response, "Access-Control-Allow-Origin").Should().Be(origin);
        Header(response, "Access-Control-Allow-Methods").Should().Contain("POST").And.Contain("GET").And.Contain("DELETE");
        Header(response, "Access-Control-Allow-Headers").ToLowerInvariant().Should().Contain("x-api-key").And.Contain("content-type")
            .And.Contain("idempotency-key");
        response.Headers.Contains("Access-Control-Allow-Credentials").Should().BeFalse();
        Header(response, "Vary").Should().Contain("Origin");
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("https://app.example.evil.example")]
    [InlineData("http://app.example")]
    [InlineData("null")]
    public async Task F69_other_origins_get_no_permission(string origin)
    {
        await using QkmsApplication app = Named();
        using HttpResponseMessage response = await PreflightAsync(app, "/kms/keys/generate", origin);

        response.Headers.Should().NotContain(header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
    }

    // Refusals too: a script that could not read them would see a broken network.
    [Fact]
    public async Task F69_answers_and_refusals_can_be_read_with_their_headers()
    {
        await using QkmsApplication app = Named();
        foreach (string? apiKey in (string?[])[app.InitialApiKey, null])
        {
            using HttpClient client = app.ClientFor(apiKey);
            client.DefaultRequestHeaders.Add("Origin", Origin);
            using HttpResponseMessage response = await client.GetAsync(new Uri("/kms/keys", UriKind.Relative));

            response.StatusCode.Should().Be(apiKey is null ? HttpStatusCode.Unauthorized : HttpStatusCode.OK);
            Header(response, "Access-Control-Allow-Origin").Should().Be(Origin);
            Header(response, "Access-Control-Expose-Headers").Should().Contain("X-Request-ID").And.Contain("Location")
                .And.Contain("Retry-After").And.Contain("Idempotency-Replayed");
        }
    }

    [Fact]
    public async Task F69_without_the_setting_a_preflight_is_a_request_like_any_other()
    {
        await using QkmsApplication app = new();
        using HttpResponseMessage response = await PreflightAsync(app, "/kms/keys/generate", Origin);

        response.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        response.Headers.Should().NotContain(header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("https://app.example", true)]
    [InlineData("https://app.example:8443", true)]
    [InlineData("http://localhost:5173", true)]
    [InlineData("http://127.0.0.1", true)]
    [InlineData("http://app.example", false)]
    [InlineData("*", false)]
    [InlineData("null", false)]
    [InlineData("https://*.example", false)]
    [InlineData("https://app.example/", false)]
    [InlineData("https://app.example/path", false)]
    [InlineData("https://app.example:443", false)] // browsers leave the usual port out: it would never match
    [InlineData("https://App.example", false)]
    [InlineData("https://user@app.example", false)]
    [InlineData("app.example", false)]
    [InlineData("file://", false)]
    public void F69_setting_takes_origins_as_browsers_send_them(string text, bool isOrigin) =>
        CrossOrigins.IsOrigin(text).Should().Be(isOrigin);

    private static QkmsApplication Named() => new() { Settings = { ["Qkms:Http:AllowedOrigins"] = $"{Origin}; {Further}" } };

    private static async Task<HttpResponseMessage> PreflightAsync(QkmsApplication app, string path, string origin)
    {
        using HttpClient client = app.ClientFor(null);
        using HttpRequestMessage request = new(HttpMethod.Options, path);
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.Add("Access-Control-Request-Headers", "content-type,x-api-key");
        return await client.SendAsync(request);
    }

    private static string Header(HttpResponseMessage response, string name) => string.Join(", ", response.Headers.GetValues(name));
}
