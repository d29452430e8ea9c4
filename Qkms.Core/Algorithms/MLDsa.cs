using System.Security.Cryptography;
using Qkms.Core.Cryptography;
using Qkms.Core.Cryptography.Fips202;
using Qkms.Core.Cryptography.Fips204;

namespace Qkms.Core.Algorithms;

/// <summary>ML-DSA, hedged (FIPS 204, Algorithms 2 and 3), and HashML-DSA (Algorithms 4 and 5).</summary>
internal sealed class MLDsaFamily : KeyFamily
{
    private const int SeedSize = 32;

    private readonly Dictionary<KeyAlgorithm, MLDsaSet> _sets;

    public MLDsaFamily()
    {
        // The object identifiers are those of NIST's Computer Security Objects Register, sigAlgs 2.16.840.1.101.3.4.3.
        _sets = new()
        {
            [Row("ML-DSA-44", "Dilithium2", level: 2, publicKey: 1312, signature: 2420)] = new(
                MLDsaAlgorithm.MLDsa44, "2.16.840.1.101.3.4.3.17", 128),
            [Row("ML-DSA-65", "Dilithium3", level: 3, publicKey: 1952, signature: 3309, AlgorithmStanding.Recommended)] =
                new(MLDsaAlgorithm.MLDsa65, "2.16.840.1.101.3.4.3.18", 192),
            [Row("ML-DSA-87", "Dilithium5", level: 5, publicKey: 2592, signature: 4627)] = new(
                MLDsaAlgorithm.MLDsa87, "2.16.840.1.101.3.4.3.19", 256),
        };
        Algorithms = [.. _sets.Keys];
    }

    public override IReadOnlyList<KeyAlgorithm> Algorithms { get; }

    public override IReadOnlyList<KeyOperation> Operations { get; } = [KeyOperation.Sign, KeyOperation.Verify];

    public override bool SignsHashes => true;

    public override bool SignsMu => true;

    // RFC 9964.
    public override string JwkKeyType => "AKP";

    internal override MaterialFormat Format => MaterialFormat.MLDsaSeed;

    internal override bool WaitsForTurn(KeyOperation operation) => operation == KeyOperation.Sign;

    internal override int CostOf(KeyAlgorithm algorithm, KeyOperation operation) => operation == KeyOperation.Sign ? 10 : 2;

    internal override int GenerationCostOf(KeyAlgorithm algorithm) => 4;

    internal override NewKeyMaterial Generate(KeyAlgorithm algorithm, KeyUse use, KeyMakers makers)
    {
        using MLDsa generated = makers.Opinion.InUse.GenerateMLDsa(_sets[algorithm].Platform);
        SecretBytes seed = SecretBytes.Allocate(SeedSize, out Span<byte> destination);
        generated.ExportMLDsaPrivateSeed(destination);
        return NewKeyMaterial.Confirmed(seed, Format, stored => makers.Opinion.Confirm(generated, stored.Span));
    }

    // The expanded key is used; the stored seed is of no further use.
    internal override LoadedKey Load(StoredKey key, SecretBytes secret, PqcEngine engine)
    {
        MLDsaSet set = _sets[key.Algorithm];
        using (secret)
            return new MLDsaKey(key.Algorithm, engine.ImportMLDsaPrivateSeed(set.Platform, secret.Span), set.Strength);
    }

    // RFC 9881, section 4.
    internal override byte[] ToSubjectPublicKeyInfo(KeyAlgorithm algorithm, byte[] publicKey) =>
        RawPublicKey.ToSubjectPublicKeyInfo(_sets[algorithm].ObjectIdentifier, publicKey);

    internal override JwkPublicKey ToJwk(KeyAlgorithm algorithm, byte[] publicKey, string? oaepHash) =>
        new() { Algorithm = algorithm.Name, PublicKey = publicKey };

    private KeyAlgorithm Row(
        string name, string alias, int level, int publicKey, int signature, AlgorithmStanding standing = AlgorithmStanding.Supported) =>
        new(name, this)
        {
            Alias = alias,
            Uses = [KeyUse.Signature],
            NistLevel = level,
            PublicKeySize = publicKey,
            SignatureSize = signature,
            Standing = standing,
        };

    /// <param name="Platform">The platform's word for it.</param>
    /// <param name="ObjectIdentifier">Names it in a SubjectPublicKeyInfo.</param>
    /// <param name="Strength">λ, the collision strength in bits (FIPS 204, table 1).</param>
    private sealed record MLDsaSet(MLDsaAlgorithm Platform, string ObjectIdentifier, int Strength);
}

/// <summary>
/// An ML-DSA key in memory. The platform's base class refuses a hash below the strength of the parameter set; FIPS 204, section 5.4, asks
/// for that strength without forbidding the rest, so such a hash goes by way of <see cref="IHashOfAnyStrength"/>, or of its μ.
/// </summary>
internal sealed class MLDsaKey(KeyAlgorithm algorithm, MLDsa key, int strength) : LoadedKey, ISign, ISignHash, ISignMu
{
    private const int TrSize = 64;
    private const int MuSize = 64;

    public override ReadOnlySpan<byte> PublicKey => key.ExportMLDsaPublicKey();

    public string? Weakness(SignatureParameters parameters)
    {
        RefusePadding(parameters.Padding);
        if (parameters.Hash is not null)
        {
            throw KmsErrors.Invalid.With(
                "'hash_algorithm' must be absent for ML-DSA keys: ML-DSA signs the whole message.",
                new FieldError("hash_algorithm", "must be absent for ML-DSA keys"));
        }

        return null;
    }

    public byte[] Sign(ReadOnlySpan<byte> message, SignatureParameters parameters)
    {
        byte[] signature = new byte[key.Algorithm.SignatureSizeInBytes];
        key.SignData(message, signature, parameters.Context);
        return signature;
    }

    public bool Verify(ReadOnlySpan<byte> message, SignatureParameters parameters, ReadOnlySpan<byte> signature) =>
        key.VerifyData(message, signature, parameters.Context);

    public string? Weakness(HashParameters parameters)
    {
        RefusePadding(parameters.Padding);
        return IsWeak(parameters.Function) ? $"{parameters.Function} is weaker than {algorithm} (FIPS 204, section 5.4)" : null;
    }

    public byte[] SignHash(ReadOnlySpan<byte> hash, HashParameters parameters)
    {
        (SignatureHash function, byte[] context, _) = parameters;
        byte[] signature = new byte[key.Algorithm.SignatureSizeInBytes];
        if (!IsWeak(function))
        {
            key.SignPreHash(hash, signature, function.ObjectIdentifier, context);
        }
        else if (key is IHashOfAnyStrength any)
        {
            any.SignHash(hash, context, function.ObjectIdentifier, signature);
        }
        else
        {
            Span<byte> mu = stackalloc byte[MuSize];
            ComputeMu(hash, function, context, mu);
            key.SignMu(mu, signature);
        }

        return signature;
    }

    public bool VerifyHash(ReadOnlySpan<byte> hash, HashParameters parameters, ReadOnlySpan<byte> signature)
    {
        (SignatureHash function, byte[] context, _) = parameters;
        if (!IsWeak(function))
            return key.VerifyPreHash(hash, signature, function.ObjectIdentifier, context);

        if (signature.Length != key.Algorithm.SignatureSizeInBytes)
            return false;

        if (key is IHashOfAnyStrength any)
            return any.VerifyHash(hash, context, function.ObjectIdentifier, signature);

        Span<byte> mu = stackalloc byte[MuSize];
        ComputeMu(hash, function, context, mu);
        return key.VerifyMu(mu, signature);
    }

    public byte[] SignMu(ReadOnlySpan<byte> mu)
    {
        byte[] signature = new byte[key.Algorithm.SignatureSizeInBytes];
        try
        {
            key.SignMu(mu, signature);
            return signature;
        }
        catch (NotSupportedException)
        {
            throw NoExternalMu();
        }
    }

    public bool VerifyMu(ReadOnlySpan<byte> mu, ReadOnlySpan<byte> signature)
    {
        try
        {
            return signature.Length == key.Algorithm.SignatureSizeInBytes && key.VerifyMu(mu, signature);
        }
        catch (NotSupportedException)
        {
            throw NoExternalMu();
        }
    }

    public override void Dispose() => key.Dispose();

    // What the engine in use does not have another one does with the same key, unless the operator is strict (docs/engines.md).
    private static KmsException NoExternalMu() => KmsErrors.WrongOperation.With(
        "The engine of this service takes no external mu, and its operator allows no other (Qkms:Crypto:StrictEngine).");

    private static void RefusePadding(SignaturePadding? padding)
    {
        if (padding is not null)
        {
            throw KmsErrors.Invalid.With(
                "'padding' must be absent for ML-DSA keys: only RSA has a choice.",
                new FieldError("padding", "must be absent for ML-DSA keys"));
        }
    }

    private bool IsWeak(SignatureHash function) => function.CollisionStrength < strength;

    // tr = H(pk, 64) (FIPS 204, Algorithm 6, line 9); nothing here is secret.
    private void ComputeMu(ReadOnlySpan<byte> hash, SignatureHash function, ReadOnlySpan<byte> context, Span<byte> mu)
    {
        Span<byte> tr = stackalloc byte[TrSize];
        Sponge.Shake256(key.ExportMLDsaPublicKey(), default, tr);
        MessageFormat.ComputePreHashMu(tr, context, function.ObjectIdentifier, hash, mu);
    }
}
