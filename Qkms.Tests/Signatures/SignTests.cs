namespace Qkms.Tests.Signatures;

/// <summary>/signature/sign and /signature/verify.</summary>
public sealed class SignTests : SharedServiceTests
{
    private static readonly byte[] _message = "to be or not to be"u8.ToArray();

    //
    [Theory]
    [InlineData("ML-DSA-44", 2420)]
    [InlineData("ML-DSA-65", 3309)]
    [InlineData("ML-DSA-87", 4627)]
    [InlineData("Dilithium2", 2420)]
    [InlineData("Dilithium3", 3309)]
    [InlineData("Dilithium5", 4627)]
    public async Task An_ml_dsa_signature_is_hedged_and_verifies_here_and_with_the_public_key(string algorithm, int length)
    {
        Answer made = await Client.GenerateAsync(algorithm);
        using MLDsa publicKey = App.Services.GetRequiredService<PqcEngine>()
            .ImportMLDsaPublicKey(MLDsaKeys.ParametersOf(made.Text("algorithm_id")), made.Bytes("public_key"));

        foreach (byte[] context in new[] { [], [1, 2, 3], RandomNumberGenerator.GetBytes(255) })
        {
            object input = new { message = _message, signature_context = context, key_version = 1, algorithm };
            Answer first = await Client.MustUseAsync("/signature/sign", input);
            Answer second = await Client.MustUseAsync("/signature/sign", input);

            first.Text("signature").Should().NotBe(second.Text("signature"), "signing is hedged");
            first.Text("algorithm").Should().Be(algorithm);
            first.Number("key_version").Should().Be(1);
            first.Data["warnings"]!.AsArray().Should().BeEmpty();
            foreach (byte[] signature in new[] { first.Bytes("signature"), second.Bytes("signature") })
            {
                signature.Length.Should().Be(length);
                publicKey.VerifyData(_message, signature, context).Should().BeTrue();
                (await IsValidAsync(Client, input, new { signature })).Should().BeTrue();
                (await IsValidAsync(Client, input, new { signature, signature_context = (byte[])[.. context, 0] }, refusedAt: 256))
                    .Should().BeFalse();
            }
        }

        (await Client.UseAsync("/signature/sign", new { message = _message, signature_context = new byte[256], algorithm }))
            .ShouldBlame("signature_context");
        (await Client.UseAsync(
            "/signature/verify", new { message = _message, signature_context = new byte[256], signature = "", algorithm }))
            .ShouldBlame("signature_context");
        (await Client.UseAsync("/signature/sign", new { message = _message, hash_algorithm = "SHA-256", algorithm }))
            .ShouldBlame("hash_algorithm");
        (await Client.UseAsync("/signature/verify", new { message = _message, hash_algorithm = "SHA-256", signature = "", algorithm }))
            .ShouldBlame("hash_algorithm");
    }

    /// <summary>F-63: with RSA the answer names the hash, for verification to be told; and verification says what it assumed.</summary>
    [Theory]
    [InlineData(null, "SHA-256")]
    [InlineData("SHA-256", "SHA-256")]
    [InlineData("SHA-384", "SHA-384")]
    [InlineData("SHA-512", "SHA-512")]
    public async Task With_rsa_the_answer_names_the_hash(string? asked, string used)
    {
        await Client.GenerateAsync("RSA-2048", new { use = "sig" });

        Answer signed = await Client.MustUseAsync(
            "/signature/sign", new { message = _message, hash_algorithm = asked, algorithm = "RSA-2048" });

        signed.Text("hash_algorithm").Should().Be(used);
        string signature = signed.Text("signature");
        Answer told = await Client.MustUseAsync(
            "/signature/verify", new { message = _message, signature, hash_algorithm = used, algorithm = "RSA-2048" });
        ((bool)told.Data["valid"]!).Should().BeTrue();
        told.Text("hash_algorithm").Should().Be(used);
        Answer assumed = await Client.MustUseAsync("/signature/verify", new { message = _message, signature, algorithm = "RSA-2048" });
        ((bool)assumed.Data["valid"]!).Should().Be(used == "SHA-256");
        assumed.Text("hash_algorithm").Should().Be("SHA-256");
    }

    /// <summary>F-63: where the algorithm leaves no choice there is no hash to name.</summary>
    [Theory]
    [InlineData("ML-DSA-44")]
    [InlineData("Ed25519")]
    public async Task Without_a_choice_no_hash_is_named(string algorithm)
    {
        await Client.GenerateAsync(algorithm);
        Answer signed = await Client.MustUseAsync("/signature/sign", new { message = _message, algorithm });
        Answer verified = await Client.MustUseAsync(
            "/signature/verify", new { message = _message, signature = signed.Text("signature"), algorithm });

        signed.Data.AsObject().ContainsKey("hash_algorithm").Should().BeFalse();
        verified.Data.AsObject().ContainsKey("hash_algorithm").Should().BeFalse();
    }

    // PSS with MGF1 of the same hash and a salt as long as the hash, as the platform has it.
    [Theory]
    [InlineData("RSA-2048")]
    [InlineData("RSA-3072")]
    [InlineData("RSA-4096")]
    public async Task An_rsa_signature_verifies_here_and_with_the_platform(string algorithm)
    {
        Answer made = await Client.GenerateAsync(algorithm, new { use = "sig" });
        using RSA publicKey = RSA.Create();
        publicKey.ImportSubjectPublicKeyInfo(made.Bytes("public_key"), out _);
        using RSA privateKey = RSA.Create();
        privateKey.ImportPkcs8PrivateKey(await Materials.OpenAsync(App, made.Text("kid")), out _);

        foreach ((string? hash, HashAlgorithmName name) in new[]
        {
            (null, HashAlgorithmName.SHA256), ("SHA-256", HashAlgorithmName.SHA256), ("SHA-384", HashAlgorithmName.SHA384),
            ("SHA-512", HashAlgorithmName.SHA512),
        })
        {
            object input = new { message = _message, hash_algorithm = hash, key_version = 1, algorithm };
            byte[] first = (await Client.MustUseAsync("/signature/sign", input)).Bytes("signature");
            byte[] second = (await Client.MustUseAsync("/signature/sign", input)).Bytes("signature");
            first.Should().NotEqual(second, "PSS is salted");
            publicKey.VerifyData(_message, first, name, RSASignaturePadding.Pss).Should().BeTrue();
            publicKey.VerifyData(_message, second, name, RSASignaturePadding.Pss).Should().BeTrue();
            (await IsValidAsync(Client, input, new { signature = first })).Should().BeTrue();
            (await IsValidAsync(Client, input, new { signature = privateKey.SignData(_message, name, RSASignaturePadding.Pss) }))
                .Should().BeTrue();
            (await IsValidAsync(Client, input, new { signature = privateKey.SignData(_message, name, RSASignaturePadding.Pkcs1) }))
                .Should().BeFalse();
            string otherHash = name == HashAlgorithmName.SHA384 ? "SHA-512" : "SHA-384";
            (await IsValidAsync(Client, input, new { signature = first, hash_algorithm = otherHash })).Should().BeFalse();
        }

        (await Client.UseAsync("/signature/sign", new { message = _message, signature_context = "AAAA", algorithm }))
            .ShouldBlame("signature_context");
        (await Client.UseAsync("/signature/verify", new { message = _message, signature = "", signature_context = "AAAA", algorithm }))
            .ShouldBlame("signature_context");
        foreach (object hash in new object[] { "SHA-1", "SHA256", "sha-257", "", "SHA3-256", 5 })
        {
            (await Client.UseAsync("/signature/sign", new { message = _message, hash_algorithm = hash, algorithm }))
                .ShouldBlame("hash_algorithm");
            (await Client.UseAsync("/signature/verify", new { message = _message, signature = "", hash_algorithm = hash, algorithm }))
                .ShouldBlame("hash_algorithm");
        }
    }

    //
    [Theory]
    [InlineData("ML-DSA-44")]
    [InlineData("ML-DSA-65")]
    [InlineData("ML-DSA-87")]
    [InlineData("RSA-2048")]
    public async Task A_signature_that_is_not_the_keys_for_the_message_is_no_error(string algorithm)
    {
        string? use = algorithm.StartsWith("RSA", StringComparison.Ordinal) ? "sig" : null;
        await Client.GenerateAsync(algorithm, new { use });
        await Client.GenerateAsync(algorithm, new { name = "other", use });
        object input = new { message = _message, algorithm };
        byte[] signature = (await Client.MustUseAsync("/signature/sign", input)).Bytes("signature");
        byte[] ofOther = (await Client.MustUseAsync("/signature/sign", input, new { name = "other" })).Bytes("signature");

        for (int i = 0; i < signature.Length; i += 211)
            (await IsValidAsync(Client, input, new { signature = Flip(signature, i) })).Should().BeFalse($"byte {i} was changed");

        (await IsValidAsync(Client, input, new { signature = Flip(signature, signature.Length - 1) })).Should().BeFalse();
        (await IsValidAsync(Client, input, new { signature = "" })).Should().BeFalse();
        (await IsValidAsync(Client, input, new { signature = signature[..^1] })).Should().BeFalse();
        (await IsValidAsync(Client, input, new { signature = signature[1..] })).Should().BeFalse();
        (await IsValidAsync(Client, input, new { signature = (byte[])[.. signature, 0] })).Should().BeFalse();
        (await IsValidAsync(Client, input, new { signature = new byte[signature.Length] })).Should().BeFalse();
        (await IsValidAsync(Client, input, new { signature = Enumerable.Repeat((byte)0xFF, signature.Length).ToArray() }))
            .Should().BeFalse();
        (await IsValidAsync(Client, input, new { signature = new byte[10_000] })).Should().BeFalse();
        (await IsValidAsync(Client, input, new { signature = ofOther })).Should().BeFalse();
        (await IsValidAsync(Client, input, new { signature, message = "" })).Should().BeFalse();
        (await IsValidAsync(Client, input, new { signature, message = Flip(_message, 0) })).Should().BeFalse();
        (await IsValidAsync(Client, input, new { signature = ofOther, name = "other" })).Should().BeTrue();
        (await IsValidAsync(Client, input, new { signature })).Should().BeTrue();
    }

    //
    [Theory]
    [InlineData("ML-DSA-44")]
    [InlineData("RSA-2048")]
    public async Task A_message_has_0_bytes_to_1_mb(string algorithm)
    {
        await Client.GenerateAsync(algorithm, new { use = algorithm == "RSA-2048" ? "sig" : null });

        foreach (int length in new[] { 0, 1, 1024 * 1024 })
        {
            object input = new { message = RandomNumberGenerator.GetBytes(length), algorithm };
            string signature = (await Client.MustUseAsync("/signature/sign", input)).Text("signature");
            (await IsValidAsync(Client, input, new { signature })).Should().BeTrue();
        }

        (await Client.UseAsync("/signature/sign", new { message = new byte[(1024 * 1024) + 1], algorithm })).ShouldBlame("message");
        (await Client.UseAsync("/signature/verify", new { message = new byte[(1024 * 1024) + 1], signature = "", algorithm }))
            .ShouldBlame("message");
    }

    //
    [Fact]
    public async Task A_retired_version_verifies_and_does_not_sign()
    {
        await Client.GenerateAsync("ML-DSA-65");
        string signature = (await Client.MustUseAsync("/signature/sign", new { message = _message })).Text("signature");
        string next = (await Client.RotateAsync("ML-DSA-65")).Text("kid");

        (await IsValidAsync(Client, new { message = _message, signature }, new { key_version = 1 })).Should().BeTrue();
        (await IsValidAsync(Client, new { message = _message, signature }, new { key_version = 2 })).Should().BeFalse();
        (await Client.UseAsync("/signature/sign", new { message = _message, key_version = 1 })).ShouldNameNext("ERR_KMS_008", next);
    }

    private static byte[] Flip(byte[] bytes, int index)
    {
        byte[] changed = [.. bytes];
        changed[index] ^= 1;
        return changed;
    }

    /// <param name="client">Who asks.</param>
    /// <param name="input">Members.</param>
    /// <param name="more">Members that go before them.</param>
    /// <param name="refusedAt">The length of a context from which on there is a refusal, which is no "valid" either.</param>
    private static async Task<bool> IsValidAsync(HttpClient client, object input, object more, int? refusedAt = null)
    {
        Answer answer = await client.UseAsync("/signature/verify", input, more);
        if (refusedAt is not null && answer.Status == HttpStatusCode.BadRequest)
        {
            answer.ShouldBlame("signature_context");
            return false;
        }

        return (bool)answer.ShouldBe(HttpStatusCode.OK).Data["valid"]!;
    }
}
