namespace Qkms.Tests.Encryption.Kem;

/// <summary>F-20: what an ML-KEM key is for is fixed when it is made: encryption, or shared secrets only.</summary>
public sealed class KemUseTests : SharedServiceTests
{
    private static readonly byte[] _hello = "hello"u8.ToArray();

    /// <summary>
    /// F-20: the shared secret of an encryption key opens what the key encrypts and wraps, so that nobody gets it who may not decrypt and
    /// unwrap: neither of ciphertexts of ML-KEM nor, by way of re-encryption, of AES.
    /// </summary>
    [Theory]
    [InlineData("kem:decapsulate")]
    [InlineData("kem:decapsulate crypto:decrypt")]
    [InlineData("kem:decapsulate kem:unwrap crypto:re-encrypt")]
    public async Task The_shared_secret_of_an_encryption_key_is_for_those_who_may_decrypt_and_unwrap(string permissions)
    {
        string kid = (await Client.GenerateAsync()).Text("kid");
        string enc = Enc(await Client.MustUseAsync("/crypto/encrypt", new { plaintext = _hello, algorithm = KeyVerbs.Kem }), "ciphertext");
        string ofWrapped = Enc(await Client.MustUseAsync("/kem/key/wrap", new { symmetric_key = _hello }), "wrapped_key");
        using HttpClient narrowed = await NarrowedClientAsync(permissions);
        using HttpClient whole = await NarrowedClientAsync("kem:decapsulate crypto:decrypt kem:unwrap");

        foreach (string kem_ciphertext in new[] { enc, ofWrapped })
        {
            foreach (object choice in new object[] { new { }, new { kid }, new { key_version = 1 } })
            {
                (await narrowed.UseAsync("/kem/decapsulate", new { kem_ciphertext }, choice))
                    .ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002").Message
                    .Should().Contain("crypto:decrypt").And.Contain("kem:unwrap");
                await whole.MustUseAsync("/kem/decapsulate", new { kem_ciphertext }, choice);
            }
        }
    }

    /// <summary>F-20: a key for shared secrets needs kem:decapsulate alone, and neither encrypts nor wraps.</summary>
    [Fact]
    public async Task A_key_for_shared_secrets_does_nothing_else()
    {
        Answer made = await Client.GenerateAsync(KeyVerbs.Kem, new { name = "tls", use = "kem" });
        string kid = made.Text("kid");
        made.Text("use").Should().Be("kem");
        using HttpClient narrowed = await NarrowedClientAsync("kem:encapsulate kem:decapsulate");

        foreach (object choice in new object[] { new { name = "tls" }, new { kid }, new { name = "tls", key_version = 1 } })
        {
            Answer sent = await narrowed.MustUseAsync("/kem/encapsulate", choice);
            sent.Text("kid").Should().Be(kid);
            (await narrowed.MustUseAsync("/kem/decapsulate", new { kem_ciphertext = sent.Text("kem_ciphertext") }, choice))
                .Text("shared_secret").Should().Be(sent.Text("shared_secret"));
        }

        foreach ((string route, object input) in new (string, object)[]
        {
            ("/crypto/encrypt", new { plaintext = _hello }), ("/crypto/decrypt", new { ciphertext = _hello }),
            ("/kem/encrypt", new { plaintext = _hello }), ("/kem/decrypt", new { ciphertext = _hello }),
            ("/kem/key/wrap", new { symmetric_key = _hello }), ("/kem/key/unwrap", new { wrapped_key = _hello }),
        })
        {
            (await Client.UseAsync(route, input, new { kid })).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_SIG_001").Message
                .Should().Contain("(kem)");
            (await Client.UseAsync(route, input, new { algorithm = KeyVerbs.Kem, name = "tls" }))
                .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003").Message.Should().Contain("only ML-KEM-768 (kem) is active there");
        }
    }

    /// <summary>F-20: both uses can stand under one name; the name alone never leaves open whose secret an answer is.</summary>
    [Fact]
    public async Task Keys_of_both_uses_stand_beside_each_other_under_one_name()
    {
        string enc = (await Client.GenerateAsync()).Text("kid");
        string kem = (await Client.GenerateAsync(KeyVerbs.Kem, new { use = "kem" })).Text("kid");

        Answer sent = await Client.MustUseAsync("/kem/encapsulate", new { });

        sent.Text("kid").Should().Be(kem, "the key that is made for it comes first");
        string kem_ciphertext = sent.Text("kem_ciphertext");
        (await Client.UseAsync("/kem/decapsulate", new { kem_ciphertext })).ShouldBlame("key_version");
        (await Client.UseAsync("/kem/decapsulate", new { kem_ciphertext, key_version = 1 })).ShouldBlame("kid");
        (await Client.MustUseAsync("/kem/decapsulate", new { kem_ciphertext, kid = kem })).Text("shared_secret")
            .Should().Be(sent.Text("shared_secret"));
        (await Client.MustUseAsync("/kem/encrypt", new { plaintext = _hello })).Text("kid").Should().Be(enc);
        (await Client.GetJsonAsync("/kms/keys/active?algorithm=ML-KEM-768&use=kem")).Text("kid").Should().Be(kem);
        (await Client.GetJsonAsync("/kms/keys/active?algorithm=ML-KEM-768")).Text("kid").Should().Be(enc);
    }

    /// <summary>F-20: the use survives rotation and a restart, and a JWK has the word that RFC 7517 knows for it.</summary>
    [Fact]
    public async Task The_use_stays_and_a_jwk_has_a_registered_word_for_it()
    {
        await Client.GenerateAsync(KeyVerbs.Kem, new { use = "kem" });

        Answer rotated = await Client.RotateAsync(KeyVerbs.Kem, new { use = "kem" });

        rotated.Text("use").Should().Be("kem");
        Answer jwk = await Client.GetJsonAsync($"/kms/keys/{rotated.Text("kid")}/public-key?format=jwk");
        ((string?)jwk.Json["use"]).Should().Be("enc");
        (await Client.GetJsonAsync("/kms/supported-algorithms")).Data["algorithms"]!.AsArray()
            .Single(row => (string?)row!["algorithm"] == KeyVerbs.Kem)!["use"]!.AsArray().Select(use => (string?)use)
            .Should().Equal("enc", "kem");
    }

    /// <summary>F-20: other algorithms have no such use.</summary>
    [Theory]
    [InlineData("AES-256")]
    [InlineData("RSA-2048")]
    [InlineData("ML-DSA-44")]
    [InlineData("Ed25519")]
    public async Task Other_algorithms_have_no_such_use(string algorithm) =>
        (await Client.UseAsync("/kms/keys/generate", new { algorithm, use = "kem" })).ShouldBlame("use");

    // The ML-KEM ciphertext at the beginning of what HPKE made.
    private static string Enc(Answer made, string member) => Convert.ToBase64String(made.Bytes(member).AsSpan(..1088));
}
