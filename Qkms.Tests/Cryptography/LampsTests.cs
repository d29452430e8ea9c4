using System.Formats.Asn1;

namespace Qkms.Tests.Cryptography;

/// <summary>
/// The examples of RFC 9881 (ML-DSA) and RFC 9935 (ML-KEM): one key of each set as seed, expanded key and both, its public key, a
/// certificate, and private keys that contradict themselves. Each test states how many files its folder has.
/// </summary>
public sealed class LampsTests
{
    private const string DsaFolder = "lamps/lamps-dsa";
    private const string KemFolder = "lamps/lamps-kem";


    public static TheoryData<string> Engines => new(EngineUnderTest.Present.Keys);

    [TheoryIf(Requirement.Vectors, DsaFolder)]
    [MemberData(nameof(Engines))]
    public void MLDsa_keys_and_certificates(string engine)
    {
        EngineUnderTest tested = EngineUnderTest.Present[engine];
        HashSet<string> read = [];
        byte[] message = "a message"u8.ToArray();
        foreach (string set in Algorithms.MLDsaSets)
        {
            byte[] spki = Read(read, DsaFolder, $"{set}.pub", "PUBLIC KEY");
            using MLDsa publicKey = tested.ImportMLDsaSpki(spki);
            publicKey.Algorithm.Name.Should().Be(set);
            publicKey.ExportSubjectPublicKeyInfo().Should().Equal(spki);

            byte[] seed = Read(read, DsaFolder, $"{set}-seed.priv", "PRIVATE KEY");
            byte[] expanded = Read(read, DsaFolder, $"{set}-expanded.priv", "PRIVATE KEY");
            byte[] both = Read(read, DsaFolder, $"{set}-both.priv", "PRIVATE KEY");
            using MLDsa fromSeed = tested.ImportMLDsaPkcs8(seed);
            using MLDsa fromExpanded = tested.ImportMLDsaPkcs8(expanded);
            using MLDsa fromBoth = tested.ImportMLDsaPkcs8(both);
            fromSeed.ExportPkcs8PrivateKey().Should().Equal(seed);
            fromExpanded.ExportPkcs8PrivateKey().Should().Equal(expanded);
            fromBoth.ExportMLDsaPrivateSeed().Should().Equal(fromSeed.ExportMLDsaPrivateSeed());
            foreach (MLDsa key in new[] { fromSeed, fromExpanded, fromBoth })
            {
                key.ExportSubjectPublicKeyInfo().Should().Equal(spki);
                key.ExportMLDsaPrivateKey().Should().Equal(fromSeed.ExportMLDsaPrivateKey());
                publicKey.VerifyData(message, key.SignData(message)).Should().BeTrue();
            }

            Certificate certificate = new(Read(read, DsaFolder, $"{set}.crt", "CERTIFICATE"));
            certificate.SubjectPublicKeyInfo.Should().Equal(spki);
            certificate.SignatureOid.Should().Be(Containers.Oid(spki), "it is signed by its own key");
            certificate.IsSignedBy(publicKey).Should().BeTrue();
        }

        // -1: seed and expanded key differ. -2: tr, the hash of the public key, is another. -3: t₀ is another in its lowest bit.
        foreach (string name in new[] { "bad-ML-DSA-44-1.priv", "bad-ML-DSA-44-2.priv", "bad-ML-DSA-44-3.priv" })
        {
            byte[] bad = Read(read, DsaFolder, name, "PRIVATE KEY");
            FluentActions.Invoking(() => tested.ImportMLDsaPkcs8(bad)).Should().Throw<CryptographicException>(name);
        }

        read.Should().BeEquivalentTo(FilesOf(DsaFolder)).And.HaveCount(18);
    }

    [TheoryIf(Requirement.Vectors, KemFolder, DsaFolder)]
    [MemberData(nameof(Engines))]
    public void MLKem_keys_and_certificates(string engine)
    {
        EngineUnderTest tested = EngineUnderTest.Present[engine];
        HashSet<string> read = [];
        foreach (string set in Algorithms.MLKemSets)
        {
            byte[] spki = Read(read, KemFolder, $"{set}.pub", "PUBLIC KEY");
            using MLKem publicKey = tested.ImportMLKemSpki(spki);
            publicKey.Algorithm.Name.Should().Be(set);
            publicKey.ExportSubjectPublicKeyInfo().Should().Equal(spki);
            publicKey.Encapsulate(out byte[] ciphertext, out byte[] secret);

            byte[] seed = Read(read, KemFolder, $"{set}-seed.priv", "PRIVATE KEY");
            byte[] expanded = Read(read, KemFolder, $"{set}-expanded.priv", "PRIVATE KEY");
            byte[] both = Read(read, KemFolder, $"{set}-both.priv", "PRIVATE KEY");
            using MLKem fromSeed = tested.ImportMLKemPkcs8(seed);
            using MLKem fromExpanded = tested.ImportMLKemPkcs8(expanded);
            using MLKem fromBoth = tested.ImportMLKemPkcs8(both);
            fromSeed.ExportPkcs8PrivateKey().Should().Equal(seed);
            fromExpanded.ExportPkcs8PrivateKey().Should().Equal(expanded);
            fromBoth.ExportPrivateSeed().Should().Equal(fromSeed.ExportPrivateSeed());
            foreach (MLKem key in new[] { fromSeed, fromExpanded, fromBoth })
            {
                key.ExportSubjectPublicKeyInfo().Should().Equal(spki);
                key.ExportDecapsulationKey().Should().Equal(fromSeed.ExportDecapsulationKey());
                key.Decapsulate(ciphertext).Should().Equal(secret);
            }

            // A key that cannot sign has a certificate signed by one that can.
            Certificate certificate = new(Read(read, KemFolder, $"{set}.crt", "CERTIFICATE"));
            certificate.SubjectPublicKeyInfo.Should().Equal(spki);
            byte[] issuer = Algorithms.MLDsaSets.Select(name => Read([], DsaFolder, $"{name}.pub", "PUBLIC KEY"))
                .Single(key => Containers.Oid(key) == certificate.SignatureOid);
            using MLDsa issuerKey = tested.ImportMLDsaSpki(issuer);
            certificate.IsSignedBy(issuerKey).Should().BeTrue();
        }

        // -1: seed and expanded key differ. -3: the hash of ek in dk is another. -4: as -1, but in z only.
        foreach (string name in new[] { "bad-ML-KEM-512-1.priv", "bad-ML-KEM-512-3.priv", "bad-ML-KEM-512-4.priv" })
        {
            byte[] bad = Read(read, KemFolder, name, "PRIVATE KEY");
            FluentActions.Invoking(() => tested.ImportMLKemPkcs8(bad)).Should().Throw<CryptographicException>(name);
        }

        // -2: dk_PKE is not that of ek. Only a pairwise test shows it, which neither FIPS 203, section 7.3, nor RFC 9935 asks of an
        // importer: OpenSSL makes one and refuses the key; the others take it, and decapsulate with it what was not encapsulated.
        byte[] inconsistent = Read(read, KemFolder, "bad-ML-KEM-512-2.priv", "PRIVATE KEY");
        if (engine == PqcEngines.Platform)
        {
            FluentActions.Invoking(() => tested.ImportMLKemPkcs8(inconsistent)).Should().Throw<CryptographicException>();
        }
        else
        {
            using MLKem imported = tested.ImportMLKemPkcs8(inconsistent);
            imported.Encapsulate(out byte[] sent, out byte[] shared);
            imported.Decapsulate(sent).Should().NotEqual(shared);
        }

        read.Should().BeEquivalentTo(FilesOf(KemFolder)).And.HaveCount(19);
    }

    private static byte[] Read(HashSet<string> read, string folder, string name, string label)
    {
        read.Add(name);
        return Containers.Decode(File.ReadAllText(Path.Combine(TestVectors.Folder!, folder, name)), label);
    }

    private static IEnumerable<string> FilesOf(string folder) =>
        Directory.EnumerateFiles(Path.Combine(TestVectors.Folder!, folder)).Select(file => Path.GetFileName(file));

    /// <summary>What is signed, by what, and the key that it is for (RFC 5280, section 4.1).</summary>
    private sealed class Certificate
    {
        private readonly byte[] _signed;
        private readonly byte[] _signature;

        internal Certificate(byte[] der)
        {
            AsnReader certificate = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
            _signed = certificate.PeekEncodedValue().ToArray();
            AsnReader signed = certificate.ReadSequence();
            SignatureOid = certificate.ReadSequence().ReadObjectIdentifier();
            _signature = certificate.ReadBitString(out _);

            // version, serial number, algorithm, issuer, validity, subject
            for (int i = 0; i < 6; i++)
                signed.ReadEncodedValue();
            SubjectPublicKeyInfo = signed.ReadEncodedValue().ToArray();
        }

        internal string SignatureOid { get; }

        internal byte[] SubjectPublicKeyInfo { get; }

        internal bool IsSignedBy(MLDsa key) => key.VerifyData(_signed, _signature);
    }
}
