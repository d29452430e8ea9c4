using Qkms.Core.Cryptography;
using Curve = Org.BouncyCastle.Math.EC.Rfc8032.Ed25519;

namespace Qkms.Core.Algorithms;

/// <summary>Ed25519 (RFC 8032, section 5.1), by BouncyCastle: .NET 10 has none. Keys are stored as their 32-byte seed.</summary>
/// <remarks>
/// There is no second implementation to ask: a new key is checked against itself, from the seed that will be stored, and a known answer of
/// RFC 8032 is computed when the service starts.
/// </remarks>
internal sealed class Ed25519Family : KeyFamily
{
    private const string ObjectIdentifier = "1.3.101.112";

    public Ed25519Family() => Algorithms =
    [
        new KeyAlgorithm("Ed25519", this)
        {
            Uses = [KeyUse.Signature],
            PublicKeySize = Curve.PublicKeySize,
            SignatureSize = Curve.SignatureSize,
            Standing = AlgorithmStanding.Legacy,
        },
    ];

    public override IReadOnlyList<KeyAlgorithm> Algorithms { get; }

    public override IReadOnlyList<KeyOperation> Operations { get; } = [KeyOperation.Sign, KeyOperation.Verify];

    public override bool IsQuantumSafe => false;

    // RFC 8037, section 2.
    public override string JwkKeyType => "OKP";

    internal override MaterialFormat Format => MaterialFormat.Ed25519Seed;

    internal override bool GeneratesAtOnce => true;

    internal override bool WaitsForTurn(KeyOperation operation) => operation == KeyOperation.Sign;

    internal override NewKeyMaterial Generate(KeyAlgorithm algorithm, KeyUse use, KeyMakers makers) =>
        NewKeyMaterial.Confirmed(SecretBytes.Random(Curve.SecretKeySize), Format, seed => Confirm(algorithm, seed.Span));

    internal override LoadedKey Load(StoredKey key, SecretBytes secret, PqcEngine engine) => new Ed25519Key(secret);

    // RFC 8410, section 4.
    internal override byte[] ToSubjectPublicKeyInfo(KeyAlgorithm algorithm, byte[] publicKey) =>
        RawPublicKey.ToSubjectPublicKeyInfo(ObjectIdentifier, publicKey);

    // RFC 8410, section 7: CurvePrivateKey is an octet string in the octet string.
    internal override SecretBytes ToPkcs8(KeyAlgorithm algorithm, SecretBytes privateKey) =>
        RawPrivateKey.ToPkcs8(ObjectIdentifier, RawPrivateKey.OctetString, privateKey.Span);

    // RFC 8037, section 2; the algorithm's name is that of RFC 9864, section 2.2.
    internal override JwkPublicKey ToJwk(KeyAlgorithm algorithm, byte[] publicKey, string? oaepHash) =>
        new() { Algorithm = algorithm.Name, Curve = algorithm.Name, X = publicKey };

    private static byte[] Confirm(KeyAlgorithm algorithm, ReadOnlySpan<byte> seed)
    {
        byte[] publicKey = new byte[Curve.PublicKeySize];
        byte[] signature = new byte[Curve.SignatureSize];
        Curve.GeneratePublicKey(seed, publicKey);
        Curve.Sign(seed, (ReadOnlySpan<byte>)publicKey, signature);
        return Curve.Verify(signature, publicKey, publicKey)
            ? publicKey
            : throw new EngineFaultException($"{algorithm} by BouncyCastle, which does not verify what it signed");
    }
}

/// <summary>An Ed25519 key in memory: its seed, which every signature expands anew.</summary>
internal sealed class Ed25519Key : LoadedKey, ISign
{
    private readonly SecretBytes _seed;
    private readonly byte[] _publicKey = new byte[Curve.PublicKeySize];

    public Ed25519Key(SecretBytes seed)
    {
        _seed = seed;
        Curve.GeneratePublicKey(seed.Span, _publicKey);
    }

    public override ReadOnlySpan<byte> PublicKey => _publicKey;

    public string? Weakness(SignatureParameters parameters)
    {
        if (parameters.Context.Length > 0)
            throw KmsErrors.Invalid.With(
                "'signature_context' must be absent for Ed25519 keys: Ed25519 has none.",
                new FieldError("signature_context", "must be absent for Ed25519 keys"));

        if (parameters.Padding is not null)
        {
            throw KmsErrors.Invalid.With(
                "'padding' must be absent for Ed25519 keys: only RSA has a choice.",
                new FieldError("padding", "must be absent for Ed25519 keys"));
        }

        if (parameters.Hash is not null)
        {
            throw KmsErrors.Invalid.With(
                "'hash_algorithm' must be absent for Ed25519 keys: Ed25519 signs the whole message.",
                new FieldError("hash_algorithm", "must be absent for Ed25519 keys"));
        }

        return null;
    }

    public byte[] Sign(ReadOnlySpan<byte> message, SignatureParameters parameters)
    {
        byte[] signature = new byte[Curve.SignatureSize];

        // A public key that is an array would be taken for the context of Ed25519ctx: BouncyCastle has an overload for it.
        Curve.Sign(_seed.Span, (ReadOnlySpan<byte>)_publicKey, message, signature);
        return signature;
    }

    public bool Verify(ReadOnlySpan<byte> message, SignatureParameters parameters, ReadOnlySpan<byte> signature) =>
        signature.Length == Curve.SignatureSize && Curve.Verify(signature, _publicKey, message);

    public override void Dispose() => _seed.Dispose();
}
