using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;

namespace Qkms.Tests.Http;

/// <summary>
/// F-61: no content is an absent body, in whatever framing and type (RFC 9110, section 8.3). The requests of an emergency may be made in
/// a hurry: <c>curl -d ''</c>, an HTTP library that sends empty chunks.
/// </summary>
public sealed class AbsentBodyTests : ServiceTests
{
    private static readonly string[] _heads =
    [
        "",
        "Content-Length: 0\r\n",
        "Content-Type: application/json\r\nContent-Length: 0\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n",
        "Content-Type: text/plain; charset=utf-16\r\nContent-Length: 0\r\n",
        "Content-Type: nonsense\r\nContent-Length: 0\r\n",
        "Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n",
    ];

    private static readonly string[] _ofNoKey = ["/rotation-jobs/", "/api-keys/", "/tenants/"];

    [Fact]
    public async Task Where_the_body_is_optional_none_may_come_in_any_framing_and_type()
    {
        using HttpClient client = App.StartOnKestrel();
        RouteEndpoint[] routes =
        [
            .. Routes().Where(route => route.Metadata.GetMetadata<IAcceptsMetadata>()?.IsOptional == true
                && route.RoutePattern.RawText != "/devices/{device_id}/keys"),
        ];

        routes.Should().HaveCount(14, "one more registers a device, and does not ask whether it is there");
        foreach (RouteEndpoint route in routes)
        {
            string path = route.RoutePattern.RawText!;
            bool isOfNoKey = _ofNoKey.Any(part => path.Contains(part, StringComparison.Ordinal));
            foreach (string head in _heads)
            {
                string verb = RouteRequests.VerbOf(route).Method;
                (await SendAsync(client, verb, RouteRequests.PathOf(route, "nobody"), head))
                    .ShouldBeRefused(HttpStatusCode.NotFound, isOfNoKey ? "ERR_NOT_FOUND_001" : "ERR_KMS_003");
            }
        }
    }

    [Fact]
    public async Task A_key_is_revoked_in_every_such_way()
    {
        using HttpClient client = App.StartOnKestrel();
        for (int i = 0; i < _heads.Length; i++)
        {
            string kid = (await client.GenerateAsync("AES-256", new { name = $"key-{i}" })).Text("kid");
            (await SendAsync(client, "POST", $"/kms/keys/{kid}/actions/revoke", _heads[i])).Status.Should().Be(HttpStatusCode.NoContent);
            (await client.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be("revoked");
        }
    }

    [Fact]
    public async Task Where_it_is_required_its_absence_is_400()
    {
        using HttpClient client = App.StartOnKestrel();
        RouteEndpoint[] routes = [.. Routes().Where(route => route.Metadata.GetMetadata<IAcceptsMetadata>()?.IsOptional == false)];

        routes.Should().HaveCountGreaterThan(15);
        foreach (RouteEndpoint route in routes)
        {
            foreach (string head in _heads)
            {
                Answer answer = await SendAsync(client, RouteRequests.VerbOf(route).Method, RouteRequests.PathOf(route, "nobody"), head);
                answer.ShouldBlame("(body)");
            }
        }
    }

    // What is there is read as before.
    [Theory]
    [InlineData("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1\r\n\r\na", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("Content-Length: 2\r\n\r\n{}", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("Content-Type: application/json\r\nContent-Length: 1\r\n\r\n ", HttpStatusCode.BadRequest)]
    [InlineData("Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n \r\n0\r\n\r\n", HttpStatusCode.BadRequest)]
    [InlineData("Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", HttpStatusCode.NotFound)]
    public async Task A_body_that_is_there_is_judged(string rest, HttpStatusCode status)
    {
        using HttpClient client = App.StartOnKestrel();

        Answer answer = await RawConnection.ExchangeAsync(
            client.BaseAddress!, $"POST /kms/keys/nobody/actions/revoke HTTP/1.1\r\nHost: x\r\nx-api-key: {App.InitialApiKey}\r\n{rest}");

        answer.Status.Should().Be(status);
    }

    private IEnumerable<RouteEndpoint> Routes() => App.RoutesOfApi();

    private Task<Answer> SendAsync(HttpClient client, string verb, string path, string head)
    {
        string body = head.Contains("chunked", StringComparison.Ordinal) ? "0\r\n\r\n" : "";
        return RawConnection.ExchangeAsync(
            client.BaseAddress!, $"{verb} {path} HTTP/1.1\r\nHost: x\r\nx-api-key: {App.InitialApiKey}\r\n{head}\r\n{body}");
    }
}
