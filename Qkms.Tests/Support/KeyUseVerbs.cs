using System.Text.Encodings.Web;
using Qkms.Core.Journal;
using Qkms.Core.Sealing;

namespace Qkms.Tests.Support;

/// <summary>
/// What callers do with the keys they have, in one line each. Members of bodies are those of anonymous objects; byte arrays become base64.
/// </summary>
internal static class KeyUseVerbs
{
    public const string Aes = "AES-256";
    public const string Dsa = "ML-DSA-65";

    // As callers write JSON: base64 without escapes.
    private static readonly JsonSerializerOptions _json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Posts the members of one object, and of a second one where it is given: usually the choice of the key.</summary>
    public static Task<Answer> UseAsync(this HttpClient client, string route, object members, object? choice = null)
    {
        JsonObject body = ToJson(members);
        foreach ((string name, JsonNode? value) in choice is null ? [] : ToJson(choice))
            body[name] = value?.DeepClone();

        return client.PostJsonAsync(route, body.ToJsonString(_json));
    }

    /// <summary>The same, and it has to succeed.</summary>
    public static async Task<Answer> MustUseAsync(this HttpClient client, string route, object members, object? choice = null) =>
        (await client.UseAsync(route, members, choice)).ShouldBe(HttpStatusCode.OK);

    /// <summary>A member that is base64.</summary>
    public static byte[] Bytes(this Answer answer, string member) => Convert.FromBase64String(answer.Text(member));

    /// <summary>Asserts a 400 whose first detail names this field.</summary>
    public static Answer ShouldBlame(this Answer answer, string field)
    {
        answer.ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001");
        answer.Blamed.First().Should().Be(field, answer.Body);
        return answer;
    }

    /// <summary>Asserts a 409 that names the successor.</summary>
    public static Answer ShouldNameNext(this Answer answer, string code, string nextKid)
    {
        answer.ShouldBeRefused(HttpStatusCode.Conflict, code);
        JsonNode detail = answer.Details.Single()!;
        ((string?)detail["field"]).Should().Be("next_kid");
        ((string?)detail["message"]).Should().Be(nextKid);
        return answer;
    }

    /// <summary>Asserts the one refusal that every ciphertext gets that does not open, whatever the cause.</summary>
    public static Answer ShouldNotDecrypt(this Answer answer, string? because = null)
    {
        answer.Status.Should().Be(HttpStatusCode.BadRequest, because ?? answer.Body);
        answer.ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_KEM_001");
        answer.Message.Should().Be("Decryption failed.");
        answer.Details.Should().BeEmpty();
        return answer;
    }

    /// <summary>A client whose API key may do only some operations, and only with some names.</summary>
    public static async Task<HttpClient> NarrowedClientAsync(
        this QkmsApplication app, string? permissions = null, string? keyScope = null) =>
        app.ClientFor(await app.CreateApiKeyAsync(
            app.InitialApiKey, Roles.Admin, credential => credential with { Permissions = permissions, KeyScope = keyScope }));

    /// <summary>
    /// Changes the row of a version of the first tenant as the service itself would, seal included: for states that no request reaches yet.
    /// </summary>
    public static async Task RewriteAsync(this QkmsApplication app, string kid, Func<KeyVersion, KeyVersion> change)
    {
        (Key key, KeyVersion version) = await app.FindVersionAsync(kid);
        KeyVersion changed = change(version) with { RowVersion = version.RowVersion + 1 };
        RowSealer sealer = app.Services.GetRequiredService<RowSealer>();
        bool written = await app.Services.GetRequiredService<IKmsStore>().WriteAsync(
            async session => await Repositories.Keys.UpdateVersionAsync(session, sealer.Seal(changed))
                && await app.WriteKeyAsync(
                    session,
                    sealer.Seal(key with
                    {
                        ActiveKid = key.ActiveKid == changed.Kid && changed.State != KeyState.Active ? null : key.ActiveKid,
                        States = key.States.With(changed),
                        RowVersion = key.RowVersion + 1,
                    })),
            CancellationToken.None);
        written.Should().BeTrue();
        app.Time.OutliveCaches();
    }

    /// <summary>The same for the logical key of a version.</summary>
    public static async Task RewriteKeyAsync(this QkmsApplication app, string kid, Func<Key, Key> change)
    {
        (KeyVersion version, _, WrappingKey tenantKey) = await Materials.FindAsync(app, kid);
        tenantKey.Dispose();
        RowSealer sealer = app.Services.GetRequiredService<RowSealer>();
        bool written = await app.Services.GetRequiredService<IKmsStore>().WriteAsync(
            async session =>
            {
                Key key = sealer.Open((await Repositories.Keys.LockKeyAsync(session, version.TenantId, version.KeyId))!);
                return await app.WriteKeyAsync(session, sealer.Seal(change(key) with { RowVersion = key.RowVersion + 1 }));
            },
            CancellationToken.None);
        written.Should().BeTrue();
        app.Time.OutliveCaches();
    }

    /// <summary>Writes the row of a key, and the event without which nobody believes it.</summary>
    public static async Task<bool> WriteKeyAsync(this QkmsApplication app, IKmsSession session, Sealed<Key> key)
    {
        JournalEvent written = new()
        {
            Id = app.Services.GetRequiredService<IdGenerator>().Next(),
            TenantId = key.UnverifiedRow.TenantId,
            Time = app.Time.GetUtcMilliseconds(),
            Action = JournalActions.KeyUpdated,
            ActorKind = "system",
            ActorId = "test",
            KeyId = key.UnverifiedRow.Id,
            KeySeal = key.Seal,
        };
        if (!await Repositories.Keys.UpdateKeyAsync(session, key))
            return false;

        await app.Services.GetRequiredService<JournalWriter>().AppendAsync(session, written);
        return true;
    }

    private static JsonObject ToJson(object members) => (JsonObject)JsonSerializer.SerializeToNode(members)!;
}
