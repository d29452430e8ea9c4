namespace Qkms.Tests.Tenants;

/// <summary>What operators do with tenants, in one line each.</summary>
internal static class TenantVerbs
{
    /// <summary>Makes a tenant.</summary>
    public static Task<Answer> CreateTenantAsync(this HttpClient client, string name, string plan = "enterprise") =>
        client.UseAsync("/tenants", new { name, plan });

    /// <summary>Changes a tenant.</summary>
    public static Task<Answer> UpdateTenantAsync(this HttpClient client, string id, string patch) =>
        client.SendJsonAsync(HttpMethod.Patch, $"/tenants/{id}", patch);

    /// <summary>Suspends or resumes a tenant.</summary>
    public static Task<Answer> ActOnTenantAsync(this HttpClient client, string id, string action, string? body = null) =>
        client.PostJsonAsync($"/tenants/{id}/actions/{action}", body);

    /// <summary>The first API key of a tenant that was just made.</summary>
    public static string InitialApiKey(this Answer made) => (string)made.Data["initial_api_key"]!["api_key"]!;

    /// <summary>A refusal that names one member of the request.</summary>
    public static void ShouldName(this Answer refused, string field) =>
        ((string?)refused.Json["error"]!["details"]![0]!["field"]).Should().Be(field);

    /// <summary>The events of a life cycle that are about tenants, the oldest first: action, subject and reason.</summary>
    public static async Task<IReadOnlyList<(string Action, string Id, string? Reason)>> TenantEventsAsync(this HttpClient client) =>
    [
        .. (await client.GetJsonAsync("/audit/events?order=asc&limit=1000")).Data["events"]!.AsArray()
            .Where(one => ((string)one!["action"]!).StartsWith("tenant.", StringComparison.Ordinal))
            .Select(one => ((string)one!["action"]!, (string)one["to"]!, (string?)one["reason"])),
    ];
}
