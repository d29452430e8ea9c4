namespace Qkms.Tests.Aws;

/// <summary>The operations of AWS KMS that Qkms has, over HTTP.</summary>
public sealed class AwsOperationTests : SharedServiceTests
{
    /// <summary>E-10, E-11: a data key, and its plaintext again without a KeyId, after a rotation.</summary>
    [Fact]
    public async Task A_data_key_comes_back_without_a_key_id_after_a_rotation()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string id = await NewKeyAsync("AES-256");
        Answer made = await Client.CallAsync(
            signer, "GenerateDataKey", new { KeyId = id, KeySpec = "AES_256", EncryptionContext = new { a = "b" } });
        Convert.FromBase64String(made.Member("Plaintext")).Should().HaveCount(32);
        made.Member("KeyId").Should().MatchRegex($"^arn:aws:kms:eu-west-1:[0-9]{{12}}:key/{id}$");
        await Client.RotateAsync("AES-256");

        Answer opened = await Client.CallAsync(
            signer, "Decrypt", new { CiphertextBlob = made.Member("CiphertextBlob"), EncryptionContext = new { a = "b" } });

        opened.Member("Plaintext").Should().Be(made.Member("Plaintext"));
        opened.Member("KeyId").Should().Be(made.Member("KeyId"));
        opened.Member("EncryptionAlgorithm").Should().Be("SYMMETRIC_DEFAULT");
        (await Client.CallAsync(signer, "Decrypt", new { CiphertextBlob = made.Member("CiphertextBlob") }))
            .ShouldBeException("InvalidCiphertextException");
    }

    [Fact]
    public async Task A_data_key_can_be_made_without_showing_it()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string id = await NewKeyAsync("AES-256");

        Answer made = await Client.CallAsync(signer, "GenerateDataKeyWithoutPlaintext", new { KeyId = id, NumberOfBytes = 24 });

        made.ShouldBe(HttpStatusCode.OK).Json["Plaintext"].Should().BeNull();
        string opened = (await Client.CallAsync(signer, "Decrypt", new { CiphertextBlob = made.Member("CiphertextBlob"), KeyId = id }))
            .Member("Plaintext");
        Convert.FromBase64String(opened).Should().HaveCount(24);
    }

    /// <summary>One key is one key: what AWS's client encrypts, REST decrypts.</summary>
    [Fact]
    public async Task What_one_protocol_encrypts_the_other_decrypts()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string id = await NewKeyAsync("AES-256");

        Answer made = await Client.CallAsync(
            signer, "Encrypt", new { KeyId = id, Plaintext = "aGVsbG8=", EncryptionContext = new { a = "b" } });

        (await Client.UseAsync("/crypto/decrypt", new { ciphertext = made.Member("CiphertextBlob"), context = new { a = "b" } }))
            .Text("plaintext").Should().Be("aGVsbG8=");
    }

    [Fact]
    public async Task A_ciphertext_of_another_key_is_told_from_one_that_is_none()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string id = await NewKeyAsync("AES-256");
        string other = await NewKeyAsync("AES-256", "other");
        string blob = (await Client.CallAsync(signer, "Encrypt", new { KeyId = id, Plaintext = "aGVsbG8=" })).Member("CiphertextBlob");

        (await Client.CallAsync(signer, "Decrypt", new { CiphertextBlob = blob, KeyId = other }))
            .ShouldBeException("IncorrectKeyException");
        (await Client.CallAsync(signer, "Decrypt", new { CiphertextBlob = "aGVsbG8=" }))
            .ShouldBeException("InvalidCiphertextException");
    }

    /// <summary>E-14: what is encrypted to an RSA key opens with the hash that the key was made with.</summary>
    [Fact]
    public async Task Rsa_encrypts_with_the_hash_of_the_key()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string id = (await Client.GenerateAsync("RSA-2048", new { oaep_hash = "SHA-256" })).Text("key_id");

        Answer made = await Client.CallAsync(
            signer, "Encrypt", new { KeyId = id, Plaintext = "aGVsbG8=", EncryptionAlgorithm = "RSAES_OAEP_SHA_256" });
        string ciphertext = made.Member("CiphertextBlob");

        made.Member("EncryptionAlgorithm").Should().Be("RSAES_OAEP_SHA_256");
        (await Client.CallAsync(
            signer, "Decrypt", new { KeyId = id, CiphertextBlob = ciphertext, EncryptionAlgorithm = "RSAES_OAEP_SHA_256" }))
            .Member("Plaintext").Should().Be("aGVsbG8=");
        (await Client.CallAsync(
            signer, "Decrypt", new { KeyId = id, CiphertextBlob = ciphertext, EncryptionAlgorithm = "RSAES_OAEP_SHA_1" }))
            .ShouldBeException("InvalidKeyUsageException");
        (await Client.CallAsync(signer, "Decrypt", new { CiphertextBlob = ciphertext })).ShouldBeException("InvalidCiphertextException");
    }

    /// <summary>A request that names another key or algorithm is refused before the key does anything.</summary>
    [Fact]
    public async Task A_mistaken_request_is_no_use_of_the_key()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        Answer key = await Client.GenerateAsync("AES-256");
        string id = key.Text("key_id");
        string other = await NewKeyAsync("AES-256", "other");
        string blob = (await Client.CallAsync(signer, "Encrypt", new { KeyId = id, Plaintext = "aGVsbG8=" })).Member("CiphertextBlob");

        (await Client.CallAsync(signer, "Decrypt", new { CiphertextBlob = blob, KeyId = other }))
            .ShouldBeException("IncorrectKeyException");
        (await Client.CallAsync(
            signer, "Encrypt", new { KeyId = id, Plaintext = "aGVsbG8=", EncryptionAlgorithm = "RSAES_OAEP_SHA_256" }))
            .ShouldBeException("InvalidKeyUsageException");
        (await Client.CallAsync(signer, "Decrypt", new { CiphertextBlob = blob, EncryptionAlgorithm = "RSAES_OAEP_SHA_256" }))
            .ShouldBeException("InvalidKeyUsageException");

        (await Client.GetJsonAsync($"/kms/keys/{key.Text("kid")}")).Number("usage_count").Should().Be(1);
    }

    /// <summary>E-13: a shared secret, with a key of ML-KEM.</summary>
    [Theory]
    [InlineData("ML-KEM-512", "ML_KEM_512", 768)]
    [InlineData("ML-KEM-768", "ML_KEM_768", 1088)]
    [InlineData("ML-KEM-1024", "ML_KEM_1024", 1568)]
    public async Task A_shared_secret_comes_back(string algorithm, string spec, int length)
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string id = await NewKeyAsync(algorithm);

        Answer described = await Client.CallAsync(signer, "DescribeKey", new { KeyId = id });
        Answer made = await Client.CallAsync(signer, "Encapsulate", new { KeyId = id, EncapsulationAlgorithm = "ML_KEM" });
        byte[] ciphertext = Convert.FromBase64String(made.Member("SharedSecretCiphertextBlob"));

        JsonNode metadata = described.ShouldBe(HttpStatusCode.OK).Json["KeyMetadata"]!;
        ((string?)metadata["KeySpec"]).Should().Be(spec);
        ((string?)metadata["KeyUsage"]).Should().Be("ENCAPSULATE_DECAPSULATE");
        ((string?)metadata["EncapsulationAlgorithms"]![0]).Should().Be("ML_KEM");
        ciphertext.Should().HaveCount(length);
        (await DecapsulateAsync(signer, id, ciphertext)).Member("SharedSecret").Should().Be(made.Member("SharedSecret"));

        // Implicit rejection (FIPS 203, section 6.3): another secret, and no refusal; of another length it is refused.
        ciphertext[5] ^= 1;
        (await DecapsulateAsync(signer, id, ciphertext)).Member("SharedSecret").Should().NotBe(made.Member("SharedSecret"));
        (await DecapsulateAsync(signer, id, ciphertext[1..])).ShouldBeException("InvalidCiphertextException");
    }

    /// <summary>E-14, E-15: signatures, of messages and of what stands for them.</summary>
    [Fact]
    public async Task Signatures_verify()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string rsa = await NewKeyAsync("RSA-2048", use: "sig");
        string dsa = await NewKeyAsync("ML-DSA-65");
        string p256 = await NewKeyAsync("EC-P256");
        string p384 = await NewKeyAsync("EC-P384");
        string p521 = await NewKeyAsync("EC-P521");
        string ed25519 = await NewKeyAsync("Ed25519");
        foreach ((string id, string algorithm) in new[]
        {
            (rsa, "RSASSA_PSS_SHA_256"), (rsa, "RSASSA_PKCS1_V1_5_SHA_512"), (dsa, "ML_DSA_SHAKE_256"),
            (p256, "ECDSA_SHA_256"), (p384, "ECDSA_SHA_384"), (p521, "ECDSA_SHA_512"), (ed25519, "ED25519_SHA_512"),
        })
        {
            string signature = (await Client.CallAsync(
                signer, "Sign", new { KeyId = id, Message = "aGVsbG8=", SigningAlgorithm = algorithm })).Member("Signature");
            Answer verified = await Client.CallAsync(
                signer, "Verify", new { KeyId = id, Message = "aGVsbG8=", Signature = signature, SigningAlgorithm = algorithm });
            ((bool?)verified.ShouldBe(HttpStatusCode.OK).Json["SignatureValid"]).Should().BeTrue();
            (await Client.CallAsync(
                signer, "Verify", new { KeyId = id, Message = "aGVsbG9v", Signature = signature, SigningAlgorithm = algorithm }))
                .ShouldBeException("KMSInvalidSignatureException");
        }

        byte[] digest = SHA256.HashData("hello"u8);
        string ofDigest = (await Client.CallAsync(
            signer,
            "Sign",
            new { KeyId = rsa, Message = Convert.ToBase64String(digest), MessageType = "DIGEST", SigningAlgorithm = "RSASSA_PSS_SHA_256" }))
            .Member("Signature");
        Answer ofMessage = await Client.CallAsync(
            signer,
            "Verify",
            new { KeyId = rsa, Message = "aGVsbG8=", Signature = ofDigest, SigningAlgorithm = "RSASSA_PSS_SHA_256" });
        ((bool?)ofMessage.ShouldBe(HttpStatusCode.OK).Json["SignatureValid"]).Should().BeTrue();
        using RSA key = RSA.Create();
        key.ImportSubjectPublicKeyInfo(
            Convert.FromBase64String((await Client.CallAsync(signer, "GetPublicKey", new { KeyId = rsa })).Member("PublicKey")), out _);
        key.VerifyHash(digest, Convert.FromBase64String(ofDigest), HashAlgorithmName.SHA256, RSASignaturePadding.Pss).Should().BeTrue();
        (await Client.CallAsync(
            signer, "Sign", new { KeyId = dsa, Message = "aGVsbG8=", MessageType = "EXTERNAL_MU", SigningAlgorithm = "ML_DSA_SHAKE_256" }))
            .ShouldBeException("ValidationException");
    }

    /// <summary>E-14: a MAC is that of the platform's HMAC, and verifies.</summary>
    [Theory]
    [InlineData("HMAC-256", "HMAC_256", "HMAC_SHA_256", 32)]
    [InlineData("HMAC-384", "HMAC_384", "HMAC_SHA_384", 48)]
    [InlineData("HMAC-512", "HMAC_512", "HMAC_SHA_512", 64)]
    public async Task A_mac_verifies(string algorithm, string spec, string name, int length)
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string id = await NewKeyAsync(algorithm);

        Answer made = await Client.CallAsync(signer, "GenerateMac", new { KeyId = id, Message = "aGVsbG8=", MacAlgorithm = name });
        string mac = made.Member("Mac");
        Answer verified = await Client.CallAsync(
            signer, "VerifyMac", new { KeyId = id, Message = "aGVsbG8=", Mac = mac, MacAlgorithm = name });
        JsonNode metadata = (await Client.CallAsync(signer, "DescribeKey", new { KeyId = id })).Json["KeyMetadata"]!;

        Convert.FromBase64String(mac).Should().HaveCount(length);
        ((bool?)verified.ShouldBe(HttpStatusCode.OK).Json["MacValid"]).Should().BeTrue();
        ((string?)metadata["KeySpec"], (string?)metadata["KeyUsage"]).Should().Be((spec, "GENERATE_VERIFY_MAC"));
        (await Client.CallAsync(signer, "VerifyMac", new { KeyId = id, Message = "aGVsbG9v", Mac = mac, MacAlgorithm = name }))
            .ShouldBeException("KMSInvalidMacException");
        (await Client.CallAsync(signer, "GenerateMac", new { KeyId = id, Message = "aGVsbG8=", MacAlgorithm = "HMAC_SHA_224" }))
            .ShouldBeException("InvalidKeyUsageException");
    }

    [Fact]
    public async Task Random_bytes_have_the_length_that_was_asked_for()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();

        Answer made = await Client.CallAsync(signer, "GenerateRandom", new { NumberOfBytes = 33 });

        Convert.FromBase64String(made.Member("Plaintext")).Should().HaveCount(33);
    }

    [Theory]
    [InlineData("Encrypt", """{"Plaintext":"aGVsbG8="}""", "ValidationException")]
    [InlineData("Encrypt", """{"KeyId":"KEY"}""", "ValidationException")]
    [InlineData("Encrypt", """{"KeyId":"KEY","Plaintext":""}""", "ValidationException")]
    [InlineData("Encrypt", """{"KeyId":"KEY","Plaintext":"%"}""", "SerializationException")]
    [InlineData("Encrypt", """{"KeyId":"KEY","Plaintext":5}""", "SerializationException")]
    [InlineData("Encrypt", """{"KeyId":"KEY","Plaintext":"aGk=","KeyId":"KEY"}""", "SerializationException")]
    [InlineData("Encrypt", """{"KeyId":"KEY","Plaintext":"aGk=","EncryptionAlgorithm":"RSAES_OAEP_SHA_256"}""", "InvalidKeyUsageException")]
    [InlineData("Encrypt", """{"KeyId":"KEY","Plaintext":"aGk=","EncryptionContext":{"":"x"}}""", "ValidationException")]
    [InlineData("Encrypt", """{"KeyId":"KEY","Plaintext":"aGk=","GrantTokens":["x"]}""", "UnsupportedOperationException")]
    [InlineData("Encrypt", """{"KeyId":"KEY","Plaintext":"aGk=","DryRun":true}""", "DryRunOperationException")]
    [InlineData("Encrypt", "", "SerializationException")]
    [InlineData("Encrypt", "null", "SerializationException")]
    [InlineData("Encrypt", "[]", "SerializationException")]
    [InlineData("Encrypt", "{} {}", "SerializationException")]
    [InlineData("Sign", """{"KeyId":"KEY","Message":"aGk=","SigningAlgorithm":"ML_DSA_SHAKE_256"}""", "InvalidKeyUsageException")]
    [InlineData("Encapsulate", """{"KeyId":"KEY","EncapsulationAlgorithm":"ML_KEM"}""", "InvalidKeyUsageException")]
    [InlineData("Encapsulate", """{"KeyId":"KEY"}""", "ValidationException")]
    [InlineData("GetPublicKey", """{"KeyId":"KEY"}""", "UnsupportedOperationException")]
    [InlineData("GenerateDataKey", """{"KeyId":"KEY"}""", "ValidationException")]
    [InlineData("GenerateDataKey", """{"KeyId":"KEY","KeySpec":"AES_256","NumberOfBytes":32}""", "ValidationException")]
    [InlineData("GenerateDataKey", """{"KeyId":"KEY","NumberOfBytes":2000}""", "ValidationException")]
    [InlineData("GenerateRandom", """{"NumberOfBytes":0}""", "ValidationException")]
    [InlineData("DescribeKey", """{"KeyId":"alias/none"}""", "NotFoundException")]
    [InlineData("DescribeKey", """{"KeyId":"00000000-0000-0000-0000-000000000000"}""", "NotFoundException")]
    [InlineData("DescribeKey", """{"KeyId":"arn:aws:kms:eu-west-1:000000000000:key/KEY"}""", "NotFoundException")]
    [InlineData("DescribeKey", """{"KeyId":"arn:aws:s3:::bucket"}""", "InvalidArnException")]
    [InlineData("CreateGrant", """{"KeyId":"KEY"}""", "UnsupportedOperationException")]
    [InlineData("decrypt", "{}", "UnknownOperationException")]
    public async Task What_is_wrong_with_a_request_is_an_exception_of_aws(string operation, string body, string exception)
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string id = await NewKeyAsync("AES-256");

        (await Client.CallAsync(signer, operation, body.Replace("KEY", id, StringComparison.Ordinal))).ShouldBeException(exception);
    }

    [Fact]
    public async Task Members_that_are_not_known_are_skipped()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();

        (await Client.CallAsync(signer, "GenerateRandom", new { NumberOfBytes = 8, CustomKeyStoreIdOfTomorrow = "x" }))
            .ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_key_without_an_active_version_is_in_the_wrong_state()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        Answer key = await Client.GenerateAsync("AES-256");
        await Client.RevokeAsync(key.Text("kid"));

        (await Client.CallAsync(signer, "GenerateDataKey", new { KeyId = key.Text("key_id"), KeySpec = "AES_256" }))
            .ShouldBeException("KMSInvalidStateException");
        Answer described = await Client.CallAsync(signer, "DescribeKey", new { KeyId = key.Text("key_id") });
        ((bool?)described.ShouldBe(HttpStatusCode.OK).Json["KeyMetadata"]!["Enabled"]).Should().BeFalse();
    }

    private Task<Answer> DecapsulateAsync(AwsSigner signer, string id, byte[] ciphertext) => Client.CallAsync(
        signer,
        "Decapsulate",
        new { KeyId = id, SharedSecretCiphertextBlob = Convert.ToBase64String(ciphertext), EncapsulationAlgorithm = "ML_KEM" });

    private async Task<string> NewKeyAsync(string algorithm, string name = "default", string? use = null) =>
        (await Client.GenerateAsync(algorithm, use is null ? new { name } : new { name, use })).Text("key_id");
}
