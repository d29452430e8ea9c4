using Qkms.Core.Lifecycle;

namespace Qkms.Tests.Support;

/// <summary>What tenants do with keys, in one line each.</summary>
internal static class KeyVerbs
{
    public const string Kem = "ML-KEM-768";

    /// <summary>Makes a key. Further members of the body, here and in what follows, are those of an anonymous object.</summary>
    public static async Task<Answer> GenerateAsync(this HttpClient client, string algorithm = Kem, object? extra = null) =>
        (await client.UseAsync("/kms/keys/generate", new { algorithm }, extra)).ShouldBe(HttpStatusCode.Created);

    public static async Task<Answer> RotateAsync(this HttpClient client, string algorithm = Kem, object? extra = null) =>
        (await client.UseAsync("/kms/keys/rotate", new { algorithm }, extra)).ShouldBe(HttpStatusCode.Created);

    /// <summary>Rotates the version that a kid names.</summary>
    public static Task<Answer> RotateVersionAsync(this HttpClient client, string kid, string? body = null) =>
        client.PostJsonAsync($"/kms/keys/{kid}/rotations", body);

    public static Task<Answer> RetireAsync(this HttpClient client, int version, string algorithm = Kem, object? extra = null) =>
        client.UseAsync("/kms/keys/retire", new { algorithm, key_version = version }, extra);

    public static Task<Answer> RevokeAsync(this HttpClient client, string kid, string? body = null) =>
        client.PostJsonAsync($"/kms/keys/{kid}/actions/revoke", body);

    public static Task<Answer> DestroyAsync(this HttpClient client, string kid, string? body = null) =>
        client.SendJsonAsync(HttpMethod.Delete, $"/kms/keys/{kid}", body);

    public static Task<Answer> CancelDeletionAsync(this HttpClient client, string kid, string? body = null) =>
        client.PostJsonAsync($"/kms/keys/{kid}/actions/cancel-deletion", body);

    /// <summary>A key version that is retired and has no successor.</summary>
    public static async Task<Answer> GenerateRetiredAsync(this HttpClient client, string algorithm = Kem, string name = "default")
    {
        Answer made = await client.GenerateAsync(algorithm, new { name });
        return (await client.RetireAsync(made.Number("key_version"), algorithm, new { name, allow_no_active = true }))
            .ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>Lets so much time go by, and has what is due by then destroyed: the number of versions.</summary>
    public static async Task<int> SweepAfterAsync(this QkmsApplication app, TimeSpan time)
    {
        DestructionSweep sweep = app.Services.GetRequiredService<DestructionSweep>();
        await app.LeaveDueWorkAsync();
        app.Time.Pass(time);
        return await sweep.RunAsync(CancellationToken.None);
    }

    /// <summary>The same with the keys that are due to be deleted as a whole: the number of versions.</summary>
    public static async Task<int> DeleteKeysAfterAsync(this QkmsApplication app, TimeSpan time)
    {
        KeyDeletionSweep sweep = app.Services.GetRequiredService<KeyDeletionSweep>();
        await app.LeaveDueWorkAsync();
        app.Time.Pass(time);
        return await sweep.RunAsync(CancellationToken.None);
    }

    public static Task<Answer> ActiveAsync(this HttpClient client, string algorithm = Kem) =>
        client.GetJsonAsync($"/kms/keys/active?algorithm={algorithm}");
}
