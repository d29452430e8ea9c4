using Qkms.Core.Cryptography.Fips202;
using Qkms.Core.Cryptography.Fips203;
using Qkms.Core.Cryptography.Fips204;

namespace Qkms.Tests.Cryptography;

/// <summary>
/// Known answers of @noble/post-quantum for every parameter set, kept with the project, so that a checkout without any vectors is still
/// held to another implementation.
/// </summary>
public sealed class NobleTests
{
    private static readonly JsonElement _answers = KnownAnswers.Read();

    [Theory]
    [InlineData("ML-KEM-512")]
    [InlineData("ML-KEM-768")]
    [InlineData("ML-KEM-1024")]
    public void MLKem_keys_encapsulation_and_decapsulation(string name)
    {
        MLKemAlgorithm algorithm = Algorithms.MLKem(name);
        int passed = 0;
        foreach (JsonElement test in _answers.GetProperty("mlKem").GetProperty(name).EnumerateArray())
        {
            using var key = MLKemManaged.ImportPrivateSeed(algorithm, test.Hex("seed"));
            HasDigest(key.ExportEncapsulationKey(), test, "encapsulationKeySha256");
            HasDigest(key.ExportDecapsulationKey(), test, "decapsulationKeySha256");

            byte[] ciphertext = new byte[algorithm.CiphertextSizeInBytes];
            byte[] secret = new byte[algorithm.SharedSecretSizeInBytes];
            key.EncapsulateDeterministicForTesting(test.Hex("message"), ciphertext, secret);
            HasDigest(ciphertext, test, "ciphertextSha256");
            secret.Should().Equal(test.Hex("sharedSecret"));
            using var expanded = MLKemManaged.ImportDecapsulationKey(algorithm, key.ExportDecapsulationKey());
            foreach (MLKem decapsulating in new[] { key, expanded })
            {
                decapsulating.Decapsulate(ciphertext).Should().Equal(secret);
                JsonElement changed = test.GetProperty("changed");
                decapsulating.Decapsulate(Flip(ciphertext, changed)).Should().Equal(changed.Hex("sharedSecret"));
                JsonElement random = test.GetProperty("random");
                decapsulating.Decapsulate(Counted(random.GetProperty("ciphertextLabel").GetString()!, ciphertext.Length))
                    .Should().Equal(random.Hex("sharedSecret"));
            }

            passed++;
        }

        passed.Should().Be(20);
    }

    [Theory]
    [InlineData("ML-DSA-44", 8)]
    [InlineData("ML-DSA-65", 5)]
    [InlineData("ML-DSA-87", 3)]
    public void MLDsa_keys_signatures_and_verdicts(string name, int hashes)
    {
        MLDsaAlgorithm algorithm = Algorithms.MLDsa(name);
        int passed = 0;
        int verdicts = 0;
        int preHashed = 0;
        foreach (JsonElement test in _answers.GetProperty("mlDsa").GetProperty(name).EnumerateArray())
        {
            using var key = MLDsaManaged.ImportMLDsaPrivateSeed(algorithm, test.Hex("seed"));
            HasDigest(key.ExportMLDsaPublicKey(), test, "publicKeySha256");
            HasDigest(key.ExportMLDsaPrivateKey(), test, "privateKeySha256");

            byte[] message = test.Hex("message");
            byte[] context = test.Hex("context");
            byte[] mu = new byte[64];
            byte[] signature = new byte[algorithm.SignatureSizeInBytes];
            key.ComputeMu(message, context, mu);
            key.SignMuDeterministicForTesting(mu, test.Hex("randomness"), signature);
            HasDigest(signature, test, "hedgedSignatureSha256");
            key.SignMuDeterministicForTesting(mu, new byte[32], signature);
            HasDigest(signature, test, "signatureSha256");

            using var verifier = MLDsaManaged.ImportMLDsaPublicKey(algorithm, key.ExportMLDsaPublicKey());
            verifier.VerifyData(message, signature, context).Should().BeTrue();
            foreach (JsonElement verdict in test.GetProperty("verdicts").EnumerateArray())
            {
                verifier.VerifyData(message, Flip(signature, verdict), context).Should().Be(verdict.GetProperty("valid").GetBoolean());
                verdicts++;
            }

            foreach (JsonElement preHash in test.GetProperty("preHash").EnumerateArray())
            {
                SignsDigest(key, preHash, context);
                preHashed++;
            }

            passed++;
        }

        (passed, verdicts, preHashed).Should().Be((12, 12 * 16, 12 * hashes));
    }

    /// <summary>
    /// HashML-DSA (FIPS 204, Algorithms 4 and 5): the formatted message, which no public entry signs deterministically, is written
    /// out as the standard has it.
    /// </summary>
    private static void SignsDigest(MLDsaManaged key, JsonElement preHash, byte[] context)
    {
        string oid = preHash.GetProperty("oid").GetString()!;
        byte[] digest = preHash.Hex("digest");
        byte[] lastArc = [.. Convert.FromHexString("06096086480165030402"), byte.Parse(oid.AsSpan(oid.LastIndexOf('.') + 1))];
        byte[] mu = new byte[64];
        key.ComputeFormattedMuForTesting([1, (byte)context.Length, .. context, .. lastArc, .. digest], mu);
        byte[] signature = new byte[key.Algorithm.SignatureSizeInBytes];
        key.SignMuDeterministicForTesting(mu, new byte[32], signature);
        HasDigest(signature, preHash, "signatureSha256");
        key.VerifyPreHash(digest, signature, oid, context).Should().BeTrue(oid);
        key.VerifyPreHash(digest, key.SignPreHash(digest, oid, context), oid, context).Should().BeTrue(oid);
    }

    private static void HasDigest(byte[] bytes, JsonElement test, string member) =>
        SHA256.HashData(bytes).Should().Equal(test.Hex(member), member);

    private static byte[] Flip(byte[] bytes, JsonElement change)
    {
        byte[] changed = [.. bytes];
        changed[change.GetProperty("offset").GetInt32()] ^= change.GetProperty("mask").GetByte();
        return changed;
    }

    private static byte[] Counted(string label, int length)
    {
        byte[] bytes = new byte[length];
        Sponge.Shake256(Encoding.UTF8.GetBytes(label), [], bytes);
        return bytes;
    }
}
