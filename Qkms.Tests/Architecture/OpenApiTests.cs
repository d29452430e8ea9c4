
namespace Qkms.Tests.Architecture;

public sealed class OpenApiTests : ServiceTests
{
    private const string Rewrite = "QKMS_WRITE_OPENAPI";

    private static readonly string[] _verbs = ["get", "post", "put", "patch", "delete"];

    // QKMS_WRITE_OPENAPI=1 dotnet test --filter OpenApiTests writes the file anew.
    [Fact]
    public async Task The_file_at_the_root_is_what_is_served()
    {
        using HttpClient client = App.ClientFor(null);
        string served = await client.GetStringAsync(new Uri("/swagger/v1/swagger.yaml", UriKind.Relative));
        string path = Path.Combine(Repository.Root, "openapi.yaml");
        if (Environment.GetEnvironmentVariable(Rewrite) is not null)
            await File.WriteAllTextAsync(path, served);

        (await File.ReadAllTextAsync(path)).Should().Be(served, $"set {Rewrite}=1 once to write it anew");
    }

    [Fact]
    public async Task Every_route_is_described_with_summary_refusals_and_examples()
    {
        JsonNode document = await DocumentAsync(App);
        int operations = 0;

        foreach ((string path, JsonNode? item) in document["paths"]!.AsObject())
        {
            foreach (string verb in _verbs.Where(v => item![v] is not null))
            {
                operations++;
                JsonNode operation = item![verb]!;
                string name = $"{verb} {path}";
                ((string?)operation["summary"]).Should().EndWith(".", name);
                ((string?)operation["operationId"]).Should().NotBeNullOrEmpty(name);
                operation["tags"]!.AsArray().Should().HaveCount(1, name);
                operation["responses"]!.AsObject().Select(r => r.Key).Should().Contain(["400", "500"], name);
                bool open = path.StartsWith("/health", StringComparison.Ordinal);
                operation["responses"]!.AsObject().ContainsKey("401").Should().Be(!open, name);
                (operation["security"]?.AsArray().Count > 0).Should().Be(!open, name);
                if (operation["requestBody"] is { } body)
                    body["content"]!.AsObject().First().Value!["example"].Should().NotBeNull(name);

                foreach ((string status, JsonNode? response) in operation["responses"]!.AsObject().Where(r => r.Key[0] is '4' or '5'))
                    ((string?)Resolve(document, response!)["description"]).Should().Contain("`ERR_", $"{name} {status}");
            }
        }

        int routes = App.RoutesOfApi().Count();
        operations.Should().Be(routes);
    }

    [Fact]
    public async Task The_server_and_the_api_key_are_described()
    {
        JsonNode document = await DocumentAsync(App);

        document["servers"]!.AsArray().Select(s => (string)s!["url"]!).Should().Equal("../..");
        JsonNode scheme = document["components"]!["securitySchemes"]!["ApiKey"]!;
        $"{scheme["type"]} {scheme["in"]} {scheme["name"]}".Should().Be("apiKey header x-api-key");
    }

    [Fact]
    public async Task The_page_has_a_strict_policy_and_loads_nothing_from_elsewhere()
    {
        using HttpClient client = App.ClientFor(null);

        Answer page = await client.GetJsonAsync("/swagger/index.html");

        page.Headers["Content-Security-Policy"].Should().StartWith("default-src 'none'").And.NotContain("http");
        page.Body.Should().NotContain("//cdn").And.NotContain("https://");
    }

    // Refusals are shared by operations.
    private static JsonNode Resolve(JsonNode document, JsonNode response) => (string?)response["$ref"] is { } reference
        ? document["components"]!["responses"]![reference["#/components/responses/".Length..]]!
        : response;

    private static async Task<JsonNode> DocumentAsync(QkmsApplication app)
    {
        using HttpClient client = app.ClientFor(null);
        return (await client.GetJsonAsync("/swagger/v1/swagger.json")).Json;
    }
}
