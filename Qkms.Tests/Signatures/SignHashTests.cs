namespace Qkms.Tests.Signatures;

/// <summary>/signature/sign-hash and /signature/verify-hash.</summary>
public sealed class SignHashTests : ServiceTests
{
    private static readonly byte[] _message = "to be or not to be"u8.ToArray();

    // λ is 128, 192 and 256 (FIPS 204, table 1); a hash has half its length.
    [Theory]
    [InlineData("ML-DSA-44", "SHA-256", false)]
    [InlineData("ML-DSA-44", "SHA-384", false)]
    [InlineData("ML-DSA-44", "SHA-512", false)]
    [InlineData("ML-DSA-65", "SHA-256", true)]
    [InlineData("ML-DSA-65", "SHA-384", false)]
    [InlineData("ML-DSA-65", "SHA-512", false)]
    [InlineData("ML-DSA-87", "SHA-256", true)]
    [InlineData("ML-DSA-87", "SHA-384", true)]
    [InlineData("ML-DSA-87", "SHA-512", false)]
    public async Task A_hash_is_signed_as_hash_ml_dsa_with_a_warning_when_it_is_weak(string algorithm, string hashAlgorithm, bool weak)
    {
        await ShareServiceAsync();
        Answer made = await Client.GenerateAsync(algorithm);
        byte[] publicKey = made.Bytes("public_key");
        using MLDsa verifier = SharedServiceTests.App.Services.GetRequiredService<PqcEngine>()
            .ImportMLDsaPublicKey(MLDsaKeys.ParametersOf(algorithm), publicKey);
        byte[] hash = HashOf(hashAlgorithm);

        foreach (byte[] context in new[] { [], RandomNumberGenerator.GetBytes(255) })
        {
            object input = new { hash, hash_algorithm = hashAlgorithm, signature_context = context, key_version = 1, algorithm };
            Answer signed = await Client.MustUseAsync("/signature/sign-hash", input);
            Answer again = await Client.MustUseAsync("/signature/sign-hash", input);
            byte[] signature = signed.Bytes("signature");

            again.Text("signature").Should().NotBe(signed.Text("signature"), "signing is hedged");
            ShouldSayHow(signed, hashAlgorithm, weak);
            verifier.VerifyMu(MLDsaKeys.PreHashMu(publicKey, context, hashAlgorithm, hash), signature)
                .Should().BeTrue("that is HashML-DSA");
            Answer verified = await Client.MustUseAsync("/signature/verify-hash", input, new { signature });
            ((bool)verified.Data["valid"]!).Should().BeTrue();
            ShouldSayHow(verified, hashAlgorithm, weak);

            // A signature of the hash is none of the message, nor of the hash as a message.
            foreach (byte[] message in new[] { _message, hash })
                ((bool)(await Client.MustUseAsync(
                    "/signature/verify", new { message, signature, signature_context = context, algorithm })).Data["valid"]!)
                    .Should().BeFalse();
        }

        (await Client.UseAsync(
            "/signature/sign-hash", new { hash, hash_algorithm = hashAlgorithm, signature_context = new byte[256], algorithm }))
            .ShouldBlame("signature_context");
    }

    /// <summary>
    /// F-28: the warning says by which section of the standard the hash is weak, and the journal has who signed it with which key: once a
    /// day for each key, hash and API key.
    /// </summary>
    [Fact]
    public async Task A_weak_hash_is_warned_of_by_section_and_journalled()
    {
        string kid = (await Client.GenerateAsync("ML-DSA-65")).Text("kid");
        object weak = new { hash = HashOf("SHA-256"), hash_algorithm = "SHA-256" };
        object strong = new { hash = HashOf("SHA-384"), hash_algorithm = "SHA-384" };

        Answer signed = await Client.MustUseAsync("/signature/sign-hash", weak);
        await Client.MustUseAsync("/signature/sign-hash", weak);
        await Client.MustUseAsync("/signature/sign-hash", strong);
        await Client.MustUseAsync("/signature/verify-hash", weak, new { signature = signed.Text("signature") });

        signed.Data["warnings"]![0]!.GetValue<string>().Should().Contain("FIPS 204, section 5.4");
        Events().Should().ContainSingle().Which
            .Should().StartWith($"{kid}|1|active|active|api_key|SHA-256 is weaker than ML-DSA-65 (FIPS 204, section 5.4)");

        using HttpClient other = await App.NarrowedClientAsync("signature:sign-hash");
        await other.MustUseAsync("/signature/sign-hash", weak);
        Events().Should().HaveCount(2);

        App.Time.Pass(TimeSpan.FromDays(1));
        await Client.MustUseAsync("/signature/sign-hash", weak);
        Events().Should().HaveCount(3);

        IEnumerable<string> Events()
        {
            using Database database = App.OpenDatabase();
            return database.Strings(
                """
                SELECT kid || '|' || key_version || '|' || from_state || '|' || to_state || '|' || actor_kind || '|' || reason
                FROM audit_events WHERE action = 'key.weak_hash_signed' ORDER BY id
                """);
        }
    }

    //
    [Theory]
    [InlineData("RSA-2048", "SHA-256")]
    [InlineData("RSA-2048", "SHA-384")]
    [InlineData("RSA-2048", "SHA-512")]
    [InlineData("RSA-3072", "SHA-384")]
    [InlineData("RSA-4096", "SHA-512")]
    public async Task A_hash_is_signed_as_rsa_pss_and_is_the_signature_of_its_message(string algorithm, string hashAlgorithm)
    {
        await ShareServiceAsync();
        Answer made = await Client.GenerateAsync(algorithm, new { use = "sig" });
        using RSA publicKey = RSA.Create();
        publicKey.ImportSubjectPublicKeyInfo(made.Bytes("public_key"), out _);
        object input = new { hash = HashOf(hashAlgorithm), hash_algorithm = hashAlgorithm, algorithm };

        Answer signed = await Client.MustUseAsync("/signature/sign-hash", input);

        ShouldSayHow(signed, hashAlgorithm, weak: false);
        HashAlgorithmName name = new(hashAlgorithm.Replace("-", "", StringComparison.Ordinal));
        publicKey.VerifyData(_message, signed.Bytes("signature"), name, RSASignaturePadding.Pss).Should().BeTrue();
        ((bool)(await Client.MustUseAsync("/signature/verify-hash", input, new { signature = signed.Text("signature") })).Data["valid"]!)
            .Should().BeTrue();
        ((bool)(await Client.MustUseAsync(
            "/signature/verify",
            new { message = _message, hash_algorithm = hashAlgorithm, signature = signed.Text("signature"), algorithm })).Data["valid"]!)
            .Should().BeTrue();
        (await Client.UseAsync("/signature/sign-hash", input, new { signature_context = "AAAA" })).ShouldBlame("signature_context");
    }

    //
    [Theory]
    [InlineData("ML-DSA-65", "SHA-256")]
    [InlineData("ML-DSA-65", "SHA-512")]
    [InlineData("RSA-2048", "SHA-256")]
    public async Task A_signature_that_is_not_the_keys_for_the_hash_is_no_error(string algorithm, string hashAlgorithm)
    {
        await ShareServiceAsync();
        string? use = algorithm == "RSA-2048" ? "sig" : null;
        await Client.GenerateAsync(algorithm, new { use });
        await Client.GenerateAsync(algorithm, new { name = "other", use });
        byte[] hash = HashOf(hashAlgorithm);
        object input = new { hash, hash_algorithm = hashAlgorithm, algorithm };
        byte[] signature = (await Client.MustUseAsync("/signature/sign-hash", input)).Bytes("signature");
        byte[] ofOther = (await Client.MustUseAsync("/signature/sign-hash", input, new { name = "other" })).Bytes("signature");
        byte[] changed = [.. signature];
        changed[signature.Length / 2] ^= 1;
        byte[] otherHash = [.. hash];
        otherHash[0] ^= 1;

        foreach (object wrong in new object[]
        {
            new { signature = changed }, new { signature = "" }, new { signature = signature[..^1] },
            new { signature = (byte[])[.. signature, 0] }, new { signature = new byte[signature.Length] }, new { signature = ofOther },
            new { signature, hash = otherHash }, new { signature, hash_algorithm = "SHA-384", hash = HashOf("SHA-384") },
        })
        {
            ((bool)(await Client.MustUseAsync("/signature/verify-hash", input, wrong)).Data["valid"]!).Should().BeFalse();
        }

        ((bool)(await Client.MustUseAsync("/signature/verify-hash", input, new { signature })).Data["valid"]!).Should().BeTrue();
    }

    //
    [Theory]
    [InlineData("SHA-256", 32)]
    [InlineData("SHA-384", 48)]
    [InlineData("SHA-512", 64)]
    public async Task A_hash_of_the_wrong_length_or_function_is_refused_by_field(string hashAlgorithm, int right)
    {
        await ShareServiceAsync();
        await Client.GenerateAsync("ML-DSA-44");

        foreach (string route in new[] { "/signature/sign-hash", "/signature/verify-hash" })
        {
            object key = route == "/signature/sign-hash"
                ? new { algorithm = "ML-DSA-44" }
                : new { algorithm = "ML-DSA-44", signature = "" };
            foreach (int length in new[] { 0, 1, 20, 32, 48, 64, right - 1, right + 1 }.Where(length => length != right))
                (await Client.UseAsync(route, new { hash = new byte[length], hash_algorithm = hashAlgorithm }, key)).ShouldBlame("hash");

            (await Client.UseAsync(route, new { hash_algorithm = hashAlgorithm }, key)).ShouldBlame("hash");
            (await Client.UseAsync(route, new { hash = new byte[right], hash_algorithm = hashAlgorithm, message = "" }, key))
                .ShouldBlame("message");
            foreach (object? name in new object?[] { "SHA-1", "SHA-224", "SHA256", "sha-257", "", null, 256 })
                (await Client.UseAsync(route, new { hash = new byte[right], hash_algorithm = name }, key)).ShouldBlame("hash_algorithm");
        }
    }

    //
    [Fact]
    public async Task By_setting_a_weak_hash_is_refused()
    {
        await using QkmsApplication app = new() { Settings = { ["Qkms:Signatures:RefuseWeakHash"] = "true" } };
        using HttpClient client = app.Client();
        foreach (string algorithm in new[] { "ML-DSA-44", "ML-DSA-65", "ML-DSA-87" })
            await client.GenerateAsync(algorithm);

        await client.GenerateAsync("RSA-4096", new { use = "sig" });
        foreach ((string algorithm, string hashAlgorithm, bool refused) in new[]
        {
            ("ML-DSA-44", "SHA-256", false), ("ML-DSA-65", "SHA-256", true), ("ML-DSA-65", "SHA-384", false),
            ("ML-DSA-87", "SHA-256", true), ("ML-DSA-87", "SHA-384", true), ("ML-DSA-87", "SHA-512", false), ("RSA-4096", "SHA-256", false),
        })
        {
            object input = new { hash = HashOf(hashAlgorithm), hash_algorithm = hashAlgorithm, algorithm };
            Answer signed = await client.UseAsync("/signature/sign-hash", input);
            Answer verified = await client.UseAsync(
                "/signature/verify-hash", input, new { signature = refused ? "" : signed.Text("signature") });
            if (refused)
            {
                signed.ShouldBlame("hash_algorithm");
                verified.ShouldBlame("hash_algorithm");
            }
            else
            {
                ShouldSayHow(signed, hashAlgorithm, weak: false);
                ((bool)verified.ShouldBe(HttpStatusCode.OK).Data["valid"]!).Should().BeTrue();
            }
        }
    }

    //
    [Fact]
    public async Task Each_of_the_four_has_its_own_permission()
    {
        PreparedUse[] uses =
        [
            .. (await PreparedUse.PrepareAsync(Client, "default"))
                .Where(use => (use.Signs || use.Verifies) && use.Algorithm == KeyUseVerbs.Dsa)
        ];
        uses.Length.Should().Be(4);

        foreach (PreparedUse allowed in uses)
        {
            using HttpClient narrowed = await App.NarrowedClientAsync(allowed.Route[1..].Replace('/', ':'));
            foreach (PreparedUse use in uses)
            {
                Answer answer = await use.SendAsync(narrowed, use.ByKid);
                if (use == allowed)
                    answer.ShouldBe(HttpStatusCode.OK);
                else
                    answer.ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
            }
        }
    }

    private static byte[] HashOf(string hashAlgorithm) => hashAlgorithm switch
    {
        "SHA-256" => SHA256.HashData(_message),
        "SHA-384" => SHA384.HashData(_message),
        "SHA-512" => SHA512.HashData(_message),
        _ => throw new ArgumentOutOfRangeException(nameof(hashAlgorithm)),
    };

    private static void ShouldSayHow(Answer answer, string hashAlgorithm, bool weak)
    {
        answer.Text("hash_algorithm").Should().Be(hashAlgorithm);
        answer.Text("signature_type").Should().Be("detached");
        JsonArray warnings = answer.ShouldBe(HttpStatusCode.OK).Data["warnings"]!.AsArray();
        warnings.Count.Should().Be(weak ? 1 : 0, answer.Body);
        if (weak)
            ((string)warnings[0]!).Should().Contain(hashAlgorithm).And.Contain("5.4");
    }
}
