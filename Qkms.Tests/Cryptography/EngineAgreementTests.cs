namespace Qkms.Tests.Cryptography;

/// <summary>
/// Every engine that is present against every one, itself included: they write the same bytes, open each other's ciphertexts, and verify
/// each other's signatures. An absent engine is a skipped test of <see cref="EngineContractTests"/>.
/// </summary>
public sealed class EngineAgreementTests
{
    private static readonly byte[] _message = "a message"u8.ToArray();

    public static TheoryData<string, string, string> MLKemPairs => Pairs(Algorithms.MLKemSets);

    public static TheoryData<string, string, string> MLDsaPairs => Pairs(Algorithms.MLDsaSets);

    [Theory]
    [MemberData(nameof(MLKemPairs))]
    public void MLKem_seed_gives_the_same_bytes(string one, string other, string set)
    {
        (EngineUnderTest left, EngineUnderTest right, MLKemAlgorithm algorithm) =
            (EngineUnderTest.Present[one], EngineUnderTest.Present[other], Algorithms.MLKem(set));
        for (int i = 0; i < 8; i++)
        {
            byte[] seed = RandomNumberGenerator.GetBytes(64);
            using MLKem leftKey = left.Engine.ImportMLKemPrivateSeed(algorithm, seed);
            using MLKem rightKey = right.Engine.ImportMLKemPrivateSeed(algorithm, seed);
            rightKey.ExportPrivateSeed().Should().Equal(leftKey.ExportPrivateSeed());
            rightKey.ExportDecapsulationKey().Should().Equal(leftKey.ExportDecapsulationKey());
            rightKey.ExportEncapsulationKey().Should().Equal(leftKey.ExportEncapsulationKey());
            rightKey.ExportPkcs8PrivateKey().Should().Equal(leftKey.ExportPkcs8PrivateKey());
            rightKey.ExportSubjectPublicKeyInfo().Should().Equal(leftKey.ExportSubjectPublicKeyInfo());

            using MLKem leftExpanded = left.ImportDecapsulationKey(algorithm, leftKey.ExportDecapsulationKey());
            using MLKem rightExpanded = right.ImportDecapsulationKey(algorithm, leftKey.ExportDecapsulationKey());
            rightExpanded.ExportPkcs8PrivateKey().Should().Equal(leftExpanded.ExportPkcs8PrivateKey(), "PKCS #8 of a key without seed");
        }
    }

    [Theory]
    [MemberData(nameof(MLKemPairs))]
    public void MLKem_ciphertexts_are_decapsulated(string sender, string receiver, string set)
    {
        (EngineUnderTest from, EngineUnderTest to, MLKemAlgorithm algorithm) =
            (EngineUnderTest.Present[sender], EngineUnderTest.Present[receiver], Algorithms.MLKem(set));
        using MLKem key = to.Engine.GenerateMLKem(algorithm);
        using MLKem encapsulator = from.Engine.ImportMLKemEncapsulationKey(algorithm, key.ExportEncapsulationKey());
        for (int i = 0; i < 16; i++)
        {
            encapsulator.Encapsulate(out byte[] ciphertext, out byte[] secret);
            key.Decapsulate(ciphertext).Should().Equal(secret);
        }
    }

    [Theory]
    [MemberData(nameof(MLKemPairs))]
    public void Rejected_ciphertexts_give_the_same_secret(string one, string other, string set)
    {
        (EngineUnderTest left, EngineUnderTest right, MLKemAlgorithm algorithm) =
            (EngineUnderTest.Present[one], EngineUnderTest.Present[other], Algorithms.MLKem(set));
        using MLKem leftKey = left.Engine.GenerateMLKem(algorithm);
        using MLKem rightKey = right.Engine.ImportMLKemPrivateSeed(algorithm, leftKey.ExportPrivateSeed());
        using MLKem rightExpanded = right.ImportDecapsulationKey(algorithm, leftKey.ExportDecapsulationKey());
        int size = algorithm.CiphertextSizeInBytes;
        byte[] ones = new byte[size];
        Array.Fill(ones, byte.MaxValue);
        leftKey.Encapsulate(out byte[] nearly, out byte[] secret);
        nearly[^1] ^= 1;
        foreach (byte[] ciphertext in
            new[] { new byte[size], ones, nearly, RandomNumberGenerator.GetBytes(size), RandomNumberGenerator.GetBytes(size) })
        {
            byte[] rejected = leftKey.Decapsulate(ciphertext);
            rejected.Should().NotEqual(secret);
            rightKey.Decapsulate(ciphertext).Should().Equal(rejected);
            rightExpanded.Decapsulate(ciphertext).Should().Equal(rejected);
        }
    }

    [Theory]
    [MemberData(nameof(MLKemPairs))]
    public void MLKem_containers_are_read(string writer, string reader, string set)
    {
        (EngineUnderTest from, EngineUnderTest to, MLKemAlgorithm algorithm) =
            (EngineUnderTest.Present[writer], EngineUnderTest.Present[reader], Algorithms.MLKem(set));
        using MLKem key = from.Engine.GenerateMLKem(algorithm);
        using MLKem expanded = from.ImportDecapsulationKey(algorithm, key.ExportDecapsulationKey());
        using MLKem encapsulator = to.ImportMLKemSpki(key.ExportSubjectPublicKeyInfo());
        encapsulator.Encapsulate(out byte[] ciphertext, out byte[] secret);
        foreach (byte[] pkcs8 in new[] { key.ExportPkcs8PrivateKey(), expanded.ExportPkcs8PrivateKey() })
        {
            using MLKem read = to.ImportMLKemPkcs8(pkcs8);
            read.Algorithm.Should().Be(algorithm);
            read.ExportDecapsulationKey().Should().Equal(key.ExportDecapsulationKey());
            read.Decapsulate(ciphertext).Should().Equal(secret);
        }

        key.Decapsulate(ciphertext).Should().Equal(secret);
    }

    [Theory]
    [MemberData(nameof(MLDsaPairs))]
    public void MLDsa_seed_gives_the_same_bytes(string one, string other, string set)
    {
        (EngineUnderTest left, EngineUnderTest right, MLDsaAlgorithm algorithm) =
            (EngineUnderTest.Present[one], EngineUnderTest.Present[other], Algorithms.MLDsa(set));
        for (int i = 0; i < 8; i++)
        {
            byte[] seed = RandomNumberGenerator.GetBytes(32);
            using MLDsa leftKey = left.Engine.ImportMLDsaPrivateSeed(algorithm, seed);
            using MLDsa rightKey = right.Engine.ImportMLDsaPrivateSeed(algorithm, seed);
            rightKey.ExportMLDsaPrivateSeed().Should().Equal(leftKey.ExportMLDsaPrivateSeed());
            rightKey.ExportMLDsaPrivateKey().Should().Equal(leftKey.ExportMLDsaPrivateKey());
            rightKey.ExportMLDsaPublicKey().Should().Equal(leftKey.ExportMLDsaPublicKey());
            rightKey.ExportPkcs8PrivateKey().Should().Equal(leftKey.ExportPkcs8PrivateKey());
            rightKey.ExportSubjectPublicKeyInfo().Should().Equal(leftKey.ExportSubjectPublicKeyInfo());

            using MLDsa leftExpanded = left.ImportMLDsaPrivateKey(algorithm, leftKey.ExportMLDsaPrivateKey());
            using MLDsa rightExpanded = right.ImportMLDsaPrivateKey(algorithm, leftKey.ExportMLDsaPrivateKey());
            rightExpanded.ExportPkcs8PrivateKey().Should().Equal(leftExpanded.ExportPkcs8PrivateKey(), "PKCS #8 of a key without seed");
        }
    }

    [Theory]
    [MemberData(nameof(MLDsaPairs))]
    public void MLDsa_signatures_over_data_are_verified(string signer, string verifier, string set)
    {
        using MLDsa key = EngineUnderTest.Present[signer].Engine.GenerateMLDsa(Algorithms.MLDsa(set));
        using MLDsa peer = EngineUnderTest.Present[verifier].Engine.ImportMLDsaPublicKey(key.Algorithm, key.ExportMLDsaPublicKey());
        foreach (int contextLength in new[] { 0, 1, 254, 255 })
        {
            foreach (int length in new[] { 0, 1, 70, 136, (2 << 20) + 1 })
            {
                byte[] message = RandomNumberGenerator.GetBytes(length);
                byte[] context = RandomNumberGenerator.GetBytes(contextLength);
                byte[] signature = key.SignData(message, context);
                peer.VerifyData(message, signature, context)
                    .Should().BeTrue("context and message have {0} and {1} bytes", contextLength, length);
                byte[] otherContext = contextLength == 0 ? [0] : [.. context.AsSpan(1), (byte)(context[^1] ^ 1)];
                peer.VerifyData(message, signature, otherContext).Should().BeFalse();
                signature[length % signature.Length] ^= 1;
                peer.VerifyData(message, signature, context).Should().BeFalse();
            }
        }
    }

    [Theory]
    [MemberData(nameof(MLDsaPairs))]
    public void MLDsa_signatures_over_hashes_are_verified(string signer, string verifier, string set)
    {
        using MLDsa key = EngineUnderTest.Present[signer].Engine.GenerateMLDsa(Algorithms.MLDsa(set));
        using MLDsa peer = EngineUnderTest.Present[verifier].Engine.ImportMLDsaPublicKey(key.Algorithm, key.ExportMLDsaPublicKey());
        foreach ((string oid, int length) in PreHashes.Of(set))
        {
            foreach (int contextLength in new[] { 0, 255 })
            {
                byte[] hash = RandomNumberGenerator.GetBytes(length);
                byte[] context = RandomNumberGenerator.GetBytes(contextLength);
                byte[] signature = key.SignPreHash(hash, oid, context);
                peer.VerifyPreHash(hash, signature, oid, context).Should().BeTrue(oid);
                peer.VerifyData(hash, signature, context).Should().BeFalse(oid);
                hash[^1] ^= 1;
                peer.VerifyPreHash(hash, signature, oid, context).Should().BeFalse(oid);
            }
        }
    }

    [Theory]
    [MemberData(nameof(MLDsaPairs))]
    public void MLDsa_signatures_over_an_external_mu_are_verified(string signer, string verifier, string set)
    {
        (EngineUnderTest from, EngineUnderTest to) = (EngineUnderTest.Present[signer], EngineUnderTest.Present[verifier]);
        using MLDsa key = from.Engine.GenerateMLDsa(Algorithms.MLDsa(set));
        using MLDsa peer = to.Engine.ImportMLDsaPublicKey(key.Algorithm, key.ExportMLDsaPublicKey());
        byte[] context = RandomNumberGenerator.GetBytes(20);
        byte[] mu = ExternalMu.Of(key.ExportMLDsaPublicKey(), _message, context);
        byte[] signature = key.SignMu(mu);
        peer.VerifyMu(mu, signature).Should().BeTrue();
        peer.VerifyData(_message, signature, context).Should().BeTrue();
        signature[0] ^= 1;
        peer.VerifyMu(mu, signature).Should().BeFalse();
    }

    [Theory]
    [MemberData(nameof(MLDsaPairs))]
    public void MLDsa_containers_are_read(string writer, string reader, string set)
    {
        (EngineUnderTest from, EngineUnderTest to, MLDsaAlgorithm algorithm) =
            (EngineUnderTest.Present[writer], EngineUnderTest.Present[reader], Algorithms.MLDsa(set));
        using MLDsa key = from.Engine.GenerateMLDsa(algorithm);
        using MLDsa expanded = from.ImportMLDsaPrivateKey(algorithm, key.ExportMLDsaPrivateKey());
        using MLDsa peer = to.ImportMLDsaSpki(key.ExportSubjectPublicKeyInfo());
        peer.VerifyData(_message, key.SignData(_message)).Should().BeTrue();
        foreach (byte[] pkcs8 in new[] { key.ExportPkcs8PrivateKey(), expanded.ExportPkcs8PrivateKey() })
        {
            using MLDsa read = to.ImportMLDsaPkcs8(pkcs8);
            read.Algorithm.Should().Be(algorithm);
            read.ExportMLDsaPrivateKey().Should().Equal(key.ExportMLDsaPrivateKey());
            key.VerifyData(_message, read.SignData(_message)).Should().BeTrue();
        }
    }

    /// <summary>Encryption of PKCS #8 is the base class's; only the platform's own keys are imported from it.</summary>
    [FactIf(Requirement.Engine, PqcEngines.Platform)]
    [Trait("Engine", PqcEngines.Platform)]
    public void Platform_decrypts_the_keys_of_every_engine()
    {
        var parameters = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, iterationCount: 1000);
        foreach (EngineUnderTest engine in EngineUnderTest.Present.Values)
        {
            using MLKem kem = engine.Engine.GenerateMLKem(MLKemAlgorithm.MLKem768);
            using MLKem decryptedKem = MLKem.ImportEncryptedPkcs8PrivateKey(
                "password", kem.ExportEncryptedPkcs8PrivateKey("password", parameters));
            decryptedKem.ExportPrivateSeed().Should().Equal(kem.ExportPrivateSeed());

            using MLDsa dsa = engine.Engine.GenerateMLDsa(MLDsaAlgorithm.MLDsa65);
            using MLDsa decryptedDsa = MLDsa.ImportEncryptedPkcs8PrivateKey(
                "password", dsa.ExportEncryptedPkcs8PrivateKey("password", parameters));
            decryptedDsa.ExportMLDsaPrivateSeed().Should().Equal(dsa.ExportMLDsaPrivateSeed());
        }
    }

    private static TheoryData<string, string, string> Pairs(params string[] sets)
    {
        var data = new TheoryData<string, string, string>();
        foreach (string one in EngineUnderTest.Present.Keys)
        {
            foreach (string other in EngineUnderTest.Present.Keys)
            {
                foreach (string set in sets)
                    data.Add(one, other, set);
            }
        }

        return data;
    }
}
