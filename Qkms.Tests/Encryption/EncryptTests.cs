namespace Qkms.Tests.Encryption;

/// <summary>/crypto/encrypt and /crypto/decrypt: what goes in comes out, for every family and size.</summary>
public sealed class EncryptTests : SharedServiceTests
{
    private const int MaxPayload = 1024 * 1024;

    private static readonly byte[] _hello = "hello"u8.ToArray();

    [Theory]
    [InlineData("AES-256", "AES-256")]
    [InlineData("Kyber512", "ML-KEM-512")]
    [InlineData("ML-KEM-768", "ML-KEM-768")]
    [InlineData("ML-KEM-1024", "ML-KEM-1024")]
    [InlineData("RSA-2048", "RSA-2048")]
    [InlineData("RSA-3072", "RSA-3072")]
    [InlineData("RSA-4096", "RSA-4096")]
    public async Task What_was_encrypted_is_decrypted_and_each_ciphertext_is_another(string algorithm, string canonical)
    {
        string kid = (await Client.GenerateAsync(algorithm)).Text("kid");

        Answer encrypted = await Client.MustUseAsync("/crypto/encrypt", new { plaintext = _hello, algorithm });
        Answer again = await Client.MustUseAsync("/api/v1/crypto/encrypt", new { plaintext = _hello, kid });

        encrypted.Data.AsObject().Select(m => m.Key)
            .Should().BeEquivalentTo("kid", "key_version", "algorithm", "algorithm_id", "requested_kid", "warnings", "ciphertext");
        encrypted.Text("kid").Should().Be(kid);
        encrypted.Number("key_version").Should().Be(1);
        encrypted.Text("algorithm").Should().Be(algorithm);
        encrypted.Text("algorithm_id").Should().Be(canonical);
        encrypted.Data["requested_kid"].Should().BeNull();
        encrypted.Data["warnings"]!.AsArray().Should().BeEmpty();
        encrypted.Headers["Cache-Control"].Should().Contain("no-store");
        again.Text("ciphertext").Should().NotBe(encrypted.Text("ciphertext"));
        foreach (Answer one in new[] { encrypted, again })
        {
            Answer decrypted = await Client.MustUseAsync(
                "/crypto/decrypt", new { ciphertext = one.Text("ciphertext"), key_version = 1, algorithm });
            decrypted.Bytes("plaintext").Should().Equal(_hello);
            decrypted.Text("kid").Should().Be(kid);
            decrypted.Number("key_version").Should().Be(1);
            decrypted.Text("algorithm").Should().Be(algorithm);
            decrypted.Text("algorithm_id").Should().Be(canonical);
        }
    }

    // Others use the public key with the platform's OAEP, in both directions.
    [Theory]
    [InlineData("SHA-1")]
    [InlineData("SHA-256")]
    [InlineData("SHA-384")]
    [InlineData("SHA-512")]
    public async Task Rsa_is_oaep_with_the_hash_of_the_key(string oaepHash)
    {
        Answer made = await Client.GenerateAsync("RSA-2048", new { oaep_hash = oaepHash });
        RSAEncryptionPadding padding = RSAEncryptionPadding.CreateOaep(
            new HashAlgorithmName(oaepHash.Replace("-", "", StringComparison.Ordinal)));
        using RSA publicKey = RSA.Create();
        publicKey.ImportSubjectPublicKeyInfo(made.Bytes("public_key"), out _);
        using RSA privateKey = RSA.Create();
        privateKey.ImportPkcs8PrivateKey(await Materials.OpenAsync(App, made.Text("kid")), out _);

        Answer encrypted = await Client.MustUseAsync("/crypto/encrypt", new { plaintext = _hello, kid = made.Text("kid") });
        Answer decrypted = await Client.MustUseAsync(
            "/crypto/decrypt", new { ciphertext = publicKey.Encrypt(_hello, padding), kid = made.Text("kid") });

        privateKey.Decrypt(encrypted.Bytes("ciphertext"), padding).Should().Equal(_hello);
        decrypted.Bytes("plaintext").Should().Equal(_hello);
        RSAEncryptionPadding other = oaepHash == "SHA-256" ? RSAEncryptionPadding.OaepSHA1 : RSAEncryptionPadding.OaepSHA256;
        (await Client.UseAsync("/crypto/decrypt", new { ciphertext = publicKey.Encrypt(_hello, other), kid = made.Text("kid") }))
            .ShouldNotDecrypt();
    }

    [Theory]
    [InlineData("AES-256")]
    [InlineData("ML-KEM-512")]
    public async Task A_plaintext_has_0_bytes_to_1_mb(string algorithm)
    {
        await Client.GenerateAsync(algorithm);

        foreach (int length in new[] { 0, 1, MaxPayload - 1, MaxPayload })
        {
            byte[] plaintext = RandomNumberGenerator.GetBytes(length);
            Answer encrypted = await Client.MustUseAsync("/crypto/encrypt", new { plaintext, algorithm });
            Answer decrypted = await Client.MustUseAsync("/crypto/decrypt", new { ciphertext = encrypted.Text("ciphertext"), algorithm });
            decrypted.Bytes("plaintext").AsSpan().SequenceEqual(plaintext).Should().BeTrue($"{length}");
        }

        (await Client.UseAsync("/crypto/encrypt", new { plaintext = new byte[MaxPayload + 1], algorithm })).ShouldBlame("plaintext");

        // An item is no way around it: its ciphertext has to open alone.
        (await Client.UseAsync("/crypto/encrypt", new { items = new[] { new { plaintext = new byte[MaxPayload + 1] } }, algorithm }))
            .ShouldBlame("items[0].plaintext");
        (await Client.UseAsync("/crypto/decrypt", new { ciphertext = new byte[MaxPayload + 4097], algorithm })).ShouldBlame("ciphertext");
        (await Client.UseAsync("/crypto/decrypt", new { items = new[] { new { ciphertext = new byte[MaxPayload + 4097] } }, algorithm }))
            .ShouldBlame("items[0].ciphertext");
    }

    // 1 MB as base64 is less than the 2 MB of a body: what the rule allows, the server takes.
    [Fact]
    public async Task One_megabyte_passes_over_a_real_connection()
    {
        await using QkmsApplication app = new();
        using HttpClient client = app.StartOnKestrel();
        await client.GenerateAsync("AES-256");
        byte[] plaintext = RandomNumberGenerator.GetBytes(MaxPayload);

        Answer encrypted = await client.MustUseAsync("/crypto/encrypt", new { plaintext });
        Answer decrypted = await client.MustUseAsync("/crypto/decrypt", new { ciphertext = encrypted.Text("ciphertext") });

        decrypted.Bytes("plaintext").AsSpan().SequenceEqual(plaintext).Should().BeTrue();
        (await client.UseAsync("/crypto/encrypt", new { plaintext = new byte[MaxPayload + 1] })).ShouldBlame("plaintext");
    }

    // RFC 8017, 7.1.1: k − 2hLen − 2.
    [Theory]
    [InlineData("RSA-2048", "SHA-1", 214)]
    [InlineData("RSA-2048", "SHA-256", 190)]
    [InlineData("RSA-2048", "SHA-384", 158)]
    [InlineData("RSA-2048", "SHA-512", 126)]
    [InlineData("RSA-3072", "SHA-256", 318)]
    [InlineData("RSA-4096", "SHA-512", 382)]
    public async Task Rsa_takes_what_oaep_has_room_for_and_not_a_byte_more(string algorithm, string oaepHash, int max)
    {
        await Client.GenerateAsync(algorithm, new { oaep_hash = oaepHash });

        foreach (int length in new[] { 0, max })
        {
            byte[] plaintext = RandomNumberGenerator.GetBytes(length);
            Answer encrypted = await Client.MustUseAsync("/crypto/encrypt", new { plaintext, algorithm });
            (await Client.MustUseAsync("/crypto/decrypt", new { ciphertext = encrypted.Text("ciphertext"), algorithm })).Bytes("plaintext")
                .Should().Equal(plaintext);
        }

        (await Client.UseAsync("/crypto/encrypt", new { plaintext = new byte[max + 1], algorithm })).ShouldBlame("plaintext").Body
            .Should().Contain($"{max} bytes");
    }

    [Theory]
    [InlineData("\"aGVsbG8=\"", "hello")]
    [InlineData("\"\"", "")]
    [InlineData("\"\\u0061GVsbG8=\"", "hello")]
    [InlineData("\"Pz8\\/\"", "???")]
    [InlineData("\"fn5\\u002b\"", "~~~")]
    [InlineData("\"Pz8/\"", "???")]
    [InlineData("\"fn5+\"", "~~~")]
    public async Task Base64_may_be_escaped_as_json(string json, string plaintext)
    {
        await Client.GenerateAsync("AES-256");

        Answer encrypted = (await Client.PostJsonAsync("/crypto/encrypt", $$"""{"plaintext":{{json}}}""")).ShouldBe(HttpStatusCode.OK);

        Answer decrypted = await Client.MustUseAsync("/crypto/decrypt", new { ciphertext = encrypted.Text("ciphertext") });
        Encoding.ASCII.GetString(decrypted.Bytes("plaintext")).Should().Be(plaintext);
    }

    // The same rule for what is secret and what is not.
    [Theory]
    [InlineData("\"aGVsbG8\"")]
    [InlineData("\"aGVsbG8==\"")]
    [InlineData("\"aGVsb\"")]
    [InlineData("\"a\"")]
    [InlineData("\"====\"")]
    [InlineData("\"=\"")]
    [InlineData("\"aGVs=bG8\"")]
    [InlineData("\"!!!!\"")]
    [InlineData("\"-_-_\"")]
    [InlineData("\"aGVs bG8=\"")]
    [InlineData("\" aGVsbG8=\"")]
    [InlineData("\"aGVsbG8= \"")]
    [InlineData("\"aGVsbG8=\\n\"")]
    [InlineData("\"aGVs\\r\\nbG8=\"")]
    [InlineData("\"aGVs    bG8=\"")]
    [InlineData("\"    \"")]
    [InlineData("\"aGVs\\u00e9bG8\"")]
    [InlineData("5")]
    [InlineData("true")]
    [InlineData("[104,101]")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("null")]
    public async Task What_is_not_base64_is_refused_by_field(string json)
    {
        await Client.GenerateAsync("AES-256");
        await Client.GenerateAsync("ML-DSA-44");

        (await Client.PostJsonAsync("/crypto/encrypt", $$"""{"plaintext":{{json}}}""")).ShouldBlame("plaintext");
        (await Client.PostJsonAsync("/crypto/decrypt", $$"""{"ciphertext":{{json}}}""")).ShouldBlame("ciphertext");
        (await Client.PostJsonAsync("/crypto/re-encrypt", $$"""{"ciphertext":{{json}}}""")).ShouldBlame("ciphertext");
        (await Client.PostJsonAsync("/data-keys/decrypt", $$"""{"ciphertext":{{json}}}""")).ShouldBlame("ciphertext");
        (await Client.PostJsonAsync("/kem/encrypt", $$"""{"plaintext":{{json}}}""")).ShouldBlame("plaintext");
        (await Client.PostJsonAsync("/kem/key/wrap", $$"""{"symmetric_key":{{json}}}""")).ShouldBlame("symmetric_key");
        (await Client.PostJsonAsync("/kem/decapsulate", $$"""{"kem_ciphertext":{{json}}}""")).ShouldBlame("kem_ciphertext");
        (await Client.PostJsonAsync("/signature/sign", $$"""{"message":{{json}},"algorithm":"ML-DSA-44"}""")).ShouldBlame("message");
    }

    [Fact]
    public async Task A_body_without_its_input_is_refused_by_field()
    {
        (await Client.PostJsonAsync("/crypto/encrypt", "{}")).ShouldBlame("plaintext");
        (await Client.PostJsonAsync("/crypto/decrypt", "{}")).ShouldBlame("ciphertext");
        (await Client.PostJsonAsync("/crypto/re-encrypt", "{}")).ShouldBlame("ciphertext");
        (await Client.PostJsonAsync("/kem/encrypt", "{}")).ShouldBlame("plaintext");
        (await Client.PostJsonAsync("/kem/decrypt", "{}")).ShouldBlame("ciphertext");
        (await Client.PostJsonAsync("/kem/key/wrap", "{}")).ShouldBlame("symmetric_key");
        (await Client.PostJsonAsync("/kem/key/unwrap", "{}")).ShouldBlame("wrapped_key");
        (await Client.PostJsonAsync("/kem/decapsulate", "{}")).ShouldBlame("kem_ciphertext");
        (await Client.PostJsonAsync("/signature/sign", "{}")).ShouldBlame("message");
        (await Client.PostJsonAsync("/signature/verify", """{"message":""}""")).ShouldBlame("signature");
        (await Client.PostJsonAsync("/signature/sign-hash", "{}")).ShouldBlame("hash_algorithm");
        (await Client.PostJsonAsync("/data-keys/decrypt", "{}")).ShouldBlame("ciphertext");
    }

    // The table of families and operations, by kid: a key that exists and is not for this.
    [Fact]
    public async Task A_key_of_the_wrong_kind_is_refused()
    {
        IReadOnlyList<PreparedUse> uses = await PreparedUse.PrepareAsync(Client, "app");
        HashSet<(string Route, string Kid)> possible = [.. uses.Select(use => (use.Route, use.Kid))];
        string[] kids = [.. uses.Select(use => use.Kid).Distinct()];
        int refused = 0;

        foreach (PreparedUse use in uses.DistinctBy(use => use.Route))
        {
            foreach (string kid in kids.Where(kid => !possible.Contains((use.Route, kid))))
            {
                (await use.SendAsync(Client, new { kid })).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_SIG_001");
                refused++;
            }
        }

        refused.Should().Be((16 * kids.Length) - possible.Count, "there are 16 routes");

        // By name: an algorithm that never does it.
        object message = new { message = _hello, name = "app" };
        (await Client.UseAsync("/signature/sign", message, new { algorithm = "ML-KEM-768" }))
            .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_SIG_001");
        (await Client.UseAsync("/signature/sign", message, new { algorithm = "AES-256" }))
            .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_SIG_001");
        (await Client.UseAsync("/crypto/encrypt", new { plaintext = _hello, name = "app", algorithm = "ML-DSA-65" }))
            .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_SIG_001");
        (await Client.UseAsync("/kem/encapsulate", new { algorithm = "RSA-2048", name = "app" }))
            .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_SIG_001");
        (await Client.UseAsync("/data-keys/generate", new { algorithm = "ML-KEM-768", name = "app" }))
            .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_SIG_001");
        (await Client.UseAsync("/data-keys/generate", new { algorithm = "RSA-2048", name = "app" }))
            .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_SIG_001");
    }
}
