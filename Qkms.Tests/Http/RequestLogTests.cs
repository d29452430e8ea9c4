using Microsoft.Extensions.Logging.Testing;
using Qkms.Api.Logging;

namespace Qkms.Tests.Http;

/// <summary>F-89: the line of a request says what was refused, of which key, and names routes as openapi.yaml does.</summary>
public sealed class RequestLogTests : ServiceTests
{
    [Fact]
    public async Task A_refusal_has_its_code_and_the_key_that_it_is_about()
    {
        string kid = (await Client.GenerateAsync("ML-DSA-65")).Text("kid");
        await Client.RotateAsync("ML-DSA-65");

        (await Client.PostJsonAsync("/signature/sign", $$"""{"kid":"{{kid}}","message":"AAAA"}"""))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_008");

        Facts(Newest()).Should().Be(("/signature/sign", "409", "ERR_KMS_008", kid, "ML-DSA-65", "sig"));
    }

    [Fact]
    public async Task A_use_and_every_change_name_the_version()
    {
        string kid = (await Client.GenerateAsync("AES-256")).Text("kid");
        Facts(Newest()).Should().Be(("/kms/keys/generate", "201", null, kid, "AES-256", "enc"));

        (await Client.UseAsync("/crypto/encrypt", new { plaintext = "AAAA", algorithm = "AES-256" })).ShouldBe(HttpStatusCode.OK);
        Facts(Newest()).Should().Be(("/crypto/encrypt", "200", null, kid, "AES-256", "enc"));

        string next = (await Client.RotateAsync("AES-256")).Text("kid");
        Facts(Newest()).Should().Be(("/kms/keys/rotate", "201", null, next, "AES-256", "enc"));

        (await Client.PostJsonAsync($"/kms/keys/{kid}/actions/revoke", null)).ShouldBe(HttpStatusCode.NoContent);
        Facts(Newest()).Should().Be(("/kms/keys/{kid}/actions/revoke", "204", null, kid, "AES-256", "enc"));

        (await Client.GetJsonAsync($"/kms/keys/{next}")).ShouldBe(HttpStatusCode.OK);
        Facts(Newest()).Should().Be(("/kms/keys/{key}", "200", null, next, "AES-256", "enc"));
    }

    // What the caller only says is not repeated; what the service knows of it is.
    [Fact]
    public async Task What_was_not_found_has_no_kid()
    {
        (await Client.PostJsonAsync("/crypto/encrypt", """{"kid":"made-up","plaintext":"AAAA"}"""))
            .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        Facts(Newest()).Should().Be(("/crypto/encrypt", "404", "ERR_KMS_003", null, null, null));

        (await Client.PostJsonAsync("/crypto/encrypt", """{"algorithm":"AES-256","plaintext":"AAAA"}"""))
            .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        Facts(Newest()).Should().Be(("/crypto/encrypt", "404", "ERR_KMS_003", null, "AES-256", null));
        App.Log.Text.Should().NotContain("made-up");
    }

    [Fact]
    public async Task What_is_no_route_is_called_so()
    {
        await Client.GetJsonAsync("/nowhere");
        Facts(Newest()).Route.Should().Be("(no such route)");
        await Client.SendJsonAsync(HttpMethod.Delete, "/kms/supported-algorithms", null);
        Facts(Newest()).Route.Should().Be("(verb not allowed)");
        await Client.GetJsonAsync("/kms/keys");
        Facts(Newest()).Route.Should().Be("/kms/keys");
    }

    [Fact]
    public void Every_template_is_a_path_of_the_description()
    {
        _ = App.Server;
        string[] templates =
        [
            .. App.RoutesOfApi()
                .Select(route => route.RoutePattern.RawText!).Distinct(),
        ];
        string[] described =
        [
            .. File.ReadLines(Path.Combine(Repository.Root, "openapi.yaml"))
                .Select(line => line.TrimEnd(':').Replace("'", "", StringComparison.Ordinal))
                .Where(line => line.StartsWith("  /", StringComparison.Ordinal)).Select(line => line.Trim()),
        ];

        described.Should().NotBeEmpty();
        templates.Should().Contain("/kms/keys").And.BeSubsetOf([.. described, "/", "/favicon.ico"]);
    }

    private FakeLogRecord Newest() => App.Log.GetSnapshot().Last(record => record.Id.Id == ApiEvents.RequestAnswered);

    private static (string? Route, string? Status, string? ErrorCode, string? Kid, string? Algorithm, string? Use) Facts(
        FakeLogRecord line) =>
    (
        line.GetStructuredStateValue("Route"), line.GetStructuredStateValue("Status"), line.GetStructuredStateValue("ErrorCode"),
        line.GetStructuredStateValue("Kid"), line.GetStructuredStateValue("Algorithm"), line.GetStructuredStateValue("Use"));
}
