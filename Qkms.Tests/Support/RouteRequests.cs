using Microsoft.AspNetCore.Routing;
using Qkms.Api.Aws;

namespace Qkms.Tests.Support;

/// <summary>Well-formed requests to every route, for tests that walk all of them.</summary>
internal static class RouteRequests
{
    private const string Bytes = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    private static readonly string _mu = Convert.ToBase64String(new byte[64]);

    /// <summary>The routes of the API that openapi.yaml describes; other protocols have theirs beside it.</summary>
    public static IEnumerable<RouteEndpoint> RoutesOfApi(this QkmsApplication app) => app.Services.GetRequiredService<EndpointDataSource>()
        .Endpoints.OfType<RouteEndpoint>().Where(route => route.Metadata.GetMetadata<AwsTarget>() is null);

    /// <summary>The verb of a route.</summary>
    public static HttpMethod VerbOf(RouteEndpoint route) => new(route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Single());

    /// <summary>The path of a route, with a kid where one stands, and as the id of a device.</summary>
    public static string PathOf(RouteEndpoint route, string kid) =>
        route.RoutePattern.RawText!.Replace("{key}", kid, StringComparison.Ordinal).Replace("{kid}", kid, StringComparison.Ordinal)
            .Replace("{id}", kid, StringComparison.Ordinal).Replace("{device_id}", kid, StringComparison.Ordinal)
            .Replace("{tenant_id}", kid, StringComparison.Ordinal).Replace("{api_key_id}", kid, StringComparison.Ordinal);

    /// <summary>Whether a route uses a key that its body names.</summary>
    public static bool UsesKey(RouteEndpoint route) => MembersOf(route.RoutePattern.RawText!) is not null;

    /// <summary>A body that the route takes, or null when it takes none.</summary>
    /// <param name="route">The route.</param>
    /// <param name="key">The members that say which key: <c>"algorithm":"…","key_version":1</c>.</param>
    public static string? BodyOf(RouteEndpoint route, string key)
    {
        string path = route.RoutePattern.RawText!;
        if (VerbOf(route) == HttpMethod.Get)
            return null;

        if (path.EndsWith("/api-keys/rotate", StringComparison.Ordinal))
            return """{"api_key_id":"01999999-9999-7999-8999-999999999999"}""";

        if (path == "/tenants")
            return """{"name":"made by a test","plan":"free"}""";

        if (path == "/devices/{device_id}/decrypt")
            return $$"""{"kid":"0198f5c2-7d1e-7c3a-9b54-2f0c6a1e8d37","ciphertext":"{{Bytes}}"}""";

        bool hasBodyOfItsOwn = path.Contains("/actions/", StringComparison.Ordinal)
            || path.EndsWith("/rotations", StringComparison.Ordinal)
            || path.StartsWith("/devices/", StringComparison.Ordinal);
        return hasBodyOfItsOwn || VerbOf(route) == HttpMethod.Delete || VerbOf(route) == HttpMethod.Patch
            ? "{}"
            : $"{{{MembersOf(path)}{key}}}";
    }

    private static string? MembersOf(string path) => path switch
    {
        "/crypto/encrypt" or "/kem/encrypt" => $"\"plaintext\":\"{Bytes}\",",
        "/crypto/decrypt" or "/crypto/re-encrypt" or "/kem/decrypt" or "/data-keys/decrypt" => $"\"ciphertext\":\"{Bytes}\",",
        "/kem/encapsulate" or "/data-keys/generate" => "",
        "/kem/decapsulate" => $"\"kem_ciphertext\":\"{Bytes}\",",
        "/kem/key/wrap" => $"\"symmetric_key\":\"{Bytes}\",",
        "/kem/key/unwrap" => $"\"wrapped_key\":\"{Bytes}\",",
        "/signature/sign" => $"\"message\":\"{Bytes}\",",
        "/signature/verify" => $"\"message\":\"{Bytes}\",\"signature\":\"{Bytes}\",",
        "/signature/sign-hash" => $"\"hash\":\"{Bytes}\",\"hash_algorithm\":\"SHA-256\",",
        "/signature/verify-hash" => $"\"hash\":\"{Bytes}\",\"hash_algorithm\":\"SHA-256\",\"signature\":\"{Bytes}\",",
        "/signature/sign-mu" => $"\"mu\":\"{_mu}\",",
        "/signature/verify-mu" => $"\"mu\":\"{_mu}\",\"signature\":\"{Bytes}\",",
        "/mac/generate" => $"\"message\":\"{Bytes}\",",
        "/mac/verify" => $"\"message\":\"{Bytes}\",\"mac\":\"{Bytes}\",",
        _ => null,
    };
}
