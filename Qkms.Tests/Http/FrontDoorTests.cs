namespace Qkms.Tests.Http;

/// <summary>What somebody meets who opens the address of the service in a browser.</summary>
public sealed class FrontDoorTests : SharedServiceTests
{
    /// <summary>F-83: the root was a refusal in JSON; it goes to the description of the API.</summary>
    [Theory]
    [InlineData("/", "/swagger/index.html")]
    [InlineData("", "/swagger/index.html")]
    [InlineData("/api/v1", "/api/v1/swagger/index.html")]
    [InlineData("/api/v1/", "/api/v1/swagger/index.html")]
    public async Task The_root_goes_to_the_description_of_the_api(string path, string page)
    {
        using HttpClient client = App.ClientFor(null);

        Answer answer = await client.GetJsonAsync(path);

        answer.ShouldBe(HttpStatusCode.Found);
        answer.Headers["Location"].Should().Be(page);
        answer.Body.Should().StartWith("Qkms, a key management service.").And.Contain(page).And.Contain("x-api-key");
        (await client.GetJsonAsync(page)).ShouldBe(HttpStatusCode.OK);
        (await client.SendJsonAsync(HttpMethod.Head, path, null)).ShouldBe(HttpStatusCode.Found);
    }

    /// <summary>F-83: the icon that a browser asks for by itself was refused for want of an API key.</summary>
    [Theory]
    [InlineData("/favicon.ico")]
    [InlineData("/api/v1/favicon.ico")]
    public async Task A_browser_that_asks_for_an_icon_is_not_asked_for_an_api_key(string path)
    {
        using HttpClient client = App.ClientFor(null);

        (await client.GetJsonAsync(path)).ShouldBe(HttpStatusCode.NoContent);
        (await client.SendJsonAsync(HttpMethod.Head, path, null)).ShouldBe(HttpStatusCode.NoContent);
    }

    /// <summary>F-83: only these two are open. Another verb is refused as such, another path asks for an API key as before.</summary>
    [Fact]
    public async Task Nothing_else_is_open()
    {
        using HttpClient client = App.ClientFor(null);

        Answer answer = await client.PostJsonAsync("/", "{}");

        answer.ShouldBeRefused(HttpStatusCode.MethodNotAllowed, "ERR_INVALID_004");
        answer.Headers["Allow"].Should().Be("GET, HEAD");
        foreach (string path in new[] { "/index.html", "/favicon.ico/x", "/kms", "/api", "/api/v1/kms/keys" })
            (await client.GetJsonAsync(path)).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
    }
}
