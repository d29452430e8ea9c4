using System.Net;

namespace Qkms.Tests.Support;

/// <summary>What tenants do with keys, in one line each.</summary>
internal static class KeyVerbs
{
    public const string Kem = "ML-KEM-768";

    public static async Task<Answer> GenerateAsync(this HttpClient client, string algorithm = Kem, string extra = "") =>
        (await client.PostJsonAsync("/kms/keys/generate", $$"""{"algorithm":"{{algorithm}}"{{extra}}}""")).ShouldBe(HttpStatusCode.Created);

    public static async Task<Answer> RotateAsync(this HttpClient client, string algorithm = Kem, string extra = "") =>
        (await client.PostJsonAsync("/kms/keys/rotate", $$"""{"algorithm":"{{algorithm}}"{{extra}}}""")).ShouldBe(HttpStatusCode.Created);

    public static Task<Answer> RetireAsync(this HttpClient client, int version, string algorithm = Kem, string extra = "") =>
        client.PostJsonAsync("/kms/keys/retire", $$"""{"algorithm":"{{algorithm}}","key_version":{{version}}{{extra}}}""");

    public static Task<Answer> RevokeAsync(this HttpClient client, string kid, string? body = null) =>
        client.PostJsonAsync($"/kms/keys/{kid}/actions/revoke", body);

    public static Task<Answer> ActiveAsync(this HttpClient client, string algorithm = Kem) =>
        client.GetJsonAsync($"/kms/keys/active?algorithm={algorithm}");
}
