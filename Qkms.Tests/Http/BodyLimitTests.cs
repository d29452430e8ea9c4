using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Qkms.Api.Http;

namespace Qkms.Tests.Http;

/// <summary>F-03, F-41: what a body may be and take is decided before it is read, and holds while it is read.</summary>
public sealed class BodyLimitTests : ServiceTests
{
    // Two megabytes of base64 in a body are 1.9 MB with what stands around them.
    private const int Long = 1_900_000;
    private const int TooLong = 3_000_000;

    /// <summary>F-03: every route, without a byte of the body that is announced.</summary>
    [Fact]
    public async Task Api_key_permission_and_length_are_looked_at_before_the_body()
    {
        using HttpClient client = App.StartOnKestrel();
        string admin = App.InitialApiKey;
        string nobody = await App.CreateApiKeyAsync(admin, Roles.None);
        RouteEndpoint[] routes = [.. App.RoutesOfApi()];

        routes.Should().HaveCountGreaterThan(20);
        foreach (RouteEndpoint route in routes)
        {
            bool open = route.Metadata.GetMetadata<IAllowAnonymous>() is not null;
            if (!open)
            {
                (await AnnounceAsync(client, route, null, Long)).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
                (await AnnounceAsync(client, route, nobody, Long)).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
            }

            (await AnnounceAsync(client, route, open ? null : admin, TooLong))
                .ShouldBeRefused(HttpStatusCode.RequestEntityTooLarge, "ERR_INVALID_002");
        }
    }

    /// <summary>F-03: only what carries a payload may be long, whether it says so or comes in chunks.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_route_takes_64_kb_unless_it_carries_a_payload(bool chunked)
    {
        using HttpClient client = App.StartOnKestrel();
        string kid = (await client.GenerateAsync("AES-256")).Text("kid");
        string padding = new(' ', (64 * 1024) + 1 - "{}".Length);
        string plaintext = Convert.ToBase64String(new byte[1024 * 1024]);

        await client.GenerateAsync("ML-KEM-768");

        (await PostAsync(client, "/kem/encapsulate", $"{{}}{padding[1..]}", chunked)).ShouldBe(HttpStatusCode.OK);
        foreach (string path in (string[])["/kem/encapsulate", "/kms/keys/generate", $"/kms/keys/{kid}/actions/revoke"])
        {
            (await PostAsync(client, path, $"{{}}{padding}", chunked))
                .ShouldBeRefused(HttpStatusCode.RequestEntityTooLarge, "ERR_INVALID_002");
        }

        (await PostAsync(client, "/crypto/encrypt", $$"""{"plaintext":"{{plaintext}}"}""", chunked)).ShouldBe(HttpStatusCode.OK);
        (await PostAsync(client, "/crypto/encrypt", $$"""{"plaintext":""}{{new string(' ', 2 * 1024 * 1024)}}""", chunked))
            .ShouldBeRefused(HttpStatusCode.RequestEntityTooLarge, "ERR_INVALID_002");
    }

    /// <summary>F-03, F-68: a thousand items do not fit into 64 KB, whatever the route.</summary>
    [Fact]
    public void Every_route_with_items_carries_a_payload()
    {
        RouteEndpoint[] routes = [.. App.RoutesOfApi()];
        RouteEndpoint[] withItems =
        [
            .. routes.Where(route =>
                route.Metadata.OfType<IAcceptsMetadata>().Any(body => body.RequestType?.GetProperty("Items") is not null)),
        ];

        withItems.Should().HaveCountGreaterThan(8);
        withItems.Where(route => route.Metadata.GetMetadata<BodyLimit>() != BodyLimit.Payload).Select(route => route.RoutePattern.RawText)
            .Should().BeEmpty();
    }

    /// <summary>F-03: what stands behind item 1,001 or member 65 is not looked at: it is not even JSON, or no text.</summary>
    [Theory]
    [InlineData("/crypto/encrypt", "plaintext")]
    [InlineData("/crypto/decrypt", "ciphertext")]
    public async Task Reading_stops_at_what_is_too_many(string path, string member)
    {
        using HttpClient client = App.StartOnKestrel();
        string items = string.Join(',', Enumerable.Repeat($"{{\"{member}\":\"\"}}", 1001));
        string members = string.Join(',', Enumerable.Range(0, 65).Select(i => $"\"{i}\":\"\""));

        await ShouldStopAsync("items", "must have 1 to 1000 items", $"{{\"items\":[{items},%");
        await ShouldStopAsync("context", "must have at most 64 members", $"{{\"context\":{{{members},%");
        await ShouldStopAsync(
            "items[1].context",
            "must have at most 64 members",
            $"{{\"items\":[{{\"{member}\":\"\"}},{{\"context\":{{{members},\"x\":5}}}}]}}");

        async Task ShouldStopAsync(string field, string message, string body)
        {
            foreach (bool chunked in (bool[])[true, false])
            {
                Answer answer = await PostAsync(client, path, body, chunked);
                answer.ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001");
                answer.Details.Select(detail => ((string?)detail!["field"], (string?)detail["message"])).Should().Equal((field, message));
            }
        }
    }

    /// <summary>F-03: the same in the destination of a re-encryption, in data keys, and in what is read once more.</summary>
    [Theory]
    [InlineData("/crypto/re-encrypt", "{\"destination\":{\"context\":{M,%", "destination.context")]
    [InlineData("/crypto/re-encrypt", "{\"context\":{M,%", "context")]
    [InlineData("/data-keys/generate", "{\"context\":{M,%", "context")]
    [InlineData("/data-keys/decrypt", "{\"context\":{M,%", "context")]
    public async Task Every_context_stops_at_64_members(string path, string body, string field)
    {
        using HttpClient client = App.StartOnKestrel();
        string members = string.Join(',', Enumerable.Range(0, 65).Select(i => $"\"{i}\":\"\""));

        (await client.PostJsonAsync(path, body.Replace("M", members, StringComparison.Ordinal))).ShouldBlame(field)
            .Message.Should().Contain("must have at most 64 members", "what stands behind them is not looked at");
    }

    /// <summary>F-41: memory for one long body; the next waits in vain, short ones pass, and afterwards all is as before.</summary>
    [Fact]
    public async Task Bodies_for_which_there_is_no_memory_are_503_and_short_ones_pass()
    {
        App.Settings["Qkms:Http:BodyMemory"] = "16";
        using HttpClient client = App.StartOnKestrel();
        string kid = (await client.GenerateAsync("AES-256")).Text("kid");
        string body = $$"""{"plaintext":"{{Convert.ToBase64String(new byte[1024 * 1024])}}"}""";
        BodyMemory memory = App.Services.GetRequiredService<BodyMemory>();

        using RawConnection first = await RawConnection.OpenAsync(client.BaseAddress!);
        string head = Head("POST", "/crypto/encrypt", App.InitialApiKey);

        // All but the last of it: the server gives up a body that brings less than 10 kB in each second.
        await first.SendAsync($"{head}Content-Length: {body.Length}\r\n\r\n{body[..^1]}");
        await Eventually.HoldsAsync(() => Task.FromResult(memory.Taken >= body.Length));

        Answer refused = (await client.PostJsonAsync("/crypto/encrypt", body))
            .ShouldBeRefused(HttpStatusCode.ServiceUnavailable, "ERR_SERVICE_001");
        refused.Headers["Retry-After"].Should().Be("2");
        (await PostAsync(client, "/crypto/encrypt", body, chunked: true)).Status.Should().Be(HttpStatusCode.ServiceUnavailable);
        (await client.RevokeAsync(kid)).ShouldBe(HttpStatusCode.NoContent);

        await first.SendAsync(body[^1..]);
        (await first.ReadAsync()).Status.Should().Be(HttpStatusCode.NotFound, "its key is revoked by now, and it named none");
        await Eventually.HoldsAsync(() => Task.FromResult(memory.Taken == 0));
        await client.GenerateAsync("AES-256", new { name = "other" });
        (await client.PostJsonAsync("/crypto/encrypt", body[..^1] + ",\"name\":\"other\"}")).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>F-41: memory is given back whatever becomes of the request.</summary>
    [Fact]
    public async Task Memory_of_bodies_is_given_back_on_every_way_out()
    {
        using HttpClient client = App.StartOnKestrel();
        await client.GenerateAsync("AES-256");
        BodyMemory memory = App.Services.GetRequiredService<BodyMemory>();
        foreach (string body in (string[])["{\"plaintext\":\"\"}", "{\"plaintext\":", "{}", "{\"plaintext\":\"\",\"kid\":\"nobody\"}"])
        {
            await client.PostJsonAsync("/crypto/encrypt", body);
            await PostAsync(client, "/crypto/encrypt", body, chunked: true);
            await PostAsync(client, "/crypto/encrypt", body + new string(' ', 2 * 1024 * 1024), chunked: true);
            using RawConnection cut = await RawConnection.OpenAsync(client.BaseAddress!);

            // Long enough for the server to wait for the rest, and not to give it up as too slow before this one looks.
            string begun = new string(' ', 500_000) + body;
            await cut.SendAsync($"{Head("POST", "/crypto/encrypt", App.InitialApiKey)}Content-Length: {Long}\r\n\r\n{begun}");
            await Eventually.HoldsAsync(() => Task.FromResult(memory.Taken > 0));
        }

        await Eventually.HoldsAsync(() => Task.FromResult(memory.Taken == 0));
    }

    /// <summary>F-03: a silent body ends by itself; before, it held its megabytes for as long as its sender liked.</summary>
    [Fact]
    public async Task A_body_that_arrives_too_slowly_is_408()
    {
        using HttpClient client = App.StartOnKestrel();
        using RawConnection slow = await RawConnection.OpenAsync(client.BaseAddress!);

        await slow.SendAsync($"{Head("POST", "/crypto/encrypt", App.InitialApiKey)}Content-Length: {Long}\r\n\r\n{{");

        (await slow.ReadAsync()).ShouldBeRefused(HttpStatusCode.RequestTimeout, "ERR_INVALID_006");
        (await slow.ReadToEndAsync()).Should().BeEmpty();
    }

    /// <summary>F-03: where memory is short there are fewer connections than the setting allows.</summary>
    [Theory]
    [InlineData(24_000, 4096, 4096)]
    [InlineData(1_024, 4096, 4096)]
    [InlineData(192, 4096, 768)]
    [InlineData(192, 100, 100)]
    [InlineData(1, 4096, 64)]
    public void Connections_are_bounded_by_the_setting_and_by_memory(int megabytes, int setting, int connections)
    {
        HttpLimits limits = new() { MaxConcurrentConnections = setting, AvailableMemory = megabytes * 1024L * 1024 };

        limits.Connections.Should().Be(connections);
    }

    /// <summary>F-03: one more than the setting allows is closed without an answer, and its place is free again afterwards.</summary>
    [Fact]
    public async Task Connections_beyond_the_setting_are_closed()
    {
        App.Settings["Qkms:Http:MaxConcurrentConnections"] = "3";
        using HttpClient client = App.StartOnKestrel();
        List<RawConnection> open = [];
        for (int i = 0; i < 3; i++)
        {
            open.Add(await RawConnection.OpenAsync(client.BaseAddress!));
            await open[i].SendAsync("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
            (await open[i].ReadAsync()).Status.Should().Be(HttpStatusCode.OK);
        }

        using (RawConnection beyond = await RawConnection.OpenAsync(client.BaseAddress!))
            (await beyond.ReadToEndAsync()).Should().BeEmpty();

        open.ForEach(connection => connection.Dispose());
        await Eventually.HoldsAsync(async () =>
        {
            try
            {
                return (await client.GetJsonAsync("/health/live")).Status == HttpStatusCode.OK;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
    }

    private static string Head(string verb, string path, string? apiKey) =>
        $"{verb} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{(apiKey is null ? "" : $"x-api-key: {apiKey}\r\n")}";

    private static async Task<Answer> AnnounceAsync(HttpClient client, RouteEndpoint route, string? apiKey, int length)
    {
        string head = Head(RouteRequests.VerbOf(route).Method, RouteRequests.PathOf(route, "some-kid"), apiKey);
        return await RawConnection.ExchangeAsync(client.BaseAddress!, $"{head}Content-Length: {length}\r\n\r\n");
    }

    private static Task<Answer> PostAsync(HttpClient client, string path, string body, bool chunked) => LongBodies.AgainAsync(async () =>
    {
        using HttpRequestMessage request = Support.Http.Request(HttpMethod.Post, path, body);
        request.Headers.TransferEncodingChunked = chunked;
        return await client.SendForAnswerAsync(request);
    });
}
