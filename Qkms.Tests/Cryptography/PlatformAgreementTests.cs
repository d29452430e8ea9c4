using System.Security.Cryptography;
using Qkms.Core.Cryptography;
using Qkms.Tests.Support;

namespace Qkms.Tests.Cryptography;

/// <summary>Platform and managed engine open each other's ciphertexts, verify each other's signatures, and write the same bytes.</summary>
public sealed class PlatformAgreementTests
{
    [PlatformPqcTheory]
    [InlineData("ML-KEM-512")]
    [InlineData("ML-KEM-768")]
    [InlineData("ML-KEM-1024")]
    public void MLKem_keys_are_the_same(string name)
    {
        MLKemAlgorithm algorithm = Algorithms.MLKem(name);
        byte[] seed = RandomNumberGenerator.GetBytes(64);
        using MLKem managed = PqcEngines.Select(PqcEngines.Managed).ImportMLKemPrivateSeed(algorithm, seed);
        using MLKem platform = PqcEngines.Select(PqcEngines.Platform).ImportMLKemPrivateSeed(algorithm, seed);

        managed.ExportDecapsulationKey().Should().Equal(platform.ExportDecapsulationKey());
        managed.ExportPkcs8PrivateKey().Should().Equal(platform.ExportPkcs8PrivateKey());
        managed.ExportSubjectPublicKeyInfo().Should().Equal(platform.ExportSubjectPublicKeyInfo());
        managed.Encapsulate(out byte[] ciphertext, out byte[] secret);
        platform.Decapsulate(ciphertext).Should().Equal(secret);
        platform.Encapsulate(out ciphertext, out secret);
        managed.Decapsulate(ciphertext).Should().Equal(secret);
        ciphertext[0] ^= 1;
        managed.Decapsulate(ciphertext).Should().Equal(platform.Decapsulate(ciphertext));
    }

    [PlatformPqcTheory]
    [InlineData("ML-DSA-44")]
    [InlineData("ML-DSA-65")]
    [InlineData("ML-DSA-87")]
    public void MLDsa_keys_are_the_same(string name)
    {
        MLDsaAlgorithm algorithm = Algorithms.MLDsa(name);
        byte[] seed = RandomNumberGenerator.GetBytes(32);
        using MLDsa managed = PqcEngines.Select(PqcEngines.Managed).ImportMLDsaPrivateSeed(algorithm, seed);
        using MLDsa platform = PqcEngines.Select(PqcEngines.Platform).ImportMLDsaPrivateSeed(algorithm, seed);
        byte[] message = [1, 2, 3];
        byte[] hash = new byte[64];
        const string Sha512 = "2.16.840.1.101.3.4.2.3";

        managed.ExportMLDsaPrivateKey().Should().Equal(platform.ExportMLDsaPrivateKey());
        managed.ExportPkcs8PrivateKey().Should().Equal(platform.ExportPkcs8PrivateKey());
        managed.ExportSubjectPublicKeyInfo().Should().Equal(platform.ExportSubjectPublicKeyInfo());
        managed.VerifyData(message, platform.SignData(message, hash), hash).Should().BeTrue();
        platform.VerifyData(message, managed.SignData(message, hash), hash).Should().BeTrue();
        managed.VerifyPreHash(hash, platform.SignPreHash(hash, Sha512), Sha512).Should().BeTrue();
        platform.VerifyPreHash(hash, managed.SignPreHash(hash, Sha512), Sha512).Should().BeTrue();
    }
}
