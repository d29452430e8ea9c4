namespace Qkms.Tests.Cryptography;

/// <summary>A key of either family: one name for what ML-KEM and ML-DSA have alike, so that one contract covers both.</summary>
internal abstract class TestedKey : IDisposable
{
    /// <summary>The name of the parameter set that the key itself gives.</summary>
    public abstract string Set { get; }

    /// <summary>What only a private key does.</summary>
    public abstract IReadOnlyList<Action> PrivateUses { get; }

    /// <summary>What a public key does.</summary>
    public abstract IReadOnlyList<Action> PublicUses { get; }

    public static TestedKey Generate(EngineUnderTest tested, string set) => IsMLKem(set)
        ? new Kem(tested, tested.Engine.GenerateMLKem(Algorithms.MLKem(set)))
        : new Dsa(tested, tested.Engine.GenerateMLDsa(Algorithms.MLDsa(set)));

    /// <summary>A key of the family that a set does not belong to.</summary>
    public static TestedKey GenerateOfOtherFamily(EngineUnderTest tested, string set) =>
        Generate(tested, IsMLKem(set) ? "ML-DSA-44" : "ML-KEM-512");

    public abstract TestedKey FromSeed(byte[] seed);

    public abstract TestedKey FromExpanded(byte[] expanded);

    public abstract TestedKey FromPublic(byte[] publicKey);

    public abstract TestedKey FromPkcs8(byte[] container);

    public abstract TestedKey FromSpki(byte[] container);

    public abstract byte[] Seed();

    public abstract byte[] Expanded();

    public abstract byte[] Public();

    public abstract byte[] Pkcs8();

    public abstract string Pkcs8Pem();

    public abstract bool TryWritePkcs8(byte[] destination, out int written);

    public abstract string EncryptedPkcs8Pem(string password, PbeParameters parameters);

    public abstract byte[] EncryptedPkcs8(string password, PbeParameters parameters);

    public abstract byte[] Spki();

    public abstract string SpkiPem();

    /// <summary>Asserts that this private key and the public key of <paramref name="other"/> are a pair.</summary>
    public abstract void ShouldBeThePrivateKeyOf(TestedKey other);

    public abstract void Dispose();

    private static bool IsMLKem(string set) => set.StartsWith("ML-KEM", StringComparison.Ordinal);

    private sealed class Kem(EngineUnderTest tested, MLKem key) : TestedKey
    {
        private readonly MLKemAlgorithm _algorithm = key.Algorithm;

        public override string Set => key.Algorithm.Name;

        public override IReadOnlyList<Action> PrivateUses => [() => key.Decapsulate(new byte[_algorithm.CiphertextSizeInBytes])];

        public override IReadOnlyList<Action> PublicUses => [() => key.Encapsulate(out _, out _)];

        public override TestedKey FromSeed(byte[] seed) => new Kem(tested, tested.Engine.ImportMLKemPrivateSeed(_algorithm, seed));

        public override TestedKey FromExpanded(byte[] expanded) => new Kem(tested, tested.ImportDecapsulationKey(_algorithm, expanded));

        public override TestedKey FromPublic(byte[] publicKey) =>
            new Kem(tested, tested.Engine.ImportMLKemEncapsulationKey(_algorithm, publicKey));

        public override TestedKey FromPkcs8(byte[] container) => new Kem(tested, tested.ImportMLKemPkcs8(container));

        public override TestedKey FromSpki(byte[] container) => new Kem(tested, tested.ImportMLKemSpki(container));

        public override byte[] Seed() => key.ExportPrivateSeed();

        public override byte[] Expanded() => key.ExportDecapsulationKey();

        public override byte[] Public() => key.ExportEncapsulationKey();

        public override byte[] Pkcs8() => key.ExportPkcs8PrivateKey();

        public override string Pkcs8Pem() => key.ExportPkcs8PrivateKeyPem();

        public override bool TryWritePkcs8(byte[] destination, out int written) => key.TryExportPkcs8PrivateKey(destination, out written);

        public override string EncryptedPkcs8Pem(string password, PbeParameters parameters) =>
            key.ExportEncryptedPkcs8PrivateKeyPem(password, parameters);

        public override byte[] EncryptedPkcs8(string password, PbeParameters parameters) =>
            key.ExportEncryptedPkcs8PrivateKey(password, parameters);

        public override byte[] Spki() => key.ExportSubjectPublicKeyInfo();

        public override string SpkiPem() => key.ExportSubjectPublicKeyInfoPem();

        public override void ShouldBeThePrivateKeyOf(TestedKey other)
        {
            ((Kem)other).Key.Encapsulate(out byte[] ciphertext, out byte[] secret);
            key.Decapsulate(ciphertext).Should().Equal(secret);
        }

        public override void Dispose() => key.Dispose();

        private MLKem Key => key;
    }

    private sealed class Dsa(EngineUnderTest tested, MLDsa key) : TestedKey
    {
        private const string Sha512 = "2.16.840.1.101.3.4.2.3";

        private static readonly byte[] _message = "a message"u8.ToArray();
        private static readonly byte[] _context = "a context"u8.ToArray();
        private static readonly byte[] _hash = SHA512.HashData(_message);

        private readonly MLDsaAlgorithm _algorithm = key.Algorithm;

        public override string Set => key.Algorithm.Name;

        public override IReadOnlyList<Action> PrivateUses =>
            [() => key.SignData(_message), () => key.SignPreHash(_hash, Sha512), () => key.SignMu(new byte[64])];

        public override IReadOnlyList<Action> PublicUses =>
        [
            () => key.VerifyData(_message, new byte[_algorithm.SignatureSizeInBytes]),
            () => key.VerifyPreHash(_hash, new byte[_algorithm.SignatureSizeInBytes], Sha512),
            () => key.VerifyMu(new byte[64], new byte[_algorithm.SignatureSizeInBytes]),
        ];

        public override TestedKey FromSeed(byte[] seed) => new Dsa(tested, tested.Engine.ImportMLDsaPrivateSeed(_algorithm, seed));

        public override TestedKey FromExpanded(byte[] expanded) => new Dsa(tested, tested.ImportMLDsaPrivateKey(_algorithm, expanded));

        public override TestedKey FromPublic(byte[] publicKey) =>
            new Dsa(tested, tested.Engine.ImportMLDsaPublicKey(_algorithm, publicKey));

        public override TestedKey FromPkcs8(byte[] container) => new Dsa(tested, tested.ImportMLDsaPkcs8(container));

        public override TestedKey FromSpki(byte[] container) => new Dsa(tested, tested.ImportMLDsaSpki(container));

        public override byte[] Seed() => key.ExportMLDsaPrivateSeed();

        public override byte[] Expanded() => key.ExportMLDsaPrivateKey();

        public override byte[] Public() => key.ExportMLDsaPublicKey();

        public override byte[] Pkcs8() => key.ExportPkcs8PrivateKey();

        public override string Pkcs8Pem() => key.ExportPkcs8PrivateKeyPem();

        public override bool TryWritePkcs8(byte[] destination, out int written) => key.TryExportPkcs8PrivateKey(destination, out written);

        public override string EncryptedPkcs8Pem(string password, PbeParameters parameters) =>
            key.ExportEncryptedPkcs8PrivateKeyPem(password, parameters);

        public override byte[] EncryptedPkcs8(string password, PbeParameters parameters) =>
            key.ExportEncryptedPkcs8PrivateKey(password, parameters);

        public override byte[] Spki() => key.ExportSubjectPublicKeyInfo();

        public override string SpkiPem() => key.ExportSubjectPublicKeyInfoPem();

        public override void ShouldBeThePrivateKeyOf(TestedKey other)
        {
            MLDsa verifier = ((Dsa)other).Key;
            verifier.VerifyData(_message, key.SignData(_message, _context), _context).Should().BeTrue();
            verifier.VerifyPreHash(_hash, key.SignPreHash(_hash, Sha512), Sha512).Should().BeTrue();
        }

        public override void Dispose() => key.Dispose();

        private MLDsa Key => key;
    }
}
