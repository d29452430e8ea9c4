using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.Swagger;

namespace Qkms.Tests.Http;

/// <summary>F-01: everybody may ask for the description of the API; it is made once.</summary>
public sealed class OpenApiServingTests : ServiceTests
{
    private static readonly string[] _paths =
    [
        "/swagger/v1/swagger.json", "/swagger/v1/swagger.yaml", "/api/v1/swagger/v1/swagger.json", "/api/v1/swagger/v1/swagger.yaml",
        "/Swagger/V1/Swagger.json",
    ];

    private int _made;

    [Fact]
    public async Task However_many_ask_the_document_is_made_once()
    {
        using HttpClient client = App.ClientFor(null);

        HttpResponseMessage[] answers = await Task.WhenAll(
            Enumerable.Range(0, 40).SelectMany(_ => _paths).Select(path => client.GetAsync(new Uri(path, UriKind.Relative))));

        answers.Should().OnlyContain(answer => answer.StatusCode == HttpStatusCode.OK);
        Volatile.Read(ref _made).Should().Be(1);
        foreach (HttpResponseMessage answer in answers)
            answer.Dispose();
    }

    [Fact]
    public async Task Who_has_it_is_told_so()
    {
        using HttpClient client = App.ClientFor(null);
        foreach (string path in _paths)
        {
            using HttpResponseMessage first = await client.GetAsync(new Uri(path, UriKind.Relative));
            string tag = first.Headers.ETag!.Tag;
            first.Headers.CacheControl!.ToString().Should().Be("no-cache");
            first.Content.Headers.ContentLength.Should().BeGreaterThan(10_000);

            foreach (string known in new[] { tag, $"W/{tag}", $"\"x\", {tag}", "*" })
                (await AskAsync(client, path, known)).Should().Be((HttpStatusCode.NotModified, tag, 0), known);

            foreach (string other in new[] { "\"x\"", "x", tag.Trim('"') })
                (await AskAsync(client, path, other)).Status.Should().Be(HttpStatusCode.OK, other);
        }
    }

    [Theory]
    [InlineData("json", "application/json")]
    [InlineData("yaml", "text/yaml")]
    public async Task Both_forms_say_what_they_are(string form, string mediaType)
    {
        using HttpClient client = App.ClientFor(null);
        using HttpResponseMessage answer = await client.GetAsync(new Uri($"/swagger/v1/swagger.{form}", UriKind.Relative));

        answer.Content.Headers.ContentType!.ToString().Should().Be($"{mediaType}; charset=utf-8");
        answer.Headers.GetValues("X-Content-Type-Options").Should().Equal("nosniff");
        (await client.GetAsync(new Uri("/swagger/v2/swagger.json", UriKind.Relative))).StatusCode.Should().NotBe(HttpStatusCode.OK);
    }

    private protected override QkmsApplication NewApplication() => new()
    {
        FurtherServices = services =>
        {
            ServiceDescriptor real = services.Last(service => service.ServiceType == typeof(ISwaggerProvider));
            services.AddTransient<ISwaggerProvider>(provider => new CountingProvider(
                (ISwaggerProvider)(real.ImplementationFactory?.Invoke(provider)
                    ?? ActivatorUtilities.CreateInstance(provider, real.ImplementationType!)),
                () => Interlocked.Increment(ref _made)));
        },
    };

    private static async Task<(HttpStatusCode Status, string? Tag, int Length)> AskAsync(HttpClient client, string path, string known)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("If-None-Match", known).Should().BeTrue();
        using HttpResponseMessage answer = await client.SendAsync(request);
        return (answer.StatusCode, answer.Headers.ETag?.Tag, (await answer.Content.ReadAsByteArrayAsync()).Length);
    }

    private sealed class CountingProvider(ISwaggerProvider inner, Action count) : ISwaggerProvider
    {
        public OpenApiDocument GetSwagger(string documentName, string? host = null, string? basePath = null)
        {
            count();
            return inner.GetSwagger(documentName, host, basePath);
        }
    }
}
