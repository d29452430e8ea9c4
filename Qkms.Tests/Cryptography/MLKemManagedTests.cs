using Qkms.Core.Cryptography.Fips203;

namespace Qkms.Tests.Cryptography;

/// <summary>MLKemManaged as a platform key: what it gives, and what it refuses.</summary>
public sealed class MLKemManagedTests
{
    public static TheoryData<string> Sets => [.. Algorithms.MLKemSets];

    [Theory]
    [MemberData(nameof(Sets))]
    public void Encapsulated_secret_is_decapsulated(string name)
    {
        MLKemAlgorithm algorithm = Algorithms.MLKem(name);
        using MLKem key = MLKemManaged.GenerateKey(algorithm);
        using MLKem sender = MLKemManaged.ImportEncapsulationKey(algorithm, key.ExportEncapsulationKey());
        sender.Encapsulate(out byte[] ciphertext, out byte[] secret);
        sender.Encapsulate(out byte[] otherCiphertext, out byte[] otherSecret);

        key.Algorithm.Should().Be(algorithm);
        key.Decapsulate(ciphertext).Should().Equal(secret);
        key.Decapsulate(otherCiphertext).Should().Equal(otherSecret).And.NotEqual(secret);
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Changed_ciphertext_gives_a_secret_of_its_own(string name)
    {
        using MLKem key = MLKemManaged.GenerateKey(Algorithms.MLKem(name));
        key.Encapsulate(out byte[] ciphertext, out byte[] secret);
        foreach (int position in new[] { 0, ciphertext.Length / 2, ciphertext.Length - 1 })
        {
            byte[] changed = [.. ciphertext];
            changed[position] ^= 0x80;
            byte[] rejected = key.Decapsulate(changed);
            rejected.Should().NotEqual(secret);
            key.Decapsulate(changed).Should().Equal(rejected, "implicit rejection is a function of key and ciphertext");
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Seed_and_decapsulation_key_survive_export_and_import(string name)
    {
        MLKemAlgorithm algorithm = Algorithms.MLKem(name);
        using MLKem key = MLKemManaged.GenerateKey(algorithm);
        key.Encapsulate(out byte[] ciphertext, out byte[] secret);

        using MLKem fromSeed = MLKemManaged.ImportPrivateSeed(algorithm, key.ExportPrivateSeed());
        using MLKem expanded = MLKemManaged.ImportDecapsulationKey(algorithm, key.ExportDecapsulationKey());
        foreach (MLKem copy in new[] { fromSeed, expanded })
        {
            copy.Decapsulate(ciphertext).Should().Equal(secret);
            copy.ExportEncapsulationKey().Should().Equal(key.ExportEncapsulationKey());
            copy.ExportDecapsulationKey().Should().Equal(key.ExportDecapsulationKey());
        }

        FluentActions.Invoking(() => expanded.ExportPrivateSeed()).Should().Throw<CryptographicException>();
    }

    [Theory]
    [InlineData("ML-KEM-512", "3054020100300b0609608648016503040401044280")]
    [InlineData("ML-KEM-768", "3054020100300b0609608648016503040402044280")]
    [InlineData("ML-KEM-1024", "3054020100300b0609608648016503040403044280")]
    public void Pkcs8_holds_the_seed_only(string name, string prefix)
    {
        using MLKem key = MLKemManaged.GenerateKey(Algorithms.MLKem(name));
        byte[] pkcs8 = key.ExportPkcs8PrivateKey();
        Convert.ToHexStringLower(pkcs8).Should().Be(prefix + "40" + Convert.ToHexStringLower(key.ExportPrivateSeed()));
        key.TryExportPkcs8PrivateKey(new byte[pkcs8.Length - 1], out int written).Should().BeFalse();
        written.Should().Be(0);

        using MLKem imported = MLKemManaged.ImportPkcs8PrivateKey(pkcs8);
        imported.Algorithm.Should().Be(key.Algorithm);
        imported.ExportPrivateSeed().Should().Equal(key.ExportPrivateSeed());
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Pkcs8_of_a_key_without_seed_holds_the_expanded_key(string name)
    {
        MLKemAlgorithm algorithm = Algorithms.MLKem(name);
        using MLKem key = MLKemManaged.GenerateKey(algorithm);
        using MLKem expanded = MLKemManaged.ImportDecapsulationKey(algorithm, key.ExportDecapsulationKey());
        using MLKem imported = MLKemManaged.ImportPkcs8PrivateKey(expanded.ExportPkcs8PrivateKey());
        imported.ExportDecapsulationKey().Should().Equal(key.ExportDecapsulationKey());
    }

    [Fact]
    public void Pkcs8_with_seed_and_expanded_key_must_hold_one_key_twice()
    {
        using MLKem key = MLKemManaged.GenerateKey(MLKemAlgorithm.MLKem768);
        using MLKem other = MLKemManaged.GenerateKey(MLKemAlgorithm.MLKem768);
        byte[] both = Pkcs8.Both("2.16.840.1.101.3.4.4.2", key.ExportPrivateSeed(), key.ExportDecapsulationKey());
        byte[] mixed = Pkcs8.Both("2.16.840.1.101.3.4.4.2", key.ExportPrivateSeed(), other.ExportDecapsulationKey());

        using MLKem imported = MLKemManaged.ImportPkcs8PrivateKey(both);
        imported.ExportPrivateSeed().Should().Equal(key.ExportPrivateSeed());
        FluentActions.Invoking(() => MLKemManaged.ImportPkcs8PrivateKey(mixed)).Should().Throw<CryptographicException>();
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Encrypted_pkcs8_and_pem_come_from_the_base_class(string name)
    {
        using MLKem key = MLKemManaged.GenerateKey(Algorithms.MLKem(name));
        var parameters = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000);
        key.ExportEncryptedPkcs8PrivateKey("password", parameters).Should().NotBeEmpty();
        key.ExportPkcs8PrivateKeyPem().Should().StartWith("-----BEGIN PRIVATE KEY-----");
        key.ExportSubjectPublicKeyInfoPem().Should().StartWith("-----BEGIN PUBLIC KEY-----");
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Subject_public_key_info_survives_export_and_import(string name)
    {
        using MLKem key = MLKemManaged.GenerateKey(Algorithms.MLKem(name));
        byte[] spki = key.ExportSubjectPublicKeyInfo();
        using MLKem imported = MLKemManaged.ImportSubjectPublicKeyInfo(spki);
        imported.Algorithm.Should().Be(key.Algorithm);
        imported.ExportEncapsulationKey().Should().Equal(key.ExportEncapsulationKey());
        imported.ExportSubjectPublicKeyInfo().Should().Equal(spki);
    }

    [Fact]
    public void Malformed_containers_are_refused()
    {
        using MLKem key = MLKemManaged.GenerateKey(MLKemAlgorithm.MLKem768);
        Pkcs8.RefusesEveryMutilation(key.ExportPkcs8PrivateKey(), 22, source => MLKemManaged.ImportPkcs8PrivateKey(source));
        Pkcs8.RefusesEveryMutilation(key.ExportSubjectPublicKeyInfo(), 22, source => MLKemManaged.ImportSubjectPublicKeyInfo(source));
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Wrong_lengths_are_refused(string name)
    {
        MLKemAlgorithm algorithm = Algorithms.MLKem(name);
        foreach (int difference in new[] { -1, 1 })
        {
            FluentActions.Invoking(() => MLKemManaged.ImportPrivateSeed(algorithm, new byte[64 + difference]))
                .Should().Throw<ArgumentException>();
            FluentActions.Invoking(
                () => MLKemManaged.ImportEncapsulationKey(algorithm, new byte[algorithm.EncapsulationKeySizeInBytes + difference]))
                .Should().Throw<ArgumentException>();
            FluentActions.Invoking(
                () => MLKemManaged.ImportDecapsulationKey(algorithm, new byte[algorithm.DecapsulationKeySizeInBytes + difference]))
                .Should().Throw<ArgumentException>();

            using MLKem key = MLKemManaged.GenerateKey(algorithm);
            FluentActions.Invoking(() => key.Decapsulate(new byte[algorithm.CiphertextSizeInBytes + difference]))
                .Should().Throw<ArgumentException>();
            FluentActions.Invoking(() => key.Encapsulate(new byte[algorithm.CiphertextSizeInBytes + difference], new byte[32]))
                .Should().Throw<ArgumentException>();
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Encapsulation_key_with_a_coefficient_at_the_modulus_is_refused(string name)
    {
        MLKemAlgorithm algorithm = Algorithms.MLKem(name);
        using MLKem key = MLKemManaged.GenerateKey(algorithm);
        byte[] encoded = key.ExportEncapsulationKey();
        foreach (int coefficient in new[] { 0, 1, 255, (encoded.Length - 32) * 8 / 12 - 1 })
        {
            foreach ((int value, bool valid) in new[] { (3328, true), (3329, false), (4095, false) })
            {
                byte[] changed = [.. encoded];
                int at = coefficient / 2 * 3;
                if ((coefficient & 1) == 0)
                {
                    changed[at] = (byte)value;
                    changed[at + 1] = (byte)((changed[at + 1] & 0xF0) | (value >> 8));
                }
                else
                {
                    changed[at + 1] = (byte)((changed[at + 1] & 0x0F) | (value << 4));
                    changed[at + 2] = (byte)(value >> 4);
                }

                Action import = () => MLKemManaged.ImportEncapsulationKey(algorithm, changed).Dispose();
                if (valid)
                    import.Should().NotThrow();
                else
                    import.Should().Throw<CryptographicException>();
            }
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Decapsulation_key_with_a_wrong_hash_or_another_public_key_is_refused(string name)
    {
        MLKemAlgorithm algorithm = Algorithms.MLKem(name);
        using MLKem key = MLKemManaged.GenerateKey(algorithm);
        byte[] encoded = key.ExportDecapsulationKey();
        foreach (int fromEnd in new[] { 64, 33, 65 })
        {
            byte[] changed = [.. encoded];
            changed[^fromEnd] ^= 1;
            FluentActions.Invoking(() => MLKemManaged.ImportDecapsulationKey(algorithm, changed)).Should().Throw<CryptographicException>();
        }
    }

    [Fact]
    public void Public_key_alone_cannot_decapsulate_or_export_a_private_key()
    {
        using MLKem key = MLKemManaged.GenerateKey(MLKemAlgorithm.MLKem768);
        using MLKem sender = MLKemManaged.ImportEncapsulationKey(key.Algorithm, key.ExportEncapsulationKey());
        FluentActions.Invoking(() => sender.Decapsulate(new byte[1088])).Should().Throw<CryptographicException>();
        FluentActions.Invoking(() => sender.ExportPrivateSeed()).Should().Throw<CryptographicException>();
        FluentActions.Invoking(() => sender.ExportDecapsulationKey()).Should().Throw<CryptographicException>();
        FluentActions.Invoking(() => sender.ExportPkcs8PrivateKey()).Should().Throw<CryptographicException>();
    }

    [Fact]
    public void Disposed_key_does_nothing()
    {
        var key = MLKemManaged.GenerateKey(MLKemAlgorithm.MLKem768);
        key.Dispose();
        key.Dispose();
        FluentActions.Invoking(() => key.Encapsulate(out _, out _)).Should().Throw<ObjectDisposedException>();
        FluentActions.Invoking(() => key.Decapsulate(new byte[1088])).Should().Throw<ObjectDisposedException>();
        FluentActions.Invoking(() => key.ExportPrivateSeed()).Should().Throw<ObjectDisposedException>();
        FluentActions.Invoking(() => key.ExportDecapsulationKey()).Should().Throw<ObjectDisposedException>();
        FluentActions.Invoking(() => key.ExportEncapsulationKey()).Should().Throw<ObjectDisposedException>();
        FluentActions.Invoking(() => key.ExportPkcs8PrivateKey()).Should().Throw<ObjectDisposedException>();
        FluentActions.Invoking(() => key.ExportSubjectPublicKeyInfo()).Should().Throw<ObjectDisposedException>();
        FluentActions.Invoking(() => key.EncapsulateDeterministicForTesting(new byte[32], new byte[1088], new byte[32]))
            .Should().Throw<ObjectDisposedException>();
    }
}
