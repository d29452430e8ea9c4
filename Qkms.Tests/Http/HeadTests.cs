using Microsoft.AspNetCore.Routing;
using Qkms.Tests.Rotations;

namespace Qkms.Tests.Http;

/// <summary>
/// F-44: HEAD works wherever GET does (RFC 9110, section 9.3.2), and open routes say without an API key which verbs they have.
/// </summary>
public sealed class HeadTests : ServiceTests
{
    [Fact]
    public async Task Open_pages_have_a_head()
    {
        using HttpClient client = App.StartOnKestrel();
        foreach (string path in (string[])
        [
            "/health/live",
            "/health/ready",
            "/health/live/",
            "/api/v1/health/ready",
            "/swagger/index.html",
            "/swagger/v1/swagger.json",
            "/swagger/v1/swagger.yaml",
            "/api/v1/swagger/index.html",
        ])
        {
            await ShouldHaveHeadAsync(path, null);
        }
    }

    [Fact]
    public async Task Every_route_with_get_has_a_head()
    {
        using HttpClient client = App.StartOnKestrel();
        string kid = (await client.GenerateAsync()).Text("kid");
        string job = (await client.ScheduleAsync(kid, App.InHours(1))).Text("id");
        string tenant = (string)(await client.GetJsonAsync("/tenants")).Data["tenants"]![0]!["tenant_id"]!;
        string apiKey = (string)(await client.GetJsonAsync("/api-keys")).Data["api_keys"]![0]!["api_key_id"]!;
        RouteEndpoint[] routes =
        [
            .. App.RoutesOfApi()
                .Where(route => RouteRequests.VerbOf(route) == HttpMethod.Get)
        ];

        routes.Should().HaveCountGreaterThan(6);
        foreach (RouteEndpoint route in routes)
        {
            string template = route.RoutePattern.RawText!;
            string id = template.Contains("/rotation-jobs/", StringComparison.Ordinal) ? job
                : template.StartsWith("/api-keys/", StringComparison.Ordinal) ? apiKey
                : template.StartsWith("/tenants/", StringComparison.Ordinal) ? tenant
                : kid;
            string path = RouteRequests.PathOf(route, id);
            string query = path.EndsWith("/active", StringComparison.Ordinal) ? "?algorithm=ML-KEM-768" : "";
            await ShouldHaveHeadAsync(path + query, App.InitialApiKey);
        }
    }

    [Fact]
    public async Task A_head_needs_what_its_get_needs()
    {
        using HttpClient client = App.StartOnKestrel();

        (await HeadAsync("/kms/keys", null)).Status.Should().Be(HttpStatusCode.Unauthorized);
        (await HeadAsync("/kms/keys/nobody", App.InitialApiKey)).Status.Should().Be(HttpStatusCode.NotFound);
        Answer none = await HeadAsync("/kms/keys/rotate/", App.InitialApiKey);
        none.Status.Should().Be(HttpStatusCode.NotFound, "GET takes it for a kid");
        (await HeadAsync("/crypto/encrypt", App.InitialApiKey)).Headers["Allow"].Should().Be("POST");
        string nobody = await App.CreateApiKeyAsync(App.InitialApiKey, Roles.None);
        (await HeadAsync("/kms/keys", nobody)).Status.Should().Be(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Other_verbs_of_open_routes_are_405_without_an_api_key()
    {
        using HttpClient client = App.ClientFor(null);
        foreach ((string path, string verb) in ((string, string)[])
        [
            ("/health/live", "POST"),
            ("/health/live/", "PUT"),
            ("/health/ready", "DELETE"),
            ("/Health/Ready", "PATCH"),
            ("/api/v1/health/ready", "OPTIONS"),
            ("/health/live", "TRACE"),
            ("/health/live", "FOO"),
            ("/swagger/index.html", "POST"),
            ("/swagger/v1/swagger.json", "DELETE"),
        ])
        {
            Answer answer = await client.SendJsonAsync(new HttpMethod(verb), path, null);

            answer.ShouldBeRefused(HttpStatusCode.MethodNotAllowed, "ERR_INVALID_004");
            answer.Headers["Allow"].Should().Be("GET, HEAD");
        }
    }

    [Fact]
    public async Task Without_an_api_key_nothing_is_said_of_other_routes()
    {
        using HttpClient client = App.ClientFor(null);
        foreach ((string verb, string path) in ((string, string)[])
        [
            ("DELETE", "/kms/keys"),
            ("POST", "/health/nowhere"),
            ("HEAD", "/health/nowhere"),
            ("POST", "/health"),
        ])
        {
            (await client.SendJsonAsync(new HttpMethod(verb), path, null)).Status.Should().Be(HttpStatusCode.Unauthorized);
        }
    }

    private async Task ShouldHaveHeadAsync(string path, string? apiKey)
    {
        Answer head = await HeadAsync(path, apiKey);
        using HttpClient client = App.KestrelClient(apiKey);
        using HttpResponseMessage get = await client.GetAsync(new Uri(path, UriKind.Relative));
        string body = await get.Content.ReadAsStringAsync();

        head.Status.Should().Be(get.StatusCode).And.Be(HttpStatusCode.OK, path);
        head.Headers["Content-Type"].Split(';')[0].Should().Be(get.Content.Headers.ContentType!.MediaType);
        if (head.Headers.TryGetValue("Content-Length", out string? length))
            length.Should().Be(Encoding.UTF8.GetByteCount(body).ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>The head, and that nothing stands between it and the head of the next answer.</summary>
    private async Task<Answer> HeadAsync(string path, string? apiKey)
    {
        using HttpClient client = App.KestrelClient();
        using RawConnection connection = await RawConnection.OpenAsync(client.BaseAddress!);
        string key = apiKey is null ? "" : $"x-api-key: {apiKey}\r\n";
        await connection.SendAsync($"HEAD {path} HTTP/1.1\r\nHost: x\r\n{key}\r\nGET /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
        Answer head = await connection.ReadAsync(toHead: true);
        (await connection.ReadAsync()).Text("status").Should().Be("live");
        return head;
    }
}
