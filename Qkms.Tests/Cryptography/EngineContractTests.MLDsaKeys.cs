namespace Qkms.Tests.Cryptography;

public sealed partial class EngineContractTests
{
    [Theory]
    [MemberData(nameof(MLDsaSets))]
    public void Every_form_of_an_MLDsa_key_survives_export_and_import(string engine, string set)
    {
        (EngineUnderTest tested, MLDsaAlgorithm algorithm) = MLDsaOf(engine, set);
        using MLDsa key = tested.Engine.GenerateMLDsa(algorithm);
        byte[] seed = key.ExportMLDsaPrivateSeed();
        byte[] expanded = key.ExportMLDsaPrivateKey();
        byte[] hash = SHA512.HashData(_message);

        using MLDsa fromSeed = tested.Engine.ImportMLDsaPrivateSeed(algorithm, seed);
        using MLDsa fromPkcs8 = tested.ImportMLDsaPkcs8(key.ExportPkcs8PrivateKey());
        using MLDsa fromBoth = tested.ImportMLDsaPkcs8(Pkcs8.Both(OidOf(key), seed, expanded));
        foreach (MLDsa copy in new[] { fromSeed, fromPkcs8, fromBoth })
            copy.ExportMLDsaPrivateSeed().Should().Equal(seed);

        using MLDsa fromExpanded = tested.ImportMLDsaPrivateKey(algorithm, expanded);
        using MLDsa fromExpandedPkcs8 = tested.ImportMLDsaPkcs8(fromExpanded.ExportPkcs8PrivateKey());
        foreach (MLDsa copy in new[] { fromExpanded, fromExpandedPkcs8 })
            FluentActions.Invoking(() => copy.ExportMLDsaPrivateSeed()).Should().Throw<CryptographicException>("a seed cannot be computed back");

        foreach (MLDsa copy in new[] { fromSeed, fromPkcs8, fromBoth, fromExpanded, fromExpandedPkcs8 })
        {
            copy.Algorithm.Should().Be(algorithm);
            copy.ExportMLDsaPrivateKey().Should().Equal(expanded);
            copy.ExportMLDsaPublicKey().Should().Equal(key.ExportMLDsaPublicKey());
            key.VerifyData(_message, copy.SignData(_message, _context), _context).Should().BeTrue();
            key.VerifyPreHash(hash, copy.SignPreHash(hash, Sha512), Sha512).Should().BeTrue();
        }

        using MLDsa fromPublic = tested.Engine.ImportMLDsaPublicKey(algorithm, key.ExportMLDsaPublicKey());
        using MLDsa fromSpki = tested.ImportMLDsaSpki(key.ExportSubjectPublicKeyInfo());
        foreach (MLDsa copy in new[] { fromPublic, fromSpki })
        {
            copy.Algorithm.Should().Be(algorithm);
            copy.ExportMLDsaPublicKey().Should().Equal(key.ExportMLDsaPublicKey());
            copy.ExportSubjectPublicKeyInfo().Should().Equal(key.ExportSubjectPublicKeyInfo());
            copy.VerifyData(_message, key.SignData(_message)).Should().BeTrue();
        }
    }

    [Theory]
    [MemberData(nameof(MLDsaSets))]
    public void MLDsa_containers_of_the_base_class_hold_the_same_key(string engine, string set)
    {
        (EngineUnderTest tested, MLDsaAlgorithm algorithm) = MLDsaOf(engine, set);
        using MLDsa key = tested.Engine.GenerateMLDsa(algorithm);
        byte[] pkcs8 = key.ExportPkcs8PrivateKey();
        Containers.Decode(key.ExportPkcs8PrivateKeyPem(), "PRIVATE KEY").Should().Equal(pkcs8);
        byte[] encrypted = Containers.Decode(key.ExportEncryptedPkcs8PrivateKeyPem("password", _pbe), "ENCRYPTED PRIVATE KEY");
        encrypted.AsSpan().IndexOf(key.ExportMLDsaPrivateSeed()).Should().Be(-1);
        Containers.Decode(key.ExportSubjectPublicKeyInfoPem(), "PUBLIC KEY").Should().Equal(key.ExportSubjectPublicKeyInfo());
        key.TryExportPkcs8PrivateKey(new byte[pkcs8.Length - 1], out int written).Should().BeFalse();
        written.Should().Be(0);
        byte[] exact = new byte[pkcs8.Length];
        key.TryExportPkcs8PrivateKey(exact, out written).Should().BeTrue();
        exact.Should().Equal(pkcs8);
    }

    [Theory]
    [MemberData(nameof(MLDsaSets))]
    public void Malformed_MLDsa_containers_are_refused(string engine, string set)
    {
        (EngineUnderTest tested, MLDsaAlgorithm algorithm) = MLDsaOf(engine, set);
        using MLDsa key = tested.Engine.GenerateMLDsa(algorithm);
        using MLDsa other = tested.Engine.GenerateMLDsa(algorithm);
        Pkcs8.RefusesEveryMutilation(
            key.ExportPkcs8PrivateKey(),
            22,
            source => tested.ReadsOverVersion(source) ? throw new CryptographicException("accepted by design") : tested.ImportMLDsaPkcs8(source));
        Pkcs8.RefusesEveryMutilation(
            key.ExportSubjectPublicKeyInfo(),
            22,
            source => tested.ReadsOverUnusedBits(source) ? throw new CryptographicException("accepted by design") : tested.ImportMLDsaSpki(source));
        byte[] mixed = Pkcs8.Both(OidOf(key), key.ExportMLDsaPrivateSeed(), other.ExportMLDsaPrivateKey());
        FluentActions.Invoking(() => tested.ImportMLDsaPkcs8(mixed)).Should().Throw<CryptographicException>("seed and expanded key differ");

        using MLKem receiver = tested.Engine.GenerateMLKem(MLKemAlgorithm.MLKem512);
        FluentActions.Invoking(() => tested.ImportMLDsaPkcs8(receiver.ExportPkcs8PrivateKey())).Should().Throw<CryptographicException>("the key is ML-KEM");
        FluentActions.Invoking(() => tested.ImportMLDsaSpki(receiver.ExportSubjectPublicKeyInfo())).Should().Throw<CryptographicException>("the key is ML-KEM");
    }

    [Theory]
    [MemberData(nameof(MLDsaSets))]
    public void Private_key_whose_parts_do_not_belong_together_is_refused(string engine, string set)
    {
        (EngineUnderTest tested, MLDsaAlgorithm algorithm) = MLDsaOf(engine, set);
        using MLDsa key = tested.Engine.GenerateMLDsa(algorithm);
        byte[] encoded = key.ExportMLDsaPrivateKey();

        // ρ, tr, s₁, and t₀ at its end; K is any string.
        foreach (int position in new[] { 0, 64, 128, encoded.Length - 1 })
        {
            byte[] changed = [.. encoded];
            changed[position] ^= 1;
            FluentActions.Invoking(() => tested.ImportMLDsaPrivateKey(algorithm, changed))
                .Should().Throw<CryptographicException>("byte {0} was changed", position);
        }

        byte[] tooLarge = [.. encoded];
        tooLarge[128] = 0xFF;
        FluentActions.Invoking(() => tested.ImportMLDsaPrivateKey(algorithm, tooLarge)).Should().Throw<CryptographicException>("a coefficient of s₁ is above η");

        // One polynomial of t₀, and half of the key.
        foreach (int length in new[] { 416, encoded.Length / 2 })
        {
            byte[] otherT0 = [.. encoded];
            otherT0.AsSpan(encoded.Length - length).Fill(0xAA);
            FluentActions.Invoking(() => tested.ImportMLDsaPrivateKey(algorithm, otherT0)).Should().Throw<CryptographicException>("t₀ is another one");
        }
    }

    [Theory]
    [MemberData(nameof(MLDsaSets))]
    public void Public_key_alone_cannot_sign_or_export_a_private_key(string engine, string set)
    {
        (EngineUnderTest tested, MLDsaAlgorithm algorithm) = MLDsaOf(engine, set);
        using MLDsa key = tested.Engine.GenerateMLDsa(algorithm);
        using MLDsa verifier = tested.Engine.ImportMLDsaPublicKey(algorithm, key.ExportMLDsaPublicKey());
        foreach (Action action in new Action[]
        {
            () => verifier.SignData(_message),
            () => verifier.SignPreHash(new byte[64], Sha512),
            () => verifier.ExportMLDsaPrivateSeed(),
            () => verifier.ExportMLDsaPrivateKey(),
            () => verifier.ExportPkcs8PrivateKey(),
            () => verifier.ExportEncryptedPkcs8PrivateKey("password", _pbe),
            () => verifier.SignMu(new byte[64]),
        })
        {
            action.Should().Throw<CryptographicException>();
        }
    }

    private static string OidOf(MLDsa key) => Containers.Oid(key.ExportSubjectPublicKeyInfo());
}
