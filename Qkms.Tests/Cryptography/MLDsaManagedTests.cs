using Qkms.Core.Cryptography.Fips204;

namespace Qkms.Tests.Cryptography;

/// <summary>MLDsaManaged as a platform key: what it gives, and what it refuses.</summary>
public sealed class MLDsaManagedTests
{
    private static readonly byte[] _message = Encoding.UTF8.GetBytes("a message");
    private static readonly byte[] _context = Encoding.UTF8.GetBytes("a context");

    public static TheoryData<string> Sets => [.. Algorithms.MLDsaSets];

    [Theory]
    [MemberData(nameof(Sets))]
    public void Signature_verifies_with_its_message_context_and_key_only(string name)
    {
        MLDsaAlgorithm algorithm = Algorithms.MLDsa(name);
        using MLDsa key = MLDsaManaged.GenerateKey(algorithm);
        using MLDsa other = MLDsaManaged.GenerateKey(algorithm);
        using MLDsa verifier = MLDsaManaged.ImportMLDsaPublicKey(algorithm, key.ExportMLDsaPublicKey());
        byte[] signature = key.SignData(_message, _context);

        verifier.VerifyData(_message, signature, _context).Should().BeTrue();
        verifier.VerifyData(_message, signature).Should().BeFalse();
        verifier.VerifyData(_context, signature, _context).Should().BeFalse();
        verifier.VerifyData(_message, signature[..^1], _context).Should().BeFalse();
        verifier.VerifyData(_message, signature.Append((byte)0).ToArray(), _context).Should().BeFalse();
        other.VerifyData(_message, signature, _context).Should().BeFalse();
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Signatures_are_hedged(string name)
    {
        using MLDsa key = MLDsaManaged.GenerateKey(Algorithms.MLDsa(name));
        key.SignData(_message).Should().NotEqual(key.SignData(_message));
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Signature_with_any_part_changed_is_refused(string name)
    {
        using MLDsa key = MLDsaManaged.GenerateKey(Algorithms.MLDsa(name));
        byte[] signature = key.SignData(_message);
        for (int position = 0; position < signature.Length; position += 37)
        {
            signature[position] ^= 1;
            key.VerifyData(_message, signature).Should().BeFalse("byte {0} was changed", position);
            signature[position] ^= 1;
        }

        key.VerifyData(_message, signature).Should().BeTrue();
    }

    [Theory]
    [InlineData("ML-DSA-44", 80, 4)]
    [InlineData("ML-DSA-65", 55, 6)]
    [InlineData("ML-DSA-87", 75, 8)]
    public void Malformed_hints_are_not_decoded(string name, int omega, int k)
    {
        var set = ParameterSet.Of(Algorithms.MLDsa(name));
        var hint = new RingVector(new int[k * 256]);
        byte[] valid = new byte[omega + k];
        (valid[0], valid[1], valid[2]) = (3, 7, 200);
        valid.AsSpan(omega).Fill(3);
        valid[omega] = 2;
        Hints.TryDecode(set, valid, hint).Should().BeTrue();
        int ones = 0;
        foreach (int bit in hint.Coefficients)
            ones += bit;
        ones.Should().Be(3);

        Mutate(valid, 1, 3).Should().BeFalse("a position that is repeated");
        Mutate(valid, 1, 2).Should().BeFalse("positions that fall");
        Mutate(valid, omega - 1, 1).Should().BeFalse("bytes after the last position");
        Mutate(valid, omega + 1, 1).Should().BeFalse("a count that falls");
        Mutate(valid, omega + k - 1, omega + 1).Should().BeFalse("a count above omega");

        bool Mutate(byte[] source, int position, int value)
        {
            byte[] changed = [.. source];
            changed[position] = (byte)value;
            return Hints.TryDecode(set, changed, new RingVector(new int[k * 256]));
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void External_mu_is_another_way_to_the_same_signature(string name)
    {
        using var key = MLDsaManaged.GenerateKey(Algorithms.MLDsa(name));
        byte[] mu = new byte[64];
        key.ComputeMu(_message, _context, mu);

        key.VerifyData(_message, key.SignMu(mu), _context).Should().BeTrue();
        key.VerifyMu(mu, key.SignData(_message, _context)).Should().BeTrue();
        mu[0] ^= 1;
        key.VerifyMu(mu, key.SignData(_message, _context)).Should().BeFalse();
        FluentActions.Invoking(() => key.SignMu(new byte[63])).Should().Throw<ArgumentException>();
    }

    [Theory]
    [InlineData("ML-DSA-44", "2.16.840.1.101.3.4.2.1", 32)]
    [InlineData("ML-DSA-44", "2.16.840.1.101.3.4.2.2", 48)]
    [InlineData("ML-DSA-44", "2.16.840.1.101.3.4.2.3", 64)]
    [InlineData("ML-DSA-44", "2.16.840.1.101.3.4.2.8", 32)]
    [InlineData("ML-DSA-44", "2.16.840.1.101.3.4.2.9", 48)]
    [InlineData("ML-DSA-44", "2.16.840.1.101.3.4.2.10", 64)]
    [InlineData("ML-DSA-44", "2.16.840.1.101.3.4.2.11", 32)]
    [InlineData("ML-DSA-44", "2.16.840.1.101.3.4.2.12", 64)]
    [InlineData("ML-DSA-65", "2.16.840.1.101.3.4.2.2", 48)]
    [InlineData("ML-DSA-65", "2.16.840.1.101.3.4.2.3", 64)]
    [InlineData("ML-DSA-65", "2.16.840.1.101.3.4.2.9", 48)]
    [InlineData("ML-DSA-65", "2.16.840.1.101.3.4.2.10", 64)]
    [InlineData("ML-DSA-65", "2.16.840.1.101.3.4.2.12", 64)]
    [InlineData("ML-DSA-87", "2.16.840.1.101.3.4.2.3", 64)]
    [InlineData("ML-DSA-87", "2.16.840.1.101.3.4.2.10", 64)]
    [InlineData("ML-DSA-87", "2.16.840.1.101.3.4.2.12", 64)]
    public void Hash_is_signed_with_its_algorithm(string name, string oid, int length)
    {
        using MLDsa key = MLDsaManaged.GenerateKey(Algorithms.MLDsa(name));
        byte[] hash = new byte[length];
        hash[0] = 1;
        byte[] signature = key.SignPreHash(hash, oid, _context);

        key.VerifyPreHash(hash, signature, oid, _context).Should().BeTrue();
        key.VerifyPreHash(hash, signature, oid).Should().BeFalse();
        key.VerifyData(hash, signature, _context).Should().BeFalse("a signature over a hash is not one over data");
        hash[0] = 2;
        key.VerifyPreHash(hash, signature, oid, _context).Should().BeFalse();
        FluentActions.Invoking(() => key.SignPreHash(new byte[length - 1], oid)).Should().Throw<CryptographicException>();
    }

    [Theory]
    [InlineData("ML-DSA-65", "2.16.840.1.101.3.4.2.1", 32)]
    [InlineData("ML-DSA-87", "2.16.840.1.101.3.4.2.2", 48)]
    [InlineData("ML-DSA-44", "1.3.14.3.2.26", 20)]
    public void Hash_too_weak_for_the_set_is_refused_by_the_base_class(string name, string oid, int length)
    {
        using MLDsa key = MLDsaManaged.GenerateKey(Algorithms.MLDsa(name));
        FluentActions.Invoking(() => key.SignPreHash(new byte[length], oid)).Should().Throw<CryptographicException>();
    }

    [Fact]
    public void Formatted_message_of_a_hash_is_what_the_standard_says()
    {
        // M' = 1 ‖ |ctx| ‖ ctx ‖ DER of the identifier of SHA-512 ‖ hash, through the internal interface.
        using var key = MLDsaManaged.GenerateKey(MLDsaAlgorithm.MLDsa65);
        byte[] hash = SHA512.HashData(_message);
        byte[] formatted = [1, (byte)_context.Length, .. _context, .. Convert.FromHexString("0609608648016503040203"), .. hash];
        byte[] mu = new byte[64];
        key.ComputeFormattedMuForTesting(formatted, mu);
        key.VerifyMu(mu, key.SignPreHash(hash, "2.16.840.1.101.3.4.2.3", _context)).Should().BeTrue();

        key.ComputeFormattedMuForTesting([0, (byte)_context.Length, .. _context, .. _message], mu);
        key.VerifyMu(mu, key.SignData(_message, _context)).Should().BeTrue();
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Seed_and_private_key_survive_export_and_import(string name)
    {
        MLDsaAlgorithm algorithm = Algorithms.MLDsa(name);
        using MLDsa key = MLDsaManaged.GenerateKey(algorithm);
        using MLDsa fromSeed = MLDsaManaged.ImportMLDsaPrivateSeed(algorithm, key.ExportMLDsaPrivateSeed());
        using MLDsa expanded = MLDsaManaged.ImportMLDsaPrivateKey(algorithm, key.ExportMLDsaPrivateKey());
        foreach (MLDsa copy in new[] { fromSeed, expanded })
        {
            copy.ExportMLDsaPublicKey().Should().Equal(key.ExportMLDsaPublicKey());
            copy.ExportMLDsaPrivateKey().Should().Equal(key.ExportMLDsaPrivateKey());
            key.VerifyData(_message, copy.SignData(_message)).Should().BeTrue();
        }

        FluentActions.Invoking(() => expanded.ExportMLDsaPrivateSeed()).Should().Throw<CryptographicException>();
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Private_key_whose_parts_do_not_belong_together_is_refused(string name)
    {
        MLDsaAlgorithm algorithm = Algorithms.MLDsa(name);
        using MLDsa key = MLDsaManaged.GenerateKey(algorithm);
        byte[] encoded = key.ExportMLDsaPrivateKey();

        // ρ, tr, s₁, t₀; K is any string.
        foreach (int position in new[] { 0, 64, 128, encoded.Length - 1 })
        {
            byte[] changed = [.. encoded];
            changed[position] ^= 1;
            FluentActions.Invoking(() => MLDsaManaged.ImportMLDsaPrivateKey(algorithm, changed))
                .Should().Throw<CryptographicException>("byte {0} was changed", position);
        }

        byte[] tooLarge = [.. encoded];
        tooLarge[128] = 0xFF;
        FluentActions.Invoking(() => MLDsaManaged.ImportMLDsaPrivateKey(algorithm, tooLarge)).Should().Throw<CryptographicException>();
    }

    [Theory]
    [InlineData("ML-DSA-44", "3034020100300b060960864801650304031104228020")]
    [InlineData("ML-DSA-65", "3034020100300b060960864801650304031204228020")]
    [InlineData("ML-DSA-87", "3034020100300b060960864801650304031304228020")]
    public void Pkcs8_holds_the_seed_only(string name, string prefix)
    {
        using MLDsa key = MLDsaManaged.GenerateKey(Algorithms.MLDsa(name));
        byte[] pkcs8 = key.ExportPkcs8PrivateKey();
        Convert.ToHexStringLower(pkcs8).Should().Be(prefix + Convert.ToHexStringLower(key.ExportMLDsaPrivateSeed()));

        using MLDsa imported = MLDsaManaged.ImportPkcs8PrivateKey(pkcs8);
        imported.Algorithm.Should().Be(key.Algorithm);
        imported.ExportMLDsaPrivateSeed().Should().Equal(key.ExportMLDsaPrivateSeed());
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Pkcs8_of_a_key_without_seed_holds_the_expanded_key(string name)
    {
        MLDsaAlgorithm algorithm = Algorithms.MLDsa(name);
        using MLDsa key = MLDsaManaged.GenerateKey(algorithm);
        using MLDsa expanded = MLDsaManaged.ImportMLDsaPrivateKey(algorithm, key.ExportMLDsaPrivateKey());
        using MLDsa imported = MLDsaManaged.ImportPkcs8PrivateKey(expanded.ExportPkcs8PrivateKey());
        imported.ExportMLDsaPrivateKey().Should().Equal(key.ExportMLDsaPrivateKey());
    }

    [Fact]
    public void Pkcs8_with_seed_and_expanded_key_must_hold_one_key_twice()
    {
        using MLDsa key = MLDsaManaged.GenerateKey(MLDsaAlgorithm.MLDsa65);
        using MLDsa other = MLDsaManaged.GenerateKey(MLDsaAlgorithm.MLDsa65);
        byte[] both = Pkcs8.Both("2.16.840.1.101.3.4.3.18", key.ExportMLDsaPrivateSeed(), key.ExportMLDsaPrivateKey());
        byte[] mixed = Pkcs8.Both("2.16.840.1.101.3.4.3.18", key.ExportMLDsaPrivateSeed(), other.ExportMLDsaPrivateKey());

        using MLDsa imported = MLDsaManaged.ImportPkcs8PrivateKey(both);
        imported.ExportMLDsaPrivateSeed().Should().Equal(key.ExportMLDsaPrivateSeed());
        FluentActions.Invoking(() => MLDsaManaged.ImportPkcs8PrivateKey(mixed)).Should().Throw<CryptographicException>();
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Subject_public_key_info_survives_export_and_import(string name)
    {
        using MLDsa key = MLDsaManaged.GenerateKey(Algorithms.MLDsa(name));
        byte[] spki = key.ExportSubjectPublicKeyInfo();
        using MLDsa imported = MLDsaManaged.ImportSubjectPublicKeyInfo(spki);
        imported.Algorithm.Should().Be(key.Algorithm);
        imported.ExportMLDsaPublicKey().Should().Equal(key.ExportMLDsaPublicKey());
        imported.ExportSubjectPublicKeyInfo().Should().Equal(spki);
    }

    [Fact]
    public void Malformed_containers_are_refused()
    {
        using MLDsa key = MLDsaManaged.GenerateKey(MLDsaAlgorithm.MLDsa65);
        Pkcs8.RefusesEveryMutilation(key.ExportPkcs8PrivateKey(), 22, source => MLDsaManaged.ImportPkcs8PrivateKey(source));
        Pkcs8.RefusesEveryMutilation(key.ExportSubjectPublicKeyInfo(), 22, source => MLDsaManaged.ImportSubjectPublicKeyInfo(source));
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Wrong_lengths_are_refused(string name)
    {
        MLDsaAlgorithm algorithm = Algorithms.MLDsa(name);
        using MLDsa key = MLDsaManaged.GenerateKey(algorithm);
        foreach (int difference in new[] { -1, 1 })
        {
            FluentActions.Invoking(() => MLDsaManaged.ImportMLDsaPrivateSeed(algorithm, new byte[32 + difference]))
                .Should().Throw<ArgumentException>();
            FluentActions.Invoking(
                () => MLDsaManaged.ImportMLDsaPrivateKey(algorithm, new byte[algorithm.PrivateKeySizeInBytes + difference]))
                .Should().Throw<ArgumentException>();
            FluentActions.Invoking(
                () => MLDsaManaged.ImportMLDsaPublicKey(algorithm, new byte[algorithm.PublicKeySizeInBytes + difference]))
                .Should().Throw<ArgumentException>();
            FluentActions.Invoking(() => key.SignData(_message.AsSpan(), new byte[algorithm.SignatureSizeInBytes + difference]))
                .Should().Throw<ArgumentException>();
        }

        FluentActions.Invoking(() => key.SignData(_message, new byte[256])).Should().Throw<ArgumentException>();
        key.VerifyData(_message, key.SignData(_message, new byte[255]), new byte[255]).Should().BeTrue();
    }

    [Fact]
    public void Public_key_alone_cannot_sign_or_export_a_private_key()
    {
        using MLDsa key = MLDsaManaged.GenerateKey(MLDsaAlgorithm.MLDsa65);
        using MLDsa verifier = MLDsaManaged.ImportMLDsaPublicKey(key.Algorithm, key.ExportMLDsaPublicKey());
        FluentActions.Invoking(() => verifier.SignData(_message)).Should().Throw<CryptographicException>();
        FluentActions.Invoking(() => verifier.SignMu(new byte[64])).Should().Throw<CryptographicException>();
        FluentActions.Invoking(() => verifier.SignPreHash(new byte[64], "2.16.840.1.101.3.4.2.3")).Should().Throw<CryptographicException>();
        FluentActions.Invoking(() => verifier.ExportMLDsaPrivateSeed()).Should().Throw<CryptographicException>();
        FluentActions.Invoking(() => verifier.ExportMLDsaPrivateKey()).Should().Throw<CryptographicException>();
        FluentActions.Invoking(() => verifier.ExportPkcs8PrivateKey()).Should().Throw<CryptographicException>();
    }

    [Fact]
    public void Disposed_key_does_nothing()
    {
        var key = MLDsaManaged.GenerateKey(MLDsaAlgorithm.MLDsa65);
        byte[] signature = key.SignData(_message);
        key.Dispose();
        key.Dispose();
        FluentActions.Invoking(() => key.SignData(_message)).Should().Throw<ObjectDisposedException>();
        FluentActions.Invoking(() => key.SignMu(new byte[64])).Should().Throw<ObjectDisposedException>();
        FluentActions.Invoking(() => key.SignPreHash(new byte[64], "2.16.840.1.101.3.4.2.3")).Should().Throw<ObjectDisposedException>();
        FluentActions.Invoking(() => key.VerifyData(_message, signature)).Should().Throw<ObjectDisposedException>();
        FluentActions.Invoking(() => key.ExportMLDsaPrivateSeed()).Should().Throw<ObjectDisposedException>();
        FluentActions.Invoking(() => key.ExportMLDsaPrivateKey()).Should().Throw<ObjectDisposedException>();
        FluentActions.Invoking(() => key.ExportMLDsaPublicKey()).Should().Throw<ObjectDisposedException>();
        FluentActions.Invoking(() => key.ExportPkcs8PrivateKey()).Should().Throw<ObjectDisposedException>();
        FluentActions.Invoking(() => key.SignMuDeterministicForTesting(new byte[64], new byte[32], signature))
            .Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void One_key_signs_on_many_threads()
    {
        using MLDsa key = MLDsaManaged.GenerateKey(MLDsaAlgorithm.MLDsa44);
        Parallel.For(0, 64, i => key.VerifyData(_message, key.SignData(_message)).Should().BeTrue());
    }
}
