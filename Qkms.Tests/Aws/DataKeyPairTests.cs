using Qkms.Core.Cryptography.Fips203;
using Qkms.Tests.ApiKeys;

namespace Qkms.Tests.Aws;

/// <summary>GenerateDataKeyPair: keys that the platform reads, and whose private part comes back by Decrypt alone.</summary>
public sealed class DataKeyPairTests : SharedServiceTests
{
    /// <summary>E-11: the private key, as it is shown and as it comes back, belongs to the public key.</summary>
    [Theory]
    [InlineData("RSA_2048")]
    [InlineData("RSA_3072")]
    [LongInlineData("RSA_4096")]
    [InlineData("ECC_NIST_P256")]
    [InlineData("ECC_NIST_P384")]
    [InlineData("ECC_NIST_P521")]
    [InlineData("ECC_NIST_EDWARDS25519")]
    [InlineData("ML_KEM_512")]
    [InlineData("ML_KEM_768")]
    [InlineData("ML_KEM_1024")]
    public async Task A_pair_works_and_its_private_key_comes_back(string spec)
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string id = (await Client.GenerateAsync("AES-256")).Text("key_id");

        Answer made = await Client.CallAsync(
            signer, "GenerateDataKeyPair", new { KeyId = id, KeyPairSpec = spec, EncryptionContext = new { a = "b" } });
        byte[] privateKey = Convert.FromBase64String(made.Member("PrivateKeyPlaintext"));
        await Client.RotateAsync("AES-256");
        Answer opened = await Client.CallAsync(
            signer, "Decrypt", new { CiphertextBlob = made.Member("PrivateKeyCiphertextBlob"), EncryptionContext = new { a = "b" } });

        (made.Member("KeyPairSpec"), made.Member("KeyId")).Should().Be((spec, opened.Member("KeyId")));
        opened.Member("Plaintext").Should().Be(made.Member("PrivateKeyPlaintext"));
        ShouldBelongTogether(spec, privateKey, Convert.FromBase64String(made.Member("PublicKey")));
        (await Client.CallAsync(signer, "Decrypt", new { CiphertextBlob = made.Member("PrivateKeyCiphertextBlob") }))
            .ShouldBeException("InvalidCiphertextException");
    }

    /// <summary>RFC 8410, section 7, and RFC 9935, section 6: the encodings that the platform cannot read, byte for byte.</summary>
    [Fact]
    public void Short_private_keys_are_encoded_as_their_rfcs_say()
    {
        // The example of RFC 8410, section 10.3.
        byte[] key = Convert.FromHexString("D4EE72DBF913584AD5B6D8F1F769F8AD3AFE7C28CBF1D4FBE097A88F44755842");
        using SecretBytes seed = SecretBytes.CopyOf(key);
        KeyAlgorithm.TryParseName("Ed25519", out KeyAlgorithm? ed25519).Should().BeTrue();

        using SecretBytes encoded = ed25519!.Family.ToPkcs8(ed25519, seed);

        Convert.ToBase64String(encoded.Span).Should().Be("MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC");

        // The seed of the example of RFC 9935, appendix C.
        using SecretBytes kemSeed = SecretBytes.CopyOf([.. Enumerable.Range(0, 64).Select(i => (byte)i)]);
        KeyAlgorithm.TryParseName("ML-KEM-512", out KeyAlgorithm? kem).Should().BeTrue();
        using SecretBytes kemEncoded = kem!.Family.ToPkcs8(kem, kemSeed);
        Convert.ToBase64String(kemEncoded.Span).Should().Be(
            "MFQCAQAwCwYJYIZIAWUDBAQBBEKAQAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=");

        KeyAlgorithm aes = KeyAlgorithm.Aes256;
        FluentActions.Invoking(() => aes.Family.ToPkcs8(aes, seed)).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public async Task A_pair_can_be_made_without_showing_its_private_key()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string id = (await Client.GenerateAsync("AES-256")).Text("key_id");

        Answer made = await Client.CallAsync(
            signer, "GenerateDataKeyPairWithoutPlaintext", new { KeyId = id, KeyPairSpec = "ECC_NIST_P256" });

        made.ShouldBe(HttpStatusCode.OK).Json["PrivateKeyPlaintext"].Should().BeNull();
        byte[] privateKey = Convert.FromBase64String((await Client.CallAsync(
            signer, "Decrypt", new { CiphertextBlob = made.Member("PrivateKeyCiphertextBlob"), KeyId = id })).Member("Plaintext"));
        ShouldBelongTogether("ECC_NIST_P256", privateKey, Convert.FromBase64String(made.Member("PublicKey")));
    }

    /// <summary>The wrapped private key is a data key: who may only decrypt does not open it, even when it was moved.</summary>
    [Fact]
    public async Task A_wrapped_private_key_is_a_data_key()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string id = (await Client.GenerateAsync("AES-256")).Text("key_id");
        AwsSigner decrypts = await Client.CreateAccessKeyAsync(new { permissions = ApiKeyVerbs.Words("crypto:decrypt") });
        Answer made = await Client.CallAsync(signer, "GenerateDataKeyPair", new { KeyId = id, KeyPairSpec = "RSA_2048" });
        string blob = made.Member("PrivateKeyCiphertextBlob");

        (await Client.CallAsync(decrypts, "Decrypt", new { CiphertextBlob = blob })).ShouldBeException("AccessDeniedException");
        string moved = (await Client.CallAsync(signer, "ReEncrypt", new { CiphertextBlob = blob, DestinationKeyId = id }))
            .Member("CiphertextBlob");
        (await Client.CallAsync(decrypts, "Decrypt", new { CiphertextBlob = moved })).ShouldBeException("AccessDeniedException");
        (await Client.CallAsync(signer, "Decrypt", new { CiphertextBlob = moved })).Member("Plaintext")
            .Should().Be(made.Member("PrivateKeyPlaintext"));
    }

    /// <summary>Each is one use of the key that wraps; what is refused is none, and makes no pair.</summary>
    [Fact]
    public async Task A_pair_is_one_use_and_a_refusal_none()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        AwsSigner narrow = await Client.CreateAccessKeyAsync(new { key_names = ApiKeyVerbs.Words("mine") });
        AwsSigner decrypts = await Client.CreateAccessKeyAsync(new { permissions = ApiKeyVerbs.Words("data-keys:decrypt") });
        using HttpClient stranger = await StrangerAsync();
        AwsSigner strangers = await stranger.CreateAccessKeyAsync();
        Answer key = await Client.GenerateAsync("AES-256");
        string id = key.Text("key_id");
        string mac = (await Client.GenerateAsync("HMAC-256")).Text("key_id");
        string rsa = (await Client.GenerateAsync("RSA-2048", new { oaep_hash = "SHA-256" })).Text("key_id");
        const string Pair = "GenerateDataKeyPair";
        (await Client.CallAsync(signer, Pair, new { KeyId = id, KeyPairSpec = "ECC_NIST_P384" })).ShouldBe(HttpStatusCode.OK);

        foreach ((AwsSigner by, object body, string exception) in new (AwsSigner, object, string)[]
        {
            (signer, new { KeyId = id }, "ValidationException"),
            (signer, new { KeyPairSpec = "RSA_2048" }, "ValidationException"),
            (signer, new { KeyId = id, KeyPairSpec = "RSA_1024" }, "ValidationException"),
            (signer, new { KeyId = id, KeyPairSpec = "ML_DSA_65" }, "ValidationException"),
            (signer, new { KeyId = id, KeyPairSpec = "SYMMETRIC_DEFAULT" }, "ValidationException"),
            (signer, new { KeyId = id, KeyPairSpec = "ECC_SECG_P256K1" }, "UnsupportedOperationException"),
            (signer, new { KeyId = id, KeyPairSpec = "SM2" }, "UnsupportedOperationException"),
            (signer, new { KeyId = id, KeyPairSpec = "RSA_2048", Recipient = new { KeyEncryptionAlgorithm = "RSAES_OAEP_SHA_256" } },
                "UnsupportedOperationException"),
            (signer, new { KeyId = mac, KeyPairSpec = "RSA_2048" }, "InvalidKeyUsageException"),
            (signer, new { KeyId = rsa, KeyPairSpec = "RSA_2048" }, "InvalidKeyUsageException"),
            (narrow, new { KeyId = id, KeyPairSpec = "RSA_2048" }, "NotFoundException"),
            (strangers, new { KeyId = id, KeyPairSpec = "RSA_2048" }, "NotFoundException"),
            (decrypts, new { KeyId = id, KeyPairSpec = "RSA_2048" }, "AccessDeniedException"),
        })
            (await Client.CallAsync(by, Pair, body)).ShouldBeException(exception);

        (await Client.GetJsonAsync($"/kms/keys/{key.Text("kid")}")).Number("usage_count").Should().Be(1);
        await Client.RevokeAsync(key.Text("kid"));
        (await Client.CallAsync(signer, Pair, new { KeyId = id, KeyPairSpec = "RSA_4096" })).ShouldBeException("KMSInvalidStateException");
    }

    private static void ShouldBelongTogether(string spec, byte[] privateKey, byte[] publicKey)
    {
        switch (spec.Split('_'))
        {
            case ["RSA", { } bits]:
                using (RSA rsa = RSA.Create())
                {
                    rsa.ImportPkcs8PrivateKey(privateKey, out int read);
                    (read, rsa.KeySize.ToString(System.Globalization.CultureInfo.InvariantCulture)).Should().Be((privateKey.Length, bits));
                    rsa.ExportSubjectPublicKeyInfo().Should().Equal(publicKey);
                }

                break;

            case ["ML", "KEM", ..]:
                using (MLKem kem = MLKemManaged.ImportPkcs8PrivateKey(privateKey))
                    kem.ExportSubjectPublicKeyInfo().Should().Equal(publicKey);

                break;

            case [.., "EDWARDS25519"]:
                byte[] derived = new byte[32];
                Org.BouncyCastle.Math.EC.Rfc8032.Ed25519.GeneratePublicKey(privateKey.AsSpan(16), derived);
                derived.Should().Equal(publicKey[^32..]);
                break;

            default:
                using (ECDsa ecdsa = ECDsa.Create())
                {
                    ecdsa.ImportPkcs8PrivateKey(privateKey, out int read);
                    read.Should().Be(privateKey.Length);
                    ecdsa.ExportSubjectPublicKeyInfo().Should().Equal(publicKey);
                }

                break;
        }
    }
}
