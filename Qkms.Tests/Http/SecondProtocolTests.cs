using System.Net.Http.Headers;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Options;
using Qkms.Api.Algorithms;
using Qkms.Api.Envelopes;
using Qkms.Api.Hosting;
using Qkms.Api.Http;
using Qkms.Api.Keys;
using Qkms.Api.Signatures;
using Qkms.Core;
using Qkms.Core.ApiKeys;
using Qkms.Core.Devices;
using Qkms.Core.Installation;
using Qkms.Core.Journal;
using Qkms.Core.Lifecycle;
using Qkms.Core.Signatures;
using Qkms.Core.Tenants;
using Qkms.Core.Uses;
using Qkms.Storage;
using Qkms.Storage.Sqlite;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace Qkms.Tests.Http;

/// <summary>
/// A protocol is metadata of a route group. A second one, made up here, speaks for the signatures of a service that is put together
/// from the same parts as the real one; keys and algorithms keep the envelope. It authenticates, reads and writes in its own way, and
/// no file of Qkms knows of it.
/// </summary>
public sealed class SecondProtocolTests : IAsyncLifetime, IDisposable
{
    private const string Toy = "application/x-toy-1.0";

    private readonly TemporaryDirectory _directory = new();
    private WebApplication _app = null!;
    private HttpClient _client = null!;
    private string _apiKey = "";

    public async Task InitializeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Services.AddSingleton<IStartupFilter, KestrelHeaders>();
        builder.AddQkmsHttp(new HttpLimits(), AlgorithmJson.Default, KeyJson.Default, SignatureJson.Default);
        builder.AddQkmsEnvelope();
        builder.Services.AddSingleton<ShownVersions>();
        builder.Services.AddSingleton<ToyProtocol>();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(_ => new RateLimits(new PlanOptions(), new RateLimitOptions()));
        builder.Services.AddSingleton(_ => new FailedLogins(new RateLimitOptions()));
        builder.Services.AddQkmsCore(
            PqcEngines.Select(PqcEngines.BouncyCastle),
            new ApiKeyOptions(),
            new MaterialCacheOptions(),
            new SignatureOptions(),
            new DestructionOptions(),
            new RotationOptions(),
            new AuditOptions(),
            new DeviceOptions(),
            new PlanOptions());
        builder.Services.AddQkmsStorage(new SqliteStorageOptions { DataDirectory = _directory.Path });

        _app = builder.Build();
        _app.Services.GetRequiredService<Entrance>().Open();
        _app.UseQkmsHttp(trustedProxies: []);
        _app.UseRouting();
        _app.UseMiddleware<Authentication>();
        _app.UseMiddleware<RequestBodies>();
        RouteGroupBuilder envelope = _app.MapGroup("").Speaks(_app.Services.GetRequiredService<Protocol>()).RequirePermissions();
        envelope.MapKeys();
        envelope.MapAlgorithms();

        // It says itself what its routes need: the table is that of the envelope.
        _app.MapGroup("/toy")
            .Speaks(_app.Services.GetRequiredService<ToyProtocol>())
            .WithMetadata(new RequiredPermission(Permission.Sign))
            .MapSignatures();

        await _app.Services.GetRequiredService<IKmsStore>().OpenAsync(CancellationToken.None);
        await _app.Services.GetRequiredService<KeyringOpener>()
            .OpenAsync(new RootKeyLocator(new RootKeyEnvironment(), _directory.Path), CancellationToken.None);
        await _app.Services.GetRequiredService<InitialTenant>().EnsureAsync(
            key => _apiKey = Encoding.ASCII.GetString(key.Span), () => _apiKey = "", CancellationToken.None);
        await _app.StartAsync();
        _client = _app.GetTestClient();
    }

    public async Task DisposeAsync() => await _app.DisposeAsync();

    public void Dispose()
    {
        _client.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task A_feature_is_spoken_in_the_protocol_of_its_group()
    {
        await GenerateAsync();

        HttpResponseMessage signed = await ToyAsync("/toy/signature/sign", """{"message":"aGVsbG8="}""");
        signed.StatusCode.Should().Be(HttpStatusCode.OK);
        signed.Content.Headers.ContentType!.ToString().Should().Be(Toy);
        JsonNode result = JsonNode.Parse(await signed.Content.ReadAsStringAsync())!;
        result.AsObject().Select(member => member.Key).Should().Equal("Result");

        string signature = (string)result["Result"]!["signature"]!;
        HttpResponseMessage verified = await ToyAsync("/toy/signature/verify", $$"""{"message":"aGVsbG8=","signature":"{{signature}}"}""");
        ((bool)JsonNode.Parse(await verified.Content.ReadAsStringAsync())!["Result"]!["valid"]!).Should().BeTrue();
    }

    [Theory]
    [InlineData("""{"message":"aGVsbG8=","algorithm":"none"}""", "ERR_INVALID_001", "algorithm")]
    [InlineData("""{"message":17}""", "ERR_INVALID_001", "unreadable")]
    [InlineData("""{"message":""", "ERR_INVALID_001", "unreadable")]
    [InlineData("null", "ERR_INVALID_001", "unreadable")]
    [InlineData("""{"message":"aGVsbG8="}""", "ERR_KMS_003", "no active key")]
    public async Task Refusals_of_every_stage_are_written_in_the_protocol_of_the_route(string body, string code, string says)
    {
        HttpResponseMessage refused = await ToyAsync("/toy/signature/sign", body);

        await ShouldBeToyRefusalAsync(refused, code, says);
    }

    [Fact]
    public async Task Each_protocol_takes_its_own_proof_and_its_own_bodies_only()
    {
        await GenerateAsync();
        const string Body = """{"message":"aGVsbG8="}""";

        await ShouldBeToyRefusalAsync(await SendAsync("/toy/signature/sign", Body, Toy, ("x-api-key", _apiKey)), "ERR_AUTH_001", "API key");
        await ShouldBeToyRefusalAsync(
            await SendAsync("/toy/signature/sign", Body, Toy, ("x-toy-key", "nonsense")), "ERR_AUTH_001", "API key");
        (await SendAsync("/kms/keys/generate", "{}", "application/json", ("x-toy-key", _apiKey))).StatusCode
            .Should().Be(HttpStatusCode.Unauthorized);
        await ShouldBeToyRefusalAsync(
            await SendAsync("/toy/signature/sign", Body, "application/json", ("x-toy-key", _apiKey)),
            HttpErrors.UnsupportedMediaType.Code,
            "");
        (await SendAsync("/kms/keys/generate", "{}", Toy, ("x-api-key", _apiKey))).StatusCode
            .Should().Be(HttpStatusCode.UnsupportedMediaType);
    }

    [Fact]
    public async Task Where_no_route_matched_the_envelope_is_spoken()
    {
        HttpResponseMessage refused = await SendAsync("/toy/nothing", "{}", Toy, ("x-api-key", _apiKey));

        refused.StatusCode.Should().Be(HttpStatusCode.NotFound);
        ((string?)JsonNode.Parse(await refused.Content.ReadAsStringAsync())!["error"]!["error_code"]).Should().Be(KmsErrors.NotFound.Code);
    }

    private static async Task ShouldBeToyRefusalAsync(HttpResponseMessage response, string code, string says)
    {
        string body = await response.Content.ReadAsStringAsync();
        response.StatusCode.Should().Be(HttpStatusCode.BadRequest, body);
        response.Content.Headers.ContentType!.ToString().Should().Be(Toy);
        JsonNode refusal = JsonNode.Parse(body)!;
        refusal.AsObject().Select(member => member.Key).Should().Equal("__type", "message");
        ((string?)refusal["__type"]).Should().Be(code);
        ((string?)refusal["message"] ?? "").Contains(says, StringComparison.Ordinal).Should().BeTrue(body);
    }

    private async Task GenerateAsync() =>
        (await SendAsync("/kms/keys/generate", """{"algorithm":"ML-DSA-65"}""", "application/json", ("x-api-key", _apiKey)))
            .StatusCode.Should().Be(HttpStatusCode.Created);

    private Task<HttpResponseMessage> ToyAsync(string path, string body) => SendAsync(path, body, Toy, ("x-toy-key", _apiKey));

    private Task<HttpResponseMessage> SendAsync(string path, string body, string mediaType, (string Name, string Value) proof)
    {
        HttpRequestMessage request = new(HttpMethod.Post, path) { Content = new StringContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(mediaType);
        request.Headers.Add(proof.Name, proof.Value);
        return _client.SendAsync(request);
    }

    /// <summary>
    /// An API key in another header, a media type of its own, results under another name, and status 400 for every refusal.
    /// </summary>
    private sealed class ToyProtocol(ApiKeyProver prover, ApiKeyAuthenticator authenticator, IOptions<JsonOptions> options) : Protocol
    {
        public override string MediaType => Toy;

        public override string WantedProof => "A toy API key is required.";

        public override async ValueTask<Caller?> AuthenticateAsync(HttpContext context) =>
            context.Request.Headers["x-toy-key"] is [string presented]
            && prover.Prove(Encoding.ASCII.GetBytes(presented)) is { } proof
            && await authenticator.AuthenticateAsync(proof, context.RequestAborted) is { } apiKey
                ? new Caller(apiKey.TenantId, apiKey.CredentialId, apiKey.Access, RequestIdentity.Of(context))
                : null;

        public override void PrepareBody(HttpRequest request) =>
            request.ContentType = request.ContentType == Toy ? "application/json" : throw HttpErrors.UnsupportedMediaType.Refusal();

        public override KmsException Explain(HttpContext context, BadHttpRequestException exception) =>
            KmsErrors.Invalid.With("The body is unreadable.");

        public override Task WriteResultAsync<T>(HttpContext context, int status, T data)
        {
            JsonTypeInfo<T> type = (JsonTypeInfo<T>)options.Value.SerializerOptions.GetTypeInfo(typeof(T));
            return WriteAsync(context, status, new JsonObject { ["Result"] = JsonSerializer.SerializeToNode(data, type) });
        }

        public override Task WriteRefusalAsync(HttpContext context, KmsException refusal) =>
            WriteAsync(
                context,
                StatusCodes.Status400BadRequest,
                new JsonObject { ["__type"] = refusal.Error.Code, ["message"] = refusal.Message });

        private static Task WriteAsync(HttpContext context, int status, JsonObject body)
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = Toy;
            return context.Response.WriteAsync(body.ToJsonString());
        }
    }
}
