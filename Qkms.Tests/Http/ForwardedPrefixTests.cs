namespace Qkms.Tests.Http;

/// <summary>F-48: behind a proxy that serves Qkms below a path, what Qkms answers leads back through the proxy.</summary>
public sealed class ForwardedPrefixTests
{
    private const string Generate = """{"algorithm":"AES-256","name":"orders"}""";

    [Theory]
    [InlineData("127.0.0.1", "/kms/keys/generate", "/apps/qkms", "/apps/qkms/kms/keys/")]
    [InlineData("10.0.0.0/8;127.0.0.0/8", "/api/v1/kms/keys/generate", "/qkms", "/qkms/api/v1/kms/keys/")]
    [InlineData("127.0.0.1", "/kms/keys/generate", null, "/kms/keys/")]
    [InlineData(null, "/kms/keys/generate", "/qkms", "/kms/keys/")] // nobody is trusted unless he is named
    [InlineData("10.0.0.7", "/kms/keys/generate", "/qkms", "/kms/keys/")]
    [InlineData("::1", "/kms/keys/generate", "/qkms", "/kms/keys/")]
    [InlineData("127.0.0.1", "/kms/keys/generate", "//elsewhere.example", "/kms/keys/")] // would name another host
    [InlineData("127.0.0.1", "/kms/keys/generate", "/qkms/", "/kms/keys/")]
    [InlineData("127.0.0.1", "/kms/keys/generate", "qkms", "/kms/keys/")]
    [InlineData("127.0.0.1", "/kms/keys/generate", "/qkms?x", "/kms/keys/")]
    [InlineData("127.0.0.1", "/kms/keys/generate", "/q%2Fms", "/kms/keys/")]
    public async Task F48_location_has_the_prefix_of_a_trusted_proxy(string? trusted, string path, string? prefix, string begin)
    {
        await using QkmsApplication app = new();
        if (trusted is not null)
            app.Settings["Qkms:Http:TrustedProxies"] = trusted;

        using HttpClient client = app.StartOnKestrel();
        using HttpRequestMessage request = new(HttpMethod.Post, path);
        request.Content = new StringContent(Generate, Encoding.UTF8, "application/json");
        if (prefix is not null)
            request.Headers.TryAddWithoutValidation("X-Forwarded-Prefix", prefix).Should().BeTrue();

        using HttpResponseMessage response = await client.SendAsync(request);
        response.StatusCode.Should().Be(HttpStatusCode.Created);
        response.Headers.Location!.OriginalString.Should().StartWith(begin);
    }

    [Theory]
    [InlineData("/swagger/v1/swagger.json")]
    [InlineData("/api/v1/swagger/v1/swagger.json")]
    public async Task F48_document_leads_to_where_it_was_read(string path)
    {
        await using QkmsApplication app = new();
        using HttpClient client = app.ClientFor(null);
        JsonNode document = JsonNode.Parse(await client.GetStringAsync(new Uri(path, UriKind.Relative)))!;
        string server = (string)document["servers"]!.AsArray().Should().ContainSingle().Subject!["url"]!;

        // As the page and generated clients do it: RFC 3986, 5.2.
        Uri read = new($"https://proxy.example/qkms{path}");
        new Uri(read, server).AbsolutePath.Should().Be($"/qkms{path[..^"swagger/v1/swagger.json".Length]}");
    }
}
