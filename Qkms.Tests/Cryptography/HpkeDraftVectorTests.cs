using Org.BouncyCastle.Crypto.Agreement;
using Org.BouncyCastle.Crypto.Parameters;
using Qkms.Core.Cryptography.Rfc9180;

namespace Qkms.Tests.Cryptography;

/// <summary>
/// test-vectors.json of draft-ietf-hpke-pq. None of its suites is ours, HKDF-SHA256 with AES-256-GCM, but each has parts that we compute:
/// ML-KEM by itself or as half of a hybrid, and the key schedule of HKDF-SHA256, in which only suite id and length of the key differ.
/// </summary>
public sealed class HpkeDraftVectorTests
{
    private const string Vectors = "hpke/hpke-pq-test-vectors.json";
    private const int MLKem512 = 0x0040;
    private const int MLKem768 = 0x0041;
    private const int MLKem1024 = 0x0042;
    private const int MLKem768P256 = 0x0050;
    private const int MLKem1024P384 = 0x0051;
    private const int MLKem768X25519 = 0x647A;
    private const int Aes256Gcm = 2;
    private const int ChaCha20Poly1305Id = 3;

    public static TheoryData<string> Engines => new(EngineUnderTest.Present.Keys);

    //
    [TheoryIf(Requirement.Vectors, Vectors)]
    [MemberData(nameof(Engines))]
    public void MLKem_by_itself(string engine)
    {
        int passed = 0;
        int reproduced = 0;
        foreach (JsonElement vector in All(MLKem512, MLKem768, MLKem1024))
        {
            using MLKem key = EngineUnderTest.Present[engine].Engine.ImportMLKemPrivateSeed(AlgorithmOf(vector), vector.Hex("skRm"));
            key.ExportEncapsulationKey().Should().Equal(vector.Hex("pkRm"));
            key.Decapsulate(vector.Hex("enc")).Should().Equal(vector.Hex("shared_secret"));
            if (KnownRandomness.Encapsulate(key, vector.Hex("ikmE")) is { } encapsulated)
            {
                encapsulated.Ciphertext.Should().Equal(vector.Hex("enc"));
                encapsulated.Secret.Should().Equal(vector.Hex("shared_secret"));
                reproduced++;
            }

            passed++;
        }

        passed.Should().Be(4);
        reproduced.Should().Be(engine == PqcEngines.Platform ? 0 : 4);
    }

    // the private key is a seed of 32 bytes, of which SHAKE256 makes first that of ML-KEM (draft-irtf-cfrg-concrete-hybrid-kems).
    [TheoryIf(Requirement.Vectors, Vectors)]
    [MemberData(nameof(Engines))]
    public void MLKem_as_half_of_a_hybrid(string engine)
    {
        int keys = 0;
        int secrets = 0;
        foreach (JsonElement vector in All(MLKem768P256, MLKem1024P384, MLKem768X25519))
        {
            MLKemAlgorithm algorithm = AlgorithmOf(vector);
            byte[] seeds = Shake256.HashData(vector.Hex("skRm"), 64 + 32);
            using MLKem key = EngineUnderTest.Present[engine].Engine.ImportMLKemPrivateSeed(algorithm, seeds.AsSpan(0, 64));
            byte[] publicKey = vector.Hex("pkRm");
            key.ExportEncapsulationKey().Should().Equal(publicKey[..algorithm.EncapsulationKeySizeInBytes]);
            keys++;

            // With the other half from BouncyCastle the secret is there, SHA3-256 of both, and of ciphertext and
            // key of X25519, and a label.
            if (vector.GetProperty("kem_id").GetInt32() != MLKem768X25519)
                continue;
            byte[] enc = vector.Hex("enc");
            byte[] otherCiphertext = enc[algorithm.CiphertextSizeInBytes..];
            byte[] otherSecret = new byte[32];
            var agreement = new X25519Agreement();
            agreement.Init(new X25519PrivateKeyParameters(seeds.AsSpan(64)));
            agreement.CalculateAgreement(new X25519PublicKeyParameters(otherCiphertext), otherSecret, 0);
            byte[] secret = key.Decapsulate(enc[..algorithm.CiphertextSizeInBytes]);
            SHA3_256.HashData(
                [.. secret, .. otherSecret, .. otherCiphertext, .. publicKey[algorithm.EncapsulationKeySizeInBytes..], .. "\\.//^\\"u8])
                .Should().Equal(vector.Hex("shared_secret"));
            secrets++;
        }

        (keys, secrets).Should().Be((5, 2));
    }

    //
    [FactIf(Requirement.Vectors, Vectors)]
    public void Key_schedules_of_HkdfSha256()
    {
        int passed = 0;
        int opened = 0;
        foreach (JsonElement vector in All(MLKem512, MLKem768, MLKem1024, MLKem768P256, MLKem1024P384, MLKem768X25519))
        {
            if (vector.GetProperty("kdf_id").GetInt32() != 1)
                continue;
            byte[] suiteId = vector.Hex("suite_id");
            byte[] context = new byte[KeySchedule.ContextSize];
            byte[] key = new byte[vector.Hex("key").Length];
            byte[] nonce = new byte[KeySchedule.NonceSize];
            KeySchedule.WriteContext(suiteId, vector.Hex("info"), context);
            KeySchedule.Derive(suiteId, context, vector.Hex("shared_secret"), key, nonce);
            key.Should().Equal(vector.Hex("key"));
            nonce.Should().Equal(vector.Hex("base_nonce"));
            passed++;

            // We send one message per key schedule; of those here the first has our nonce.
            JsonElement first = vector.GetProperty("encryptions")[0];
            first.Hex("nonce").Should().Equal(nonce);
            Open(vector.GetProperty("aead_id").GetInt32(), key, nonce, first).Should().Equal(first.Hex("pt"));
            opened++;
        }

        (passed, opened).Should().Be((4, 4));
    }

    private static IEnumerable<JsonElement> All(params int[] kems) =>
        TestVectors.ReadJson(Vectors).EnumerateArray().Where(vector => kems.Contains(vector.GetProperty("kem_id").GetInt32()));

    private static MLKemAlgorithm AlgorithmOf(JsonElement vector) => vector.GetProperty("kem_id").GetInt32() switch
    {
        MLKem512 => MLKemAlgorithm.MLKem512,
        MLKem1024 or MLKem1024P384 => MLKemAlgorithm.MLKem1024,
        _ => MLKemAlgorithm.MLKem768,
    };

    private static byte[] Open(int aead, byte[] key, byte[] nonce, JsonElement encryption)
    {
        byte[] ciphertext = encryption.Hex("ct");
        byte[] plaintext = new byte[ciphertext.Length - 16];
        if (aead == ChaCha20Poly1305Id)
        {
            using ChaCha20Poly1305 chaCha = new(key);
            chaCha.Decrypt(
                nonce, ciphertext.AsSpan(0, plaintext.Length), ciphertext.AsSpan(plaintext.Length), plaintext, encryption.Hex("aad"));
            return plaintext;
        }

        key.Should().HaveCount(aead == Aes256Gcm ? 32 : 16);
        using AesGcm aes = new(key, tagSizeInBytes: 16);
        aes.Decrypt(nonce, ciphertext.AsSpan(0, plaintext.Length), ciphertext.AsSpan(plaintext.Length), plaintext, encryption.Hex("aad"));
        return plaintext;
    }
}
