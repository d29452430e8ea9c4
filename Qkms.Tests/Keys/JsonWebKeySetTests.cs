namespace Qkms.Tests.Keys;

/// <summary>F-68: GET /kms/keys/jwks: the public keys of a name for those who verify or encrypt elsewhere.</summary>
public sealed class JsonWebKeySetTests : SharedServiceTests
{
    /// <summary>F-68: every version that verifies, and of encryption keys the one to encrypt to; nothing of symmetric keys.</summary>
    [Fact]
    public async Task It_has_what_others_need_and_nothing_else()
    {
        string old = (await Client.GenerateAsync("RSA-2048", new { use = "sig" })).Text("kid");
        string revoked = (await Client.RotateAsync("RSA-2048", new { use = "sig" })).Text("kid");
        string current = (await Client.RotateAsync("RSA-2048", new { use = "sig" })).Text("kid");
        (await Client.RevokeAsync(revoked)).ShouldBe(HttpStatusCode.NoContent);
        await Client.GenerateAsync("ML-KEM-512");
        string kem = (await Client.RotateAsync("ML-KEM-512")).Text("kid");
        string retired = (await Client.GenerateRetiredAsync("Ed25519")).Text("kid");
        await Client.GenerateAsync("AES-256");
        await Client.GenerateAsync("Ed25519", new { name = "other" });

        Answer all = await GetAsync("");

        all.Headers["Content-Type"].Should().StartWith("application/jwk-set+json");
        Kids(all).Should().BeEquivalentTo(old, current, kem, retired);
        Kids(await GetAsync("?algorithm=rsa-2048")).Should().Equal(current, old);
        Kids(await GetAsync("?use=sig")).Should().BeEquivalentTo(old, current, retired);
        Kids(await GetAsync("?use=enc&algorithm=ML-KEM-512")).Should().Equal(kem);
        foreach (JsonNode? key in all.Json["keys"]!.AsArray())
        {
            Answer alone = await Client.GetJsonAsync($"/kms/keys/{(string)key!["kid"]!}/public-key?format=jwk");
            JsonNode.DeepEquals(alone.Json, key).Should().BeTrue();
        }
    }

    /// <summary>F-68: what it has verifies what the key signed, as any JOSE library would.</summary>
    [Fact]
    public async Task Its_keys_verify_what_was_signed()
    {
        await Client.GenerateAsync("RSA-2048", new { use = "sig" });
        byte[] message = "header.payload"u8.ToArray();
        byte[] signature = (await Client.MustUseAsync(
            "/signature/sign", new { message, algorithm = "RSA-2048", padding = "pkcs1" })).Bytes("signature");
        await Client.RotateAsync("RSA-2048", new { use = "sig" });

        JsonArray keys = (await GetAsync("")).Json["keys"]!.AsArray();

        keys.Count(key => Verifies(key!)).Should().Be(1);

        bool Verifies(JsonNode jwk)
        {
            using RSA rsa = RSA.Create(new RSAParameters { Modulus = Decode(jwk["n"]), Exponent = Decode(jwk["e"]) });
            return rsa.VerifyData(message, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }
    }

    /// <summary>F-68: a name without such keys is not found, and a key all of whose versions are over gives an empty set.</summary>
    [Fact]
    public async Task A_name_without_public_keys_is_not_found()
    {
        await Client.GenerateAsync("AES-256");
        (await Client.GetJsonAsync("/kms/keys/jwks")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003").Message
            .Should().Contain("'default'");
        (await Client.GetJsonAsync("/kms/keys/jwks?name=nobody")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await Client.GetJsonAsync("/kms/keys/jwks?algorithm=x")).ShouldBlame("algorithm");
        (await Client.GetJsonAsync("/kms/keys/jwks?algorithm=RSA-2048&use=kem")).ShouldBlame("use");

        string kid = (await Client.GenerateAsync("Ed25519")).Text("kid");
        (await Client.RevokeAsync(kid)).ShouldBe(HttpStatusCode.NoContent);
        Kids(await GetAsync("")).Should().BeEmpty();
    }

    /// <summary>F-68: it is for those who may read keys of that name, and of their own tenant.</summary>
    [Fact]
    public async Task It_is_for_those_who_may_read_the_name()
    {
        await Client.GenerateAsync("Ed25519", new { name = "app" });
        using HttpClient narrowed = await NarrowedClientAsync("keys:read", "web");
        using HttpClient user = await NarrowedClientAsync("signature:sign");
        using HttpClient stranger = await StrangerAsync();

        (await narrowed.GetJsonAsync("/kms/keys/jwks?name=app")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await user.GetJsonAsync("/kms/keys/jwks?name=app")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        (await stranger.GetJsonAsync("/kms/keys/jwks?name=app")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
    }

    private async Task<Answer> GetAsync(string query) => (await Client.GetJsonAsync($"/kms/keys/jwks{query}")).ShouldBe(HttpStatusCode.OK);

    private static IEnumerable<string> Kids(Answer set) => set.Json["keys"]!.AsArray().Select(key => (string)key!["kid"]!);

    private static byte[] Decode(JsonNode? text) => System.Buffers.Text.Base64Url.DecodeFromChars((string)text!);
}
