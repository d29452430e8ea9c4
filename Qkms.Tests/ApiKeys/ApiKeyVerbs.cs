using Qkms.Core.Administration;

namespace Qkms.Tests.ApiKeys;

/// <summary>What administrators do with API keys, in one line each.</summary>
internal static class ApiKeyVerbs
{
    /// <summary>Makes an API key. Further members of the body are those of an anonymous object.</summary>
    public static Task<Answer> CreateApiKeyAsync(this HttpClient client, object? extra = null, string role = "user") =>
        client.UseAsync("/api-keys", new { label = "made", roles = Words(role) }, extra);

    public static Task<Answer> UpdateApiKeyAsync(this HttpClient client, string id, string patch) =>
        client.SendJsonAsync(HttpMethod.Patch, $"/api-keys/{id}", patch);

    public static Task<Answer> ActOnApiKeyAsync(this HttpClient client, string id, string action, string? body = null) =>
        client.PostJsonAsync($"/api-keys/{id}/actions/{action}", body);

    public static async Task<Answer> RotateApiKeyAsync(this HttpClient client, string id, int? graceSeconds = null)
    {
        string tenant = (await client.OwnApiKeyAsync()).Text("tenant_id");
        return await client.UseAsync(
            $"/tenants/{tenant}/api-keys/rotate",
            graceSeconds is { } seconds ? new { api_key_id = id, grace_seconds = seconds } : new { api_key_id = id });
    }

    /// <summary>The API key of a client, found by the part of its text that is not secret.</summary>
    public static async Task<Answer> OwnApiKeyAsync(this HttpClient client)
    {
        string lookupId = client.DefaultRequestHeaders.GetValues("x-api-key").Single().Split('_')[1];
        Answer list = (await client.GetJsonAsync("/api-keys")).ShouldBe(HttpStatusCode.OK);
        string id = list.Data["api_keys"]!.AsArray().Where(one => (string?)one!["lookup_id"] == lookupId)
            .Select(one => (string)one!["api_key_id"]!).Single();
        return await client.GetJsonAsync($"/api-keys/{id}");
    }

    /// <summary>What a request with an API key is answered.</summary>
    public static async Task<Answer> AskWithAsync(this QkmsApplication app, string apiKey, string path = "/kms/keys")
    {
        using HttpClient client = app.ClientFor(apiKey);
        return await client.GetJsonAsync(path);
    }

    /// <summary>The events of API keys of the first tenant, the oldest first: action, subject and reason.</summary>
    public static async Task<IReadOnlyList<(string Action, string Id, string? Reason)>> ApiKeyEventsAsync(this HttpClient client) =>
    [
        .. (await client.GetJsonAsync("/audit/events?order=asc&limit=1000")).Data["events"]!.AsArray()
            .Where(one => ((string)one!["action"]!).StartsWith("api_key.", StringComparison.Ordinal))
            .Select(one => ((string)one!["action"]!, (string)one["to"]!, (string?)one["reason"])),
    ];

    /// <summary>A list in the body of a request.</summary>
    public static string[] Words(params string[] words) => words;

    /// <summary>The longest label.</summary>
    public static string LongestLabel => string.Concat(Enumerable.Repeat("💥", ApiKeyAdministration.MaxLabelLength));
}
