using Qkms.Core.Cryptography;

namespace Qkms.Core.Algorithms;

/// <summary>AES-256 (FIPS 197): one secret key, no public one. It encrypts and wraps data keys in the format blob v1.</summary>
internal sealed class AesFamily : KeyFamily
{
    private const int KeySize = 32;

    public AesFamily() => Algorithms =
    [
        // Category 5 is by definition as hard to break as AES-256 (NIST's call for PQC proposals, section 4.A.5).
        new KeyAlgorithm("AES-256", this) { Uses = [KeyUse.Encryption], NistLevel = 5, Standing = AlgorithmStanding.Recommended },
    ];

    public override IReadOnlyList<KeyAlgorithm> Algorithms { get; }

    public override IReadOnlyList<KeyOperation> Operations { get; } =
        [KeyOperation.Encrypt, KeyOperation.Decrypt, KeyOperation.GenerateDataKey, KeyOperation.DecryptDataKey];

    public override bool IsSymmetric => true;

    public override string JwkKeyType => "oct";

    public override IEnumerable<string> JwkAlgorithms => [];

    internal override MaterialFormat Format => MaterialFormat.RawKey;

    internal override bool GeneratesAtOnce => true;

    internal override bool CiphertextsNameTheirKey => true;

    internal override KeyVersionId? KeyOf(ReadOnlySpan<byte> ciphertext) =>
        BlobV1.TryReadHeader(ciphertext, out _, out KeyVersionId id) ? id : null;

    internal override NewKeyMaterial Generate(KeyAlgorithm algorithm, KeyUse use, KeyMakers makers) =>
        new([], SecretBytes.Random(KeySize), Format);

    internal override LoadedKey Load(StoredKey key, SecretBytes secret, PqcEngine engine) => new AesKey(key.VersionId, secret);

    internal override byte[] ToSubjectPublicKeyInfo(KeyAlgorithm algorithm, byte[] publicKey) => throw NoPublicKey();

    internal override JwkPublicKey ToJwk(KeyAlgorithm algorithm, byte[] publicKey, string? oaepHash) => throw NoPublicKey();

    private static InvalidOperationException NoPublicKey() => new("A symmetric key has no public key.");
}

/// <summary>An AES-256 key in memory.</summary>
/// <param name="versionId">The key version; it stands in what the key encrypts.</param>
/// <param name="secret">The key.</param>
internal sealed class AesKey(KeyVersionId versionId, SecretBytes secret) : LoadedKey, IEncrypt, IWrapDataKeys
{
    public override ReadOnlySpan<byte> PublicKey => default;

    /// <summary>The bytes of the key.</summary>
    public SecretBytes Secret => secret;

    public byte[] Encrypt(EncryptionContext context, ReadOnlySpan<byte> plaintext) =>
        BlobV1.Protect(BlobPurpose.Encryption, versionId, secret.Span, context, plaintext);

    public SecretBytes? TryDecrypt(EncryptionContext context, ReadOnlySpan<byte> ciphertext) =>
        BlobV1.TryOpen(BlobPurpose.Encryption, versionId, secret.Span, context, ciphertext);

    public byte[] WrapDataKey(EncryptionContext context, ReadOnlySpan<byte> dataKey) =>
        BlobV1.Protect(BlobPurpose.DataKey, versionId, secret.Span, context, dataKey);

    public SecretBytes? TryUnwrapDataKey(EncryptionContext context, ReadOnlySpan<byte> wrapped) =>
        BlobV1.TryOpen(BlobPurpose.DataKey, versionId, secret.Span, context, wrapped);

    public override void Dispose() => secret.Dispose();
}
