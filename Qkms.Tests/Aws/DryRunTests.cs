using Qkms.Tests.ApiKeys;

namespace Qkms.Tests.Aws;

/// <summary>A dry run is judged as the request would be, and is no use of the key.</summary>
public sealed class DryRunTests : SharedServiceTests
{
    private static readonly string _hello = Convert.ToBase64String("hello"u8);

    /// <summary>E-11: whatever could be done is a DryRunOperationException, and nothing is counted, journalled or made.</summary>
    [Fact]
    public async Task A_dry_run_of_what_would_succeed_says_so_and_uses_nothing()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        Answer aes = await Client.GenerateAsync("AES-256");
        Answer dsa = await Client.GenerateAsync("ML-DSA-65");
        Answer mac = await Client.GenerateAsync("HMAC-256");
        Answer kem = await Client.GenerateAsync("ML-KEM-768", new { use = "kem" });
        string id = aes.Text("key_id");
        string blob = (await Client.CallAsync(signer, "Encrypt", new { KeyId = id, Plaintext = _hello })).Member("CiphertextBlob");
        string dataKey = (await Client.CallAsync(signer, "GenerateDataKey", new { KeyId = id, KeySpec = "AES_256" }))
            .Member("CiphertextBlob");

        foreach ((string operation, object body) in new (string, object)[]
        {
            ("Encrypt", new { KeyId = id, Plaintext = _hello, DryRun = true }),
            ("Decrypt", new { CiphertextBlob = blob, DryRun = true }),
            ("Decrypt", new { CiphertextBlob = dataKey, KeyId = id, DryRun = true }),
            ("ReEncrypt", new { CiphertextBlob = blob, DestinationKeyId = id, DryRun = true }),
            ("ReEncrypt", new { CiphertextBlob = dataKey, DestinationKeyId = id, DryRun = true }),
            ("GenerateDataKey", new { KeyId = id, KeySpec = "AES_256", DryRun = true }),
            ("GenerateDataKeyWithoutPlaintext", new { KeyId = id, KeySpec = "AES_256", DryRun = true }),
            ("GenerateDataKeyPair", new { KeyId = id, KeyPairSpec = "RSA_4096", DryRun = true }),
            ("GenerateDataKeyPairWithoutPlaintext", new { KeyId = id, KeyPairSpec = "ECC_NIST_P256", DryRun = true }),
            ("Sign", new { KeyId = dsa.Text("key_id"), Message = _hello, SigningAlgorithm = "ML_DSA_SHAKE_256", DryRun = true }),
            ("Verify", new
            {
                KeyId = dsa.Text("key_id"), Message = _hello, Signature = _hello, SigningAlgorithm = "ML_DSA_SHAKE_256", DryRun = true,
            }),
            ("GenerateMac", new { KeyId = mac.Text("key_id"), Message = _hello, MacAlgorithm = "HMAC_SHA_256", DryRun = true }),
            ("VerifyMac", new { KeyId = mac.Text("key_id"), Message = _hello, Mac = _hello, MacAlgorithm = "HMAC_SHA_256", DryRun = true }),
            ("Encapsulate", new { KeyId = kem.Text("key_id"), EncapsulationAlgorithm = "ML_KEM", DryRun = true }),
            ("Decapsulate", new
            {
                KeyId = kem.Text("key_id"),
                EncapsulationAlgorithm = "ML_KEM",
                SharedSecretCiphertextBlob = Convert.ToBase64String(new byte[1088]),
                DryRun = true,
            }),
        })
            (await Client.CallAsync(signer, operation, body)).ShouldBeException("DryRunOperationException");

        (await UsesAsync(aes)).Should().Be(2, "it made a ciphertext and a data key before");
        foreach (Answer key in new[] { dsa, mac, kem })
            (await UsesAsync(key)).Should().Be(0);
    }

    /// <summary>What would be refused before the key is used is refused by its own name, and not said to succeed.</summary>
    [Fact]
    public async Task A_dry_run_of_what_would_fail_says_how()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        AwsSigner narrow = await Client.CreateAccessKeyAsync(
            new { permissions = ApiKeyVerbs.Words("crypto:encrypt", "crypto:re-encrypt") });
        string id = (await Client.GenerateAsync("AES-256")).Text("key_id");
        string mac = (await Client.GenerateAsync("HMAC-256")).Text("key_id");
        string kem = (await Client.GenerateAsync("ML-KEM-768")).Text("key_id");
        Answer revoked = await Client.GenerateAsync("AES-256", new { name = "revoked" });
        string blob = (await Client.CallAsync(signer, "Encrypt", new { KeyId = id, Plaintext = _hello })).Member("CiphertextBlob");
        string dead = (await Client.CallAsync(signer, "Encrypt", new { KeyId = revoked.Text("key_id"), Plaintext = _hello }))
            .Member("CiphertextBlob");
        await Client.RevokeAsync(revoked.Text("kid"));
        Answer spent = await Client.GenerateAsync("AES-256", new { name = "spent", max_usage_limit = 1 });
        (await Client.CallAsync(signer, "Encrypt", new { KeyId = spent.Text("key_id"), Plaintext = _hello })).ShouldBe(HttpStatusCode.OK);

        foreach ((AwsSigner by, string operation, object body, string exception) in new (AwsSigner, string, object, string)[]
        {
            (signer, "Encrypt", new { KeyId = id, DryRun = true }, "ValidationException"),
            (signer, "Encrypt", new { KeyId = Guid.Empty.ToString(), Plaintext = _hello, DryRun = true }, "NotFoundException"),
            (signer, "Encrypt", new { KeyId = mac, Plaintext = _hello, DryRun = true }, "InvalidKeyUsageException"),
            (signer, "Encrypt", new { KeyId = revoked.Text("key_id"), Plaintext = _hello, DryRun = true }, "KMSInvalidStateException"),
            (signer, "Encrypt", new { KeyId = spent.Text("key_id"), Plaintext = _hello, DryRun = true }, "KMSInvalidStateException"),
            (signer, "Decrypt", new { CiphertextBlob = dead, DryRun = true }, "KMSInvalidStateException"),
            (signer, "Decrypt", new { CiphertextBlob = _hello, DryRun = true }, "InvalidCiphertextException"),
            (signer, "Decrypt", new { CiphertextBlob = blob, KeyId = revoked.Text("key_id"), DryRun = true }, "IncorrectKeyException"),
            (signer, "ReEncrypt", new { CiphertextBlob = dead, DestinationKeyId = id, DryRun = true }, "KMSInvalidStateException"),
            (signer, "ReEncrypt", new { CiphertextBlob = blob, DestinationKeyId = revoked.Text("key_id"), DryRun = true },
                "KMSInvalidStateException"),
            (signer, "GenerateDataKeyPair", new { KeyId = mac, KeyPairSpec = "RSA_4096", DryRun = true }, "InvalidKeyUsageException"),
            (signer, "Decapsulate", new
            {
                KeyId = kem, EncapsulationAlgorithm = "ML_KEM", SharedSecretCiphertextBlob = _hello, DryRun = true,
            }, "InvalidCiphertextException"),
            (narrow, "Decrypt", new { CiphertextBlob = blob, DryRun = true }, "AccessDeniedException"),
            (narrow, "ReEncrypt", new { CiphertextBlob = blob, DestinationKeyId = id, DryRun = true }, "AccessDeniedException"),
        })
            (await Client.CallAsync(by, operation, body)).ShouldBeException(exception);
    }

    private async Task<int> UsesAsync(Answer key) => (await Client.GetJsonAsync($"/kms/keys/{key.Text("kid")}")).Number("usage_count");
}
