namespace Qkms.Tests.Encryption.Kem;

/// <summary>/kem/encrypt, /kem/decrypt, /kem/key/wrap and /kem/key/unwrap.</summary>
public sealed class KemEncryptTests : SharedServiceTests
{
    private static readonly byte[] _hello = "hello"u8.ToArray();
    private static readonly byte[] _aad = "header"u8.ToArray();

    // The canonical form of {"a":"1"}.
    private static readonly byte[] _contextA1 = [0, 0, 0, 1, 0, 0, 0, 1, (byte)'a', 0, 0, 0, 1, (byte)'1'];

    //
    [Theory]
    [InlineData("ML-KEM-512", "ML-KEM-512", 768)]
    [InlineData("ML-KEM-768", "ML-KEM-768", 1088)]
    [InlineData("ML-KEM-1024", "ML-KEM-1024", 1568)]
    [InlineData("Kyber512", "ML-KEM-512", 768)]
    [InlineData("Kyber768", "ML-KEM-768", 1088)]
    [InlineData("Kyber1024", "ML-KEM-1024", 1568)]
    public async Task What_was_encrypted_is_decrypted(string algorithm, string canonical, int encLength)
    {
        string kid = (await Client.GenerateAsync(algorithm)).Text("kid");

        foreach (byte[] plaintext in new[] { _hello, [], RandomNumberGenerator.GetBytes(1024 * 1024) })
        {
            Answer encrypted = await Client.MustUseAsync("/kem/encrypt", new { plaintext, key_version = 1, algorithm });
            encrypted.Bytes("ciphertext").Length.Should().Be(encLength + plaintext.Length + 16);
            encrypted.Number("key_version").Should().Be(1);
            encrypted.Text("algorithm").Should().Be(algorithm);
            encrypted.Text("algorithm_id").Should().Be(canonical);
            encrypted.Text("kid").Should().Be(kid);
            Answer decrypted = await Client.MustUseAsync(
                "/kem/decrypt", new { ciphertext = encrypted.Text("ciphertext"), key_version = 1, algorithm });
            decrypted.Bytes("plaintext").AsSpan().SequenceEqual(plaintext).Should().BeTrue();
            decrypted.Text("algorithm").Should().Be(algorithm);
        }

        (await Client.UseAsync("/kem/encrypt", new { plaintext = new byte[(1024 * 1024) + 1], algorithm })).ShouldBlame("plaintext");
    }

    /// <summary>F-80: existing clients name the mode with every request .</summary>
    [Fact]
    public async Task The_mode_that_there_is_may_be_named()
    {
        await Client.GenerateAsync();

        Answer encrypted = await Client.MustUseAsync(
            "/kem/encrypt", new { plaintext = _hello, key_version = 1, algorithm = "Kyber768", mode = "standard" });
        Answer decrypted = await Client.MustUseAsync(
            "/kem/decrypt",
            new { ciphertext = encrypted.Text("ciphertext"), key_version = 1, algorithm = "Kyber768", mode = "standard" });

        decrypted.Bytes("plaintext").Should().Equal(_hello);
        (await Client.MustUseAsync("/kem/decrypt", new { ciphertext = encrypted.Text("ciphertext"), mode = (string?)null }))
            .Bytes("plaintext").Should().Equal(_hello);
    }

    /// <summary>F-80: the mode that Qkms does not have is refused with the reason, and any other word by the one that there is.</summary>
    [Theory]
    [InlineData("deterministic", "must be standard: deterministic encryption would show which plaintexts are equal")]
    [InlineData("Standard", "must be standard")]
    [InlineData("", "must be standard")]
    public async Task Another_mode_is_refused(string mode, string reason)
    {
        await Client.GenerateAsync();

        foreach (Answer answer in new[]
        {
            await Client.UseAsync("/kem/encrypt", new { plaintext = _hello, mode }),
            await Client.UseAsync("/kem/decrypt", new { ciphertext = _hello, mode }),
        })
        {
            answer.ShouldBlame("mode").Message.Should().StartWith($"'mode' {reason}");
            answer.Details.Should().ContainSingle();
        }
    }

    // active or retired.
    [Fact]
    public async Task A_retired_version_decrypts_and_unwraps_and_does_not_encrypt_or_wrap()
    {
        await Client.GenerateAsync();
        Answer encrypted = await Client.MustUseAsync("/kem/encrypt", new { plaintext = _hello });
        Answer wrapped = await Client.MustUseAsync("/kem/key/wrap", new { symmetric_key = _hello });
        string next = (await Client.RotateAsync()).Text("kid");

        (await Client.MustUseAsync("/kem/decrypt", new { ciphertext = encrypted.Text("ciphertext"), key_version = 1 })).Bytes("plaintext")
            .Should().Equal(_hello);
        (await Client.MustUseAsync("/kem/key/unwrap", new { wrapped_key = wrapped.Text("wrapped_key"), key_version = 1 }))
            .Bytes("symmetric_key")
            .Should().Equal(_hello);
        (await Client.UseAsync("/kem/encrypt", new { plaintext = _hello, key_version = 1 })).ShouldNameNext("ERR_KMS_008", next);
        (await Client.UseAsync("/kem/key/wrap", new { symmetric_key = _hello, key_version = 1 })).ShouldNameNext("ERR_KMS_008", next);
    }

    //
    [Theory]
    [InlineData("ML-KEM-512", 768)]
    [InlineData("Kyber768", 1088)]
    [InlineData("ML-KEM-1024", 1568)]
    public async Task A_key_is_wrapped_and_unwrapped(string algorithm, int encLength)
    {
        await Client.GenerateAsync(algorithm);

        foreach (int length in new[] { 1, 32, 1024 })
        {
            byte[] key = RandomNumberGenerator.GetBytes(length);
            Answer wrapped = await Client.MustUseAsync("/kem/key/wrap", new { symmetric_key = key, key_version = 1, algorithm });
            wrapped.Text("wrapping_method").Should().Be("KEM-DEM");
            wrapped.Bytes("wrapped_key").Length.Should().Be(encLength + length + 16);
            (await Client.MustUseAsync("/kem/key/unwrap", new { wrapped_key = wrapped.Text("wrapped_key"), key_version = 1, algorithm }))
                .Bytes("symmetric_key")
                .Should().Equal(key);
        }

        (await Client.UseAsync("/kem/key/wrap", new { symmetric_key = "", algorithm })).ShouldBlame("symmetric_key");
        (await Client.UseAsync("/kem/key/wrap", new { symmetric_key = new byte[1025], algorithm })).ShouldBlame("symmetric_key");
    }

    //
    [Fact]
    public async Task Neither_opens_the_others_ciphertext()
    {
        await Client.GenerateAsync();
        string encrypted = (await Client.MustUseAsync("/kem/encrypt", new { plaintext = _hello, aad = _aad })).Text("ciphertext");
        string wrapped = (await Client.MustUseAsync("/kem/key/wrap", new { symmetric_key = _hello, aad = _aad })).Text("wrapped_key");

        (await Client.UseAsync("/kem/key/unwrap", new { wrapped_key = encrypted, aad = _aad })).ShouldNotDecrypt();
        (await Client.UseAsync("/kem/decrypt", new { ciphertext = wrapped, aad = _aad })).ShouldNotDecrypt();
        (await Client.UseAsync("/crypto/decrypt", new { ciphertext = wrapped, algorithm = "ML-KEM-768" })).ShouldNotDecrypt();
        (await Client.UseAsync("/crypto/decrypt", new { ciphertext = encrypted, algorithm = "ML-KEM-768" })).ShouldNotDecrypt();
        (await Client.MustUseAsync("/kem/decrypt", new { ciphertext = encrypted, aad = _aad })).Bytes("plaintext").Should().Equal(_hello);
    }

    //
    [Fact]
    public async Task The_associated_data_has_to_be_given_again()
    {
        await Client.GenerateAsync();
        string ciphertext = (await Client.MustUseAsync("/kem/encrypt", new { plaintext = _hello, aad = _aad })).Text("ciphertext");
        string wrapped = (await Client.MustUseAsync("/kem/key/wrap", new { symmetric_key = _hello, aad = _aad })).Text("wrapped_key");
        string without = (await Client.MustUseAsync("/kem/encrypt", new { plaintext = _hello })).Text("ciphertext");

        foreach (object other in new object[]
        {
            new { },
            new { aad = "" },
            new { aad = "headeR"u8.ToArray() },
            new { aad = "header "u8.ToArray() },
            new { aad = (string?)null }
        })
        {
            (await Client.UseAsync("/kem/decrypt", new { ciphertext }, other)).ShouldNotDecrypt(other.ToString());
            (await Client.UseAsync("/kem/key/unwrap", new { wrapped_key = wrapped }, other)).ShouldNotDecrypt(other.ToString());
        }

        (await Client.MustUseAsync("/kem/decrypt", new { ciphertext, aad = _aad })).Bytes("plaintext").Should().Equal(_hello);
        (await Client.MustUseAsync("/kem/key/unwrap", new { wrapped_key = wrapped, aad = _aad })).Bytes("symmetric_key")
            .Should().Equal(_hello);
        (await Client.MustUseAsync("/kem/decrypt", new { ciphertext = without, aad = "" })).Bytes("plaintext").Should().Equal(_hello);
        (await Client.UseAsync("/kem/decrypt", new { ciphertext = without, aad = _aad })).ShouldNotDecrypt();

        byte[] longest = new byte[8192];
        string long1 = (await Client.MustUseAsync("/kem/encrypt", new { plaintext = _hello, aad = longest })).Text("ciphertext");
        await Client.MustUseAsync("/kem/decrypt", new { ciphertext = long1, aad = longest });
        foreach (string route in new[] { "/kem/encrypt", "/kem/decrypt", "/kem/key/wrap", "/kem/key/unwrap" })
        {
            string member = route switch
            {
                "/kem/encrypt" => "plaintext",
                "/kem/decrypt" => "ciphertext",
                "/kem/key/wrap" => "symmetric_key",
                _ => "wrapped_key"
            };
            (await Client.UseAsync(route, new Dictionary<string, object> { [member] = _hello }, new { aad = new byte[8193] }))
                .ShouldBlame("aad");
        }
    }

    //
    [Fact]
    public async Task A_changed_shortened_or_lengthened_ciphertext_does_not_open()
    {
        await Client.GenerateAsync("ML-KEM-512");
        byte[] encrypted = (await Client.MustUseAsync("/kem/encrypt", new { plaintext = _hello, algorithm = "ML-KEM-512" }))
            .Bytes("ciphertext");
        byte[] wrapped = (await Client.MustUseAsync("/kem/key/wrap", new { symmetric_key = _hello, algorithm = "ML-KEM-512" }))
            .Bytes("wrapped_key");

        await Ciphertexts.ShouldNotOpenWhenChangedAsync(Client, "/kem/decrypt", "ciphertext", encrypted, new { algorithm = "ML-KEM-512" });
        await Ciphertexts.ShouldNotOpenWhenChangedAsync(
            Client, "/kem/key/unwrap", "wrapped_key", wrapped, new { algorithm = "ML-KEM-512" });
    }

    [Fact]
    public async Task A_key_of_another_family_is_sent_to_its_own_road()
    {
        await Client.GenerateAsync("AES-256");
        await Client.GenerateAsync("RSA-2048");

        foreach (string algorithm in new[] { "AES-256", "RSA-2048" })
        {
            (await Client.UseAsync("/kem/encrypt", new { plaintext = _hello, algorithm }))
                .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_SIG_001").Body
                .Should().Contain("/crypto/encrypt");
            (await Client.UseAsync("/kem/key/wrap", new { symmetric_key = _hello, algorithm }))
                .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_SIG_001");
        }
    }

    /// <summary>
    /// F-21: an aad that is a canonical context does not cross over: what /kem/encrypt made is no ciphertext of /crypto/decrypt, nor the
    /// other way round, and neither is a wrapped key.
    /// </summary>
    [Fact]
    public async Task An_aad_that_is_a_canonical_context_does_not_cross_over()
    {
        await Client.GenerateAsync();
        object context = new { a = "1" };
        byte[] withAad = (await Client.MustUseAsync("/kem/encrypt", new { plaintext = _hello, aad = _contextA1 })).Bytes("ciphertext");
        byte[] withContext = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = _hello, context, algorithm = "ML-KEM-768" }))
            .Bytes("ciphertext");
        byte[] wrapped = (await Client.MustUseAsync("/kem/key/wrap", new { symmetric_key = _hello, aad = _contextA1 }))
            .Bytes("wrapped_key");

        await Client.MustUseAsync("/kem/decrypt", new { ciphertext = withAad, aad = _contextA1 });
        await Client.MustUseAsync("/crypto/decrypt", new { ciphertext = withContext, context, algorithm = "ML-KEM-768" });
        await Client.MustUseAsync("/kem/key/unwrap", new { wrapped_key = wrapped, aad = _contextA1 });

        foreach (byte[] foreign in new[] { withAad, wrapped })
            (await Client.UseAsync("/crypto/decrypt", new { ciphertext = foreign, context, algorithm = "ML-KEM-768" })).ShouldNotDecrypt();

        foreach (byte[] foreign in new[] { withContext, wrapped })
            (await Client.UseAsync("/kem/decrypt", new { ciphertext = foreign, aad = _contextA1 })).ShouldNotDecrypt();

        foreach (byte[] foreign in new[] { withContext, withAad })
            (await Client.UseAsync("/kem/key/unwrap", new { wrapped_key = foreign, aad = _contextA1 })).ShouldNotDecrypt();
    }

    // any HPKE library can do this with the public key; here RFC 9180 is written out with the platform's HKDF and AES.
    [Theory]
    [InlineData("ML-KEM-512", 0x0040)]
    [InlineData("ML-KEM-768", 0x0041)]
    [InlineData("ML-KEM-1024", 0x0042)]
    public async Task What_somebody_else_encrypted_by_the_rfc_is_decrypted_and_unwrapped(string algorithm, int kemId)
    {
        Answer made = await Client.GenerateAsync(algorithm);
        using MLKem publicKey = App.Services.GetRequiredService<PqcEngine>()
            .ImportMLKemEncapsulationKey(ParametersOf(algorithm), made.Bytes("public_key"));

        byte[] ciphertext = SealByRfc9180(publicKey, kemId, info: [], _aad, _hello);
        byte[] wrapped = SealByRfc9180(publicKey, kemId, "qkms/key-wrap/v1"u8.ToArray(), _aad, _hello);

        (await Client.MustUseAsync("/kem/decrypt", new { ciphertext, aad = _aad, algorithm })).Bytes("plaintext").Should().Equal(_hello);
        (await Client.MustUseAsync("/kem/key/unwrap", new { wrapped_key = wrapped, aad = _aad, algorithm })).Bytes("symmetric_key")
            .Should().Equal(_hello);

        // The main road is the same format, with an info of its own and the canonical context as associated data.
        byte[] withContext = SealByRfc9180(publicKey, kemId, "qkms/crypto/v1"u8.ToArray(), _contextA1, _hello);
        (await Client.MustUseAsync("/crypto/decrypt", new { ciphertext = withContext, context = new { a = "1" }, algorithm }))
            .Bytes("plaintext")
            .Should().Equal(_hello);
    }

    internal static MLKemAlgorithm ParametersOf(string algorithm) => algorithm switch
    {
        "ML-KEM-512" => MLKemAlgorithm.MLKem512,
        "ML-KEM-768" => MLKemAlgorithm.MLKem768,
        "ML-KEM-1024" => MLKemAlgorithm.MLKem1024,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };

    // RFC 9180, sections 4 to 6.1: base mode, KDF 0x0001, AEAD 0x0002.
    private static byte[] SealByRfc9180(MLKem recipient, int kemId, byte[] info, byte[] aad, byte[] plaintext)
    {
        byte[] suite = [.. "HPKE"u8, (byte)(kemId >> 8), (byte)kemId, 0, 1, 0, 2];
        recipient.Encapsulate(out byte[] enc, out byte[] sharedSecret);
        byte[] context = [0, .. LabeledExtract([], "psk_id_hash", []), .. LabeledExtract([], "info_hash", info)];
        byte[] secret = LabeledExtract(sharedSecret, "secret", []);
        using AesGcm aes = new(LabeledExpand(secret, "key", context, 32), 16);
        byte[] ct = new byte[plaintext.Length];
        byte[] tag = new byte[16];
        aes.Encrypt(LabeledExpand(secret, "base_nonce", context, 12), plaintext, ct, tag, aad);
        return [.. enc, .. ct, .. tag];

        byte[] LabeledExtract(byte[] salt, string label, byte[] keyMaterial) =>
            HKDF.Extract(HashAlgorithmName.SHA256, [.. "HPKE-v1"u8, .. suite, .. Encoding.ASCII.GetBytes(label), .. keyMaterial], salt);

        byte[] LabeledExpand(byte[] key, string label, byte[] labelInfo, byte length) =>
            HKDF.Expand(
                HashAlgorithmName.SHA256,
                key,
                length,
                [0, length, .. "HPKE-v1"u8, .. suite, .. Encoding.ASCII.GetBytes(label), .. labelInfo]);
    }
}
