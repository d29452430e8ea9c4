using System.Net.Http.Headers;

namespace Qkms.Tests.Http;

/// <summary>Bodies that are wrong give the envelope, name the field, and change nothing.</summary>
public sealed class BadBodyTests : SharedServiceTests
{
    [Theory]
    [InlineData("", "(body)")]
    [InlineData(" ", "(body)")]
    [InlineData("null", "(body)")]
    [InlineData("[]", "(body)")]
    [InlineData("5", "(body)")]
    [InlineData("\"ML-KEM-768\"", "(body)")]
    [InlineData("{", "(body)")]
    [InlineData("{\"algorithm\":\"ML-KEM-768\"", "(body)")]
    [InlineData("{\"algorithm\":\"ML-KEM-768\"} x", "(body)")]
    [InlineData("{'algorithm':'ML-KEM-768'}", "(body)")]
    [InlineData("{\"algorithm\":\"ML-KEM-768\",}", "(body)")]
    [InlineData("{}", "algorithm")]
    [InlineData("{\"algorithm\":null}", "algorithm")]
    [InlineData("{\"algorithm\":5}", "algorithm")]
    [InlineData("{\"algorithm\":[\"ML-KEM-768\"]}", "algorithm")]
    [InlineData("{\"algorithm\":{}}", "algorithm")]
    [InlineData("{\"algorithm\":\"\"}", "algorithm")]
    [InlineData("{\"algorithm\":\"\\ud800\"}", "algorithm")]
    [InlineData("{\"Algorithm\":\"ML-KEM-768\"}", "Algorithm")]
    [InlineData("{\"algorithm\":\"ML-KEM-768\",\"tenant_id\":\"x\"}", "tenant_id")]
    [InlineData("{\"algorithm\":\"ML-KEM-768\",\"algorithm\":\"ML-KEM-512\"}", "algorithm")]
    public async Task A_generate_with_a_wrong_body_is_refused_by_field(string body, string field)
    {
        Answer answer = await Client.PostJsonAsync("/kms/keys/generate", body);

        answer.ShouldBlame(field);
        answer.Body.Should().NotContain("System.").And.NotContain("LineNumber").And.NotContain("   at ");
        ((int)(await Client.GetJsonAsync("/kms/keys")).Data["total"]!).Should().Be(0);
    }

    [Theory]
    [InlineData("/kms/keys/generate")]
    [InlineData("/kms/keys/rotate")]
    [InlineData("/kms/keys/retire")]
    [InlineData("/kms/keys/some-kid/actions/revoke")]
    public async Task Bytes_that_are_not_utf8_are_refused(string path)
    {
        byte[] body = [.. "{\"algorithm\":\""u8, 0xC3, 0x28, 0xFF, .. "\"}"u8];

        (await SendAsync(Client, path, body, "application/json")).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001");
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/json; charset=nonsense")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData(null)]
    public async Task Another_media_type_is_refused_with_a_hint(string? mediaType)
    {
        Answer answer = await SendAsync(Client, "/kms/keys/generate", "{\"algorithm\":\"ML-KEM-768\"}"u8.ToArray(), mediaType);

        answer.ShouldBeRefused(HttpStatusCode.UnsupportedMediaType, "ERR_INVALID_003");
        answer.Message.Should().Contain("JSON");
    }

    // What curl sends unless it is told otherwise.
    [Fact]
    public async Task A_form_is_refused_with_a_hint_for_curl()
    {
        Answer answer = await SendAsync(Client, "/kms/keys/generate", "{}"u8.ToArray(), "application/x-www-form-urlencoded");

        answer.Message.Should().Contain("--json");
    }

    [Theory]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/json; charset=\"UTF-8\"")]
    [InlineData("application/merge-patch+json")]
    public async Task Utf_8_may_be_said(string mediaType)
    {
        (await SendAsync(Client, "/kms/keys/generate", "{\"algorithm\":\"ML-KEM-512\"}"u8.ToArray(), mediaType))
            .ShouldBe(HttpStatusCode.Created);
    }

    // TestServer knows no size limit, so this one talks to Kestrel.
    [Fact]
    public async Task A_body_over_2_mb_is_refused_and_the_next_request_works()
    {
        await using QkmsApplication app = new();
        using HttpClient client = app.StartOnKestrel();
        byte[] body = Encoding.ASCII.GetBytes($"{{\"algorithm\":\"{new string('a', 2 * 1024 * 1024)}\"}}");

        (await LongBodies.AgainAsync(() => SendAsync(client, "/kms/keys/generate", body, "application/json")))
            .ShouldBeRefused(HttpStatusCode.RequestEntityTooLarge, "ERR_INVALID_002");
        (await client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(0);
    }

    [Theory]
    [InlineData("/kms/keys/")]
    [InlineData("/kms/keys/active?algorithm=")]
    [InlineData("/kms/keys?cursor=")]
    [InlineData("/kms/")]
    public async Task Ten_thousand_characters_in_the_target_get_our_answer(string path)
    {
        await using QkmsApplication app = new();
        using HttpClient client = app.StartOnKestrel();

        Answer answer = await client.GetJsonAsync(path + new string('a', 10_000));

        answer.Status.Should().BeOneOf(HttpStatusCode.NotFound, HttpStatusCode.BadRequest);
        answer.ErrorCode.Should().NotBeNull();
        answer.Body.Length.Should().BeLessThan(2_000, "input is not echoed");
    }

    [Fact]
    public async Task A_revocation_takes_no_body_null_and_an_object_and_nothing_else()
    {
        string kid = (await Client.GenerateAsync()).Text("kid");

        (await Client.RevokeAsync(kid, "[]")).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001");
        (await Client.RevokeAsync(kid, "{\"why\":\"x\"}")).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001");
        (await Client.RevokeAsync(kid, "{\"reason\":5}")).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001");
        (await Client.RevokeAsync(kid, "{\"reason\":\"\\ud800\"}")).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001");
        (await Client.ActiveAsync()).Text("status").Should().Be("active");
        foreach (string? body in new[] { null, "null", "{}", "{\"reason\":null}" })
            (await Client.RevokeAsync(kid, body)).ShouldBe(HttpStatusCode.NoContent);
    }

    private static async Task<Answer> SendAsync(HttpClient client, string path, byte[] body, string? mediaType)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = mediaType is null ? null : MediaTypeHeaderValue.Parse(mediaType);
        return await client.SendForAnswerAsync(request);
    }
}
