using System.Formats.Asn1;
using System.Security.Cryptography;
using Qkms.Core.Cryptography;
using Qkms.Core.Cryptography.BouncyCastle;

namespace Qkms.Core.Algorithms;

/// <summary>
/// ECDSA (FIPS 186-5, section 6) on P-256, P-384 and P-521, by the platform. Signatures are the DER of RFC 3279, section 2.2.3. Keys are
/// stored as PKCS #8, and their public keys as SubjectPublicKeyInfo.
/// </summary>
internal sealed class EcdsaFamily : KeyFamily
{
    private readonly Dictionary<KeyAlgorithm, EcdsaCurve> _curves;

    public EcdsaFamily()
    {
        // Signing and verifying take 21 and 63, 815 and 716, 270 and 522 µs of one core, by openssl speed; a new key takes 1.2, 13.6 and
        // 11.7 ms, most of it for the second opinion.
        _curves = new()
        {
            [Row("EC-P256", publicKey: 91, signature: 72, SignatureHash.Sha256)] =
                new("P-256", "ES256", ECCurve.NamedCurves.nistP256, 128, new(Sign: 1, Verify: 1, Generate: 25)),
            [Row("EC-P384", publicKey: 120, signature: 104, SignatureHash.Sha384)] =
                new("P-384", "ES384", ECCurve.NamedCurves.nistP384, 192, new(Sign: 16, Verify: 14, Generate: 270)),
            [Row("EC-P521", publicKey: 158, signature: 139, SignatureHash.Sha512)] =
                new("P-521", "ES512", ECCurve.NamedCurves.nistP521, 256, new(Sign: 5, Verify: 10, Generate: 235)),
        };
        Algorithms = [.. _curves.Keys];
    }

    public override IReadOnlyList<KeyAlgorithm> Algorithms { get; }

    public override IReadOnlyList<KeyOperation> Operations { get; } = [KeyOperation.Sign, KeyOperation.Verify];

    public override bool SignsHashes => true;

    public override bool IsQuantumSafe => false;

    // RFC 7518, section 6.2; the algorithms are those of section 3.4, one for each curve.
    public override string JwkKeyType => "EC";

    public override IEnumerable<string> JwkAlgorithms => _curves.Values.Select(curve => curve.JwkAlgorithm);

    internal override MaterialFormat Format => MaterialFormat.Pkcs8;

    internal override bool WaitsForTurn(KeyOperation operation) => operation is KeyOperation.Sign or KeyOperation.Verify;

    internal override int CostOf(KeyAlgorithm algorithm, KeyOperation operation) =>
        operation == KeyOperation.Sign ? _curves[algorithm].Costs.Sign : _curves[algorithm].Costs.Verify;

    internal override int GenerationCostOf(KeyAlgorithm algorithm) => _curves[algorithm].Costs.Generate;

    internal override NewKeyMaterial Generate(KeyAlgorithm algorithm, KeyUse use, KeyMakers makers)
    {
        using var generated = ECDsa.Create(_curves[algorithm].Platform);
        byte[] publicKey = generated.ExportSubjectPublicKeyInfo();
        return NewKeyMaterial.Confirmed(ExportPkcs8(generated), Format, privateKey =>
        {
            using ECDsa stored = Import(privateKey.Span);
            if (!stored.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(publicKey))
                throw new EngineFaultException($"{algorithm} by the platform, which loads another key than it stored");

            EcdsaOpinion.Confirm(stored, publicKey, algorithm.Name);
            return publicKey;
        });
    }

    internal override LoadedKey Load(StoredKey key, SecretBytes secret, PqcEngine engine)
    {
        using (secret)
            return new EcdsaKey(key.Algorithm, Import(secret.Span), _curves[key.Algorithm].Strength);
    }

    internal override byte[] ToSubjectPublicKeyInfo(KeyAlgorithm algorithm, byte[] publicKey) => publicKey;

    internal override JwkPublicKey ToJwk(KeyAlgorithm algorithm, byte[] publicKey, string? oaepHash)
    {
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(publicKey, out _);
        ECParameters parameters = key.ExportParameters(includePrivateParameters: false);

        // Coordinates of full length (RFC 7518, section 6.2.1.2), as the platform gives them.
        return new JwkPublicKey
        {
            Algorithm = _curves[algorithm].JwkAlgorithm,
            Curve = _curves[algorithm].JwkName,
            X = parameters.Q.X,
            Y = parameters.Q.Y,
        };
    }

    private KeyAlgorithm Row(string name, int publicKey, int signature, SignatureHash hash) => new(name, this)
    {
        Uses = [KeyUse.Signature],
        PublicKeySize = publicKey,
        SignatureSize = signature,
        SignatureHash = hash,
        Standing = AlgorithmStanding.Legacy,
    };

    private static ECDsa Import(ReadOnlySpan<byte> pkcs8) => PlatformPkcs8.Import(ECDsa.Create(), pkcs8);

    // A scalar of at most 66 bytes and a point of twice that, and less than 64 bytes of structure around them (RFC 5915, section 3).
    private static SecretBytes ExportPkcs8(ECDsa key) => PlatformPkcs8.Export(key, 64 + (3 * 66));

    /// <summary>What is said of a curve beside its row of the catalogue.</summary>
    /// <param name="JwkName">Its name in a JWK (RFC 7518, section 6.2.1.1).</param>
    /// <param name="JwkAlgorithm">The algorithm of a JWK.</param>
    /// <param name="Platform">The platform's name for it.</param>
    /// <param name="Strength">Bits of security (SP 800-57 Part 1 Rev. 5, table 2).</param>
    /// <param name="Costs">What it costs.</param>
    private sealed record EcdsaCurve(string JwkName, string JwkAlgorithm, ECCurve Platform, int Strength, EcdsaCosts Costs);

    /// <summary>In cost units.</summary>
    private sealed record EcdsaCosts(int Sign, int Verify, int Generate);
}

/// <summary>An ECDSA key in memory.</summary>
/// <param name="algorithm">Its algorithm.</param>
/// <param name="key">The platform's key.</param>
/// <param name="strength">Bits of security of its curve.</param>
internal sealed class EcdsaKey(KeyAlgorithm algorithm, ECDsa key, int strength) : LoadedKey, ISign, ISignHash
{
    private const DSASignatureFormat Der = DSASignatureFormat.Rfc3279DerSequence;

    public override ReadOnlySpan<byte> PublicKey => key.ExportSubjectPublicKeyInfo();

    public string? Weakness(SignatureParameters parameters) =>
        Weakness(parameters.Hash ?? algorithm.SignatureHash!, parameters.Context, parameters.Padding);

    public byte[] Sign(ReadOnlySpan<byte> message, SignatureParameters parameters) =>
        key.SignData(message, HashOf(parameters), Der);

    public bool Verify(ReadOnlySpan<byte> message, SignatureParameters parameters, ReadOnlySpan<byte> signature) =>
        IsDer(signature) && key.VerifyData(message, signature, HashOf(parameters), Der);

    public string? Weakness(HashParameters parameters) => Weakness(parameters.Function, parameters.Context, parameters.Padding);

    // A hash longer than the order of the curve is cut (FIPS 186-5, section 6.4.1, step 2), by the platform.
    public byte[] SignHash(ReadOnlySpan<byte> hash, HashParameters parameters) => key.SignHash(hash, Der);

    public bool VerifyHash(ReadOnlySpan<byte> hash, HashParameters parameters, ReadOnlySpan<byte> signature) =>
        IsDer(signature) && key.VerifyHash(hash, signature, Der);

    public override void Dispose() => key.Dispose();

    // The platform takes the numbers for unsigned: a signature without the zero before a high bit would be valid beside the right one.
    private static bool IsDer(ReadOnlySpan<byte> signature)
    {
        try
        {
            AsnReader numbers = new AsnReader(signature.ToArray(), AsnEncodingRules.DER).ReadSequence();
            return numbers.ReadInteger().Sign > 0 && numbers.ReadInteger().Sign > 0;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    private HashAlgorithmName HashOf(SignatureParameters parameters) => (parameters.Hash ?? algorithm.SignatureHash!).PlatformName;

    // FIPS 186-5, section 6.1.1: the hash should be as strong as the curve.
    private string? Weakness(SignatureHash function, byte[] context, SignaturePadding? padding)
    {
        if (context.Length > 0)
            throw KmsErrors.Invalid.With(
                $"'signature_context' must be absent for {algorithm} keys: ECDSA has none.",
                new FieldError("signature_context", "must be absent for EC keys"));

        if (padding is not null)
            throw KmsErrors.Invalid.With(
                $"'padding' must be absent for {algorithm} keys: only RSA has a choice.",
                new FieldError("padding", "must be absent for EC keys"));

        return function.CollisionStrength < strength ? $"{function} is weaker than {algorithm} (FIPS 186-5, section 6.1.1)" : null;
    }
}
