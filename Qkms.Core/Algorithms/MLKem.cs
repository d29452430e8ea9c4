using System.Security.Cryptography;
using Qkms.Core.Cryptography;
using Qkms.Core.Cryptography.Rfc9180;

namespace Qkms.Core.Algorithms;

/// <summary>ML-KEM (FIPS 203): shared secrets, and encryption and wrapping by HPKE (RFC 9180).</summary>
internal sealed class MLKemFamily : KeyFamily
{
    private const int SeedSize = 64;

    private readonly Dictionary<KeyAlgorithm, (MLKemAlgorithm Platform, string ObjectIdentifier)> _sets;

    public MLKemFamily()
    {
        // The object identifiers are those of NIST's Computer Security Objects Register, kems 2.16.840.1.101.3.4.4.
        _sets = new()
        {
            [Row(
                "ML-KEM-512", "Kyber512", level: 1, publicKey: 800, ciphertext: 768)] = (MLKemAlgorithm.MLKem512, "2.16.840.1.101.3.4.4.1"),
            [Row("ML-KEM-768", "Kyber768", level: 3, publicKey: 1184, ciphertext: 1088, AlgorithmStanding.Recommended)] =
                (MLKemAlgorithm.MLKem768, "2.16.840.1.101.3.4.4.2"),
            [Row("ML-KEM-1024", "Kyber1024", level: 5, publicKey: 1568, ciphertext: 1568)] = (MLKemAlgorithm.MLKem1024,
                "2.16.840.1.101.3.4.4.3"),
        };
        Algorithms = [.. _sets.Keys];
    }

    public override IReadOnlyList<KeyAlgorithm> Algorithms { get; }

    public override IReadOnlyList<KeyOperation> Operations { get; } =
    [
        KeyOperation.Encapsulate, KeyOperation.Decapsulate, KeyOperation.Encrypt, KeyOperation.Decrypt, KeyOperation.Wrap,
        KeyOperation.Unwrap,
    ];

    // RFC 9964 defines it for ML-DSA, and draft-ietf-jose-pqc-kem takes it for ML-KEM.
    public override string JwkKeyType => "AKP";

    internal override MaterialFormat Format => MaterialFormat.MLKemSeed;

    internal override bool GeneratesAtOnce => true;

    internal override bool WaitsForTurn(KeyOperation operation) => !operation.Creates();

    internal override NewKeyMaterial Generate(KeyAlgorithm algorithm, KeyUse use, KeyMakers makers)
    {
        using MLKem generated = makers.Opinion.InUse.GenerateMLKem(_sets[algorithm].Platform);
        SecretBytes seed = SecretBytes.Allocate(SeedSize, out Span<byte> destination);
        generated.ExportPrivateSeed(destination);
        return NewKeyMaterial.Confirmed(seed, Format, stored => makers.Opinion.Confirm(generated, stored.Span));
    }

    // The expanded key is used; the stored seed is of no further use.
    internal override LoadedKey Load(StoredKey key, SecretBytes secret, PqcEngine engine)
    {
        using (secret)
            return new MLKemKey(engine.ImportMLKemPrivateSeed(_sets[key.Algorithm].Platform, secret.Span));
    }

    // RFC 9935, section 4.
    internal override byte[] ToSubjectPublicKeyInfo(KeyAlgorithm algorithm, byte[] publicKey) =>
        RawPublicKey.ToSubjectPublicKeyInfo(_sets[algorithm].ObjectIdentifier, publicKey);

    // RFC 9935, section 6: the seed, which its receiver expands.
    internal override SecretBytes ToPkcs8(KeyAlgorithm algorithm, SecretBytes privateKey) =>
        RawPrivateKey.ToPkcs8(_sets[algorithm].ObjectIdentifier, RawPrivateKey.Seed, privateKey.Span);

    internal override JwkPublicKey ToJwk(KeyAlgorithm algorithm, byte[] publicKey, string? oaepHash) =>
        new() { Algorithm = algorithm.Name, PublicKey = publicKey };

    private KeyAlgorithm Row(
        string name, string alias, int level, int publicKey, int ciphertext, AlgorithmStanding standing = AlgorithmStanding.Supported) =>
        new(name, this)
        {
            Alias = alias,
            Uses = [KeyUse.Encryption, KeyUse.Encapsulation],
            NistLevel = level,
            PublicKeySize = publicKey,
            CiphertextSize = ciphertext,
            SharedSecretSize = 32,
            Standing = standing,
        };
}

/// <summary>An ML-KEM key in memory.</summary>
internal sealed class MLKemKey(MLKem key) : LoadedKey, IEncrypt, IEncapsulate, IHpke
{
    public override ReadOnlySpan<byte> PublicKey => key.ExportEncapsulationKey();

    // Keeps what is encrypted with a context apart from what a caller of HPKE encrypts with associated data of his own, who could choose
    // them to be a context.
    private static ReadOnlySpan<byte> ContextInfo => "qkms/crypto/v1"u8;

    public int CiphertextLength => key.Algorithm.CiphertextSizeInBytes;

    public WrappedSecret Encapsulate()
    {
        byte[] ciphertext = new byte[key.Algorithm.CiphertextSizeInBytes];
        SecretBytes secret = SecretBytes.Allocate(key.Algorithm.SharedSecretSizeInBytes, out Span<byte> destination);
        key.Encapsulate(ciphertext, destination);
        return new WrappedSecret(secret, ciphertext);
    }

    public SecretBytes Decapsulate(ReadOnlySpan<byte> ciphertext)
    {
        SecretBytes secret = SecretBytes.Allocate(key.Algorithm.SharedSecretSizeInBytes, out Span<byte> destination);
        key.Decapsulate(ciphertext, destination);
        return secret;
    }

    public byte[] Encrypt(EncryptionContext context, ReadOnlySpan<byte> plaintext) => Seal(ContextInfo, context.Canonical, plaintext);

    public SecretBytes? TryDecrypt(EncryptionContext context, ReadOnlySpan<byte> ciphertext) =>
        TryOpen(ContextInfo, context.Canonical, ciphertext);

    public byte[] Seal(ReadOnlySpan<byte> info, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> plaintext) =>
        Hpke.Seal(key, info, aad, plaintext);

    public SecretBytes? TryOpen(ReadOnlySpan<byte> info, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> ciphertext)
    {
        int length = ciphertext.Length - Hpke.Overhead(key.Algorithm);
        if (length < 0)
            return null;

        SecretBytes plaintext = SecretBytes.Allocate(length, out Span<byte> destination);
        if (Hpke.TryOpen(key, info, aad, ciphertext, destination))
            return plaintext;

        plaintext.Dispose();
        return null;
    }

    public override void Dispose() => key.Dispose();
}
