using System.Formats.Asn1;
using System.Security.Cryptography;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Qkms.Core.Cryptography.Fips204;

namespace Qkms.Core.Cryptography.BouncyCastle;

/// <summary>ML-DSA (FIPS 204) of BouncyCastle, behaving as the platform's own keys do.</summary>
/// <remarks>
/// Signatures are hedged: fresh random bytes go into each, and a failing random source fails the call. Operations on one key may run at the
/// same time on several threads. BouncyCastle has no public entry for an external μ: unless the key is strict, <see cref="MLDsaManaged"/>
/// signs and verifies it with the same key. Disposing zeroes the arrays of the key (<see cref="PrivateArrays"/>); what an operation of
/// BouncyCastle leaves in arrays of its own stays until the garbage collector reuses the memory.
/// <see cref="IsSupported"/> and the static methods of this class hide those of <see cref="MLDsa"/>, and never reach the platform's
/// implementation. PEM and encrypted PKCS #8 are not read here: <c>ImportFromPem</c>, <c>ImportFromEncryptedPem</c> and
/// <c>ImportEncryptedPkcs8PrivateKey</c> remain those of <see cref="MLDsa"/>, which make keys of the platform and throw
/// <see cref="PlatformNotSupportedException"/> where it has none.
/// </remarks>
public sealed class MLDsaBouncyCastle : MLDsa, IHashOfAnyStrength
{
    private static readonly (MLDsaAlgorithm Algorithm, MLDsaParameters Parameters, string Oid)[] _sets =
    [
        (MLDsaAlgorithm.MLDsa44, MLDsaParameters.ml_dsa_44, NistObjectIdentifiers.id_ml_dsa_44.Id),
        (MLDsaAlgorithm.MLDsa65, MLDsaParameters.ml_dsa_65, NistObjectIdentifiers.id_ml_dsa_65.Id),
        (MLDsaAlgorithm.MLDsa87, MLDsaParameters.ml_dsa_87, NistObjectIdentifiers.id_ml_dsa_87.Id),
    ];

    private readonly string _oid;
    private readonly MLDsaPublicKeyParameters _verificationKey;
    private readonly bool _strict;
    private MLDsaPrivateKeyParameters? _signingKey;

    private MLDsaBouncyCastle(MLDsaAlgorithm algorithm, string oid, MLDsaPrivateKeyParameters key, bool strict)
        : base(algorithm)
    {
        (_oid, _strict) = (oid, strict);
        _signingKey = PrivateArrays.Pin(key);
        _verificationKey = key.GetPublicKey();
    }

    private MLDsaBouncyCastle(MLDsaAlgorithm algorithm, string oid, MLDsaPublicKeyParameters key, bool strict)
        : base(algorithm)
    {
        (_oid, _strict) = (oid, strict);
        _verificationKey = key;
    }

    /// <summary>Whether this implementation runs here: always.</summary>
    public static new bool IsSupported => true;

    /// <summary>Generates a key from the system's random numbers (FIPS 204, Algorithm 1).</summary>
    /// <param name="algorithm">The parameter set.</param>
    /// <returns>A key with its seed.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="algorithm"/> is null.</exception>
    /// <exception cref="CryptographicException">The random source failed.</exception>
    public static new MLDsaBouncyCastle GenerateKey(MLDsaAlgorithm algorithm) => GenerateKey(algorithm, strict: false);

    internal static MLDsaBouncyCastle GenerateKey(MLDsaAlgorithm algorithm, bool strict)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        Span<byte> seed = stackalloc byte[algorithm.PrivateSeedSizeInBytes];
        try
        {
            RandomNumberGenerator.Fill(seed);
            return ImportMLDsaPrivateSeed(algorithm, seed, strict);
        }
        finally
        {
            Erase.Memory(seed);
        }
    }

    /// <summary>Expands the key of a private seed (FIPS 204, Algorithm 6).</summary>
    /// <param name="algorithm">The parameter set.</param>
    /// <param name="source">ξ, 32 bytes.</param>
    /// <returns>A key with its seed.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="algorithm"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="source"/> has the wrong length.</exception>
    public static new MLDsaBouncyCastle ImportMLDsaPrivateSeed(MLDsaAlgorithm algorithm, ReadOnlySpan<byte> source) =>
        ImportMLDsaPrivateSeed(algorithm, source, strict: false);

    internal static MLDsaBouncyCastle ImportMLDsaPrivateSeed(MLDsaAlgorithm algorithm, ReadOnlySpan<byte> source, bool strict)
    {
        (MLDsaParameters parameters, string oid) = Of(algorithm);
        Bytes.RequireLength(source, algorithm.PrivateSeedSizeInBytes);

        // This array becomes the key's own: zeroing it here would leave a key whose seed is zero.
        return new MLDsaBouncyCastle(algorithm, oid, MLDsaPrivateKeyParameters.FromSeed(parameters, Bytes.Pinned(source)), strict);
    }

    /// <summary>Imports an expanded private key (FIPS 204, Algorithm 25) and checks that its parts belong together.</summary>
    /// <remarks>
    /// BouncyCastle checks no part of it, and gives t₀ and the range of s₁ and s₂ to nobody:
    /// <see cref="MLDsaManaged"/> reads the key first.
    /// </remarks>
    /// <param name="algorithm">The parameter set.</param>
    /// <param name="source">The private key as FIPS 204 encodes it.</param>
    /// <returns>A key without a seed.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="algorithm"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="source"/> has the wrong length.</exception>
    /// <exception cref="CryptographicException">A secret coefficient is out of range, or the parts do not belong together.</exception>
    public static new MLDsaBouncyCastle ImportMLDsaPrivateKey(MLDsaAlgorithm algorithm, ReadOnlySpan<byte> source)
    {
        (MLDsaParameters parameters, string oid) = Of(algorithm);
        Bytes.RequireLength(source, algorithm.PrivateKeySizeInBytes);
        MLDsaManaged.ImportMLDsaPrivateKey(algorithm, source).Dispose();
        MLDsaPrivateKeyParameters key = Bytes.Lend(source, encoded => MLDsaPrivateKeyParameters.FromEncoding(parameters, encoded));
        return new MLDsaBouncyCastle(algorithm, oid, key, strict: false);
    }

    /// <summary>Imports a public key (FIPS 204, Algorithm 23).</summary>
    /// <param name="algorithm">The parameter set.</param>
    /// <param name="source">The public key as FIPS 204 encodes it; every string of the right length is one.</param>
    /// <returns>A key that can only verify.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="algorithm"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="source"/> has the wrong length.</exception>
    public static new MLDsaBouncyCastle ImportMLDsaPublicKey(MLDsaAlgorithm algorithm, ReadOnlySpan<byte> source) =>
        ImportMLDsaPublicKey(algorithm, source, strict: false);

    internal static MLDsaBouncyCastle ImportMLDsaPublicKey(MLDsaAlgorithm algorithm, ReadOnlySpan<byte> source, bool strict)
    {
        (MLDsaParameters parameters, string oid) = Of(algorithm);
        Bytes.RequireLength(source, algorithm.PublicKeySizeInBytes);
        return new MLDsaBouncyCastle(algorithm, oid, MLDsaPublicKeyParameters.FromEncoding(parameters, source.ToArray()), strict);
    }

    /// <summary>Imports a SubjectPublicKeyInfo (RFC 9881).</summary>
    /// <param name="source">One DER structure.</param>
    /// <returns>A key that can only verify.</returns>
    /// <exception cref="CryptographicException">The structure, its algorithm or the key is not valid.</exception>
    public static new MLDsaBouncyCastle ImportSubjectPublicKeyInfo(ReadOnlySpan<byte> source)
    {
        KeyFormats.PublicKey decoded = KeyFormats.ReadPublicKey(source);
        MLDsaAlgorithm algorithm = OfOid(decoded.Oid);
        Bytes.RequireContentLength(decoded.Key, algorithm.PublicKeySizeInBytes);
        return ImportMLDsaPublicKey(algorithm, decoded.Key);
    }

    /// <summary>
    /// Imports a PKCS #8 private key that holds the seed, the expanded key, or both (RFC 9881); both must be the same key.
    /// </summary>
    /// <param name="source">One DER structure.</param>
    /// <returns>A key, with its seed where the structure has one.</returns>
    /// <exception cref="CryptographicException">The structure, its algorithm or the key is not valid.</exception>
    public static new MLDsaBouncyCastle ImportPkcs8PrivateKey(ReadOnlySpan<byte> source)
    {
        KeyFormats.PrivateKey decoded = KeyFormats.ReadPrivateKey(source);
        MLDsaAlgorithm algorithm = OfOid(decoded.Oid);
        if (!decoded.Seed.IsEmpty)
            Bytes.RequireContentLength(decoded.Seed, algorithm.PrivateSeedSizeInBytes);
        if (!decoded.Expanded.IsEmpty)
            Bytes.RequireContentLength(decoded.Expanded, algorithm.PrivateKeySizeInBytes);

        MLDsaBouncyCastle key = decoded.Seed.IsEmpty
            ? ImportMLDsaPrivateKey(algorithm, decoded.Expanded)
            : ImportMLDsaPrivateSeed(algorithm, decoded.Seed);
        if ((decoded.Expanded.IsEmpty || Bytes.Equal(key.RequireSigningKey().GetEncoded(), decoded.Expanded))
            && decoded.BelongsTo(key._verificationKey.GetEncoded()))
        {
            return key;
        }

        key.Dispose();
        throw new CryptographicException("The keys in the structure are not the same key.");
    }

    /// <summary>FIPS 204, Algorithm 2, hedged.</summary>
    /// <inheritdoc/>
    protected override void SignDataCore(ReadOnlySpan<byte> data, ReadOnlySpan<byte> context, Span<byte> destination)
    {
        MLDsaPrivateKeyParameters key = RequireSigningKey();
        MLDsaSigner signer = CreateSigner(forSigning: true, new ParametersWithRandom(key, SystemRandom.Instance), context);
        signer.BlockUpdate(data);
        signer.GenerateSignature().CopyTo(destination);
    }

    /// <summary>FIPS 204, Algorithm 3.</summary>
    /// <inheritdoc/>
    protected override bool VerifyDataCore(ReadOnlySpan<byte> data, ReadOnlySpan<byte> context, ReadOnlySpan<byte> signature)
    {
        MLDsaSigner verifier = CreateSigner(forSigning: false, _verificationKey, context);
        verifier.BlockUpdate(data);
        return verifier.VerifySignature(signature.ToArray());
    }

    /// <summary>
    /// FIPS 204, Algorithm 4 from line 23, hedged. The base class has checked the identifier, the length of the hash, and that its
    /// strength fits the parameter set.
    /// </summary>
    /// <inheritdoc/>
    protected override void SignPreHashCore(
        ReadOnlySpan<byte> hash, ReadOnlySpan<byte> context, string hashAlgorithmOid, Span<byte> destination) =>
        SignHash(hash, context, hashAlgorithmOid, destination);

    /// <summary>FIPS 204, Algorithm 5.</summary>
    /// <inheritdoc/>
    protected override bool VerifyPreHashCore(
        ReadOnlySpan<byte> hash, ReadOnlySpan<byte> context, string hashAlgorithmOid, ReadOnlySpan<byte> signature) =>
        VerifyHash(hash, context, hashAlgorithmOid, signature);

    /// <inheritdoc/>
    void IHashOfAnyStrength.SignHash(
        ReadOnlySpan<byte> hash, ReadOnlySpan<byte> context, string hashAlgorithmOid, Span<byte> destination) =>
        SignHash(hash, context, hashAlgorithmOid, destination);

    /// <inheritdoc/>
    bool IHashOfAnyStrength.VerifyHash(
        ReadOnlySpan<byte> hash, ReadOnlySpan<byte> context, string hashAlgorithmOid, ReadOnlySpan<byte> signature) =>
        VerifyHash(hash, context, hashAlgorithmOid, signature);

    /// <summary>FIPS 204, Algorithm 7 with μ in place of the message, by the managed engine.</summary>
    /// <exception cref="NotSupportedException">The key is strict.</exception>
    /// <inheritdoc/>
    protected override void SignMuCore(ReadOnlySpan<byte> externalMu, Span<byte> destination)
    {
        RequireExternalMu();
        using MLDsaManaged same = ToManaged(RequireSigningKey());
        same.SignMu(externalMu, destination);
    }

    /// <summary>FIPS 204, Algorithm 8 with μ in place of the message, by the managed engine.</summary>
    /// <exception cref="NotSupportedException">The key is strict.</exception>
    /// <inheritdoc/>
    protected override bool VerifyMuCore(ReadOnlySpan<byte> externalMu, ReadOnlySpan<byte> signature)
    {
        RequireExternalMu();
        using var same = MLDsaManaged.ImportMLDsaPublicKey(Algorithm, _verificationKey.GetEncoded());
        return same.VerifyMu(externalMu, signature);
    }

    /// <inheritdoc/>
    protected override void ExportMLDsaPublicKeyCore(Span<byte> destination) => _verificationKey.GetEncoded().CopyTo(destination);

    /// <inheritdoc/>
    protected override void ExportMLDsaPrivateKeyCore(Span<byte> destination) => Bytes.Move(RequireSigningKey().GetEncoded(), destination);

    /// <inheritdoc/>
    protected override void ExportMLDsaPrivateSeedCore(Span<byte> destination)
    {
        byte[] seed = RequireSigningKey().GetSeed() ?? throw new CryptographicException("The key was imported without its private seed.");
        Bytes.Move(seed, destination);
    }

    /// <summary>Writes the seed if there is one, else the expanded key, as the platform does.</summary>
    /// <inheritdoc/>
    protected override bool TryExportPkcs8PrivateKeyCore(Span<byte> destination, out int bytesWritten)
    {
        MLDsaPrivateKeyParameters key = RequireSigningKey();
        byte[]? seed = key.GetSeed();
        byte[] content = seed ?? key.GetEncoded();
        try
        {
            return seed is not null
                ? KeyFormats.TryWriteSeed(_oid, content, destination, out bytesWritten)
                : KeyFormats.TryWriteExpanded(_oid, content, destination, out bytesWritten);
        }
        finally
        {
            Erase.Memory(content.AsSpan());
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (_signingKey is { } key)
        {
            PrivateArrays.Erase(key);
            _signingKey = null;
        }

        base.Dispose(disposing);
    }

    private MLDsaSigner CreateSigner(bool forSigning, ICipherParameters key, ReadOnlySpan<byte> context)
    {
        var signer = new MLDsaSigner(_verificationKey.Parameters, deterministic: false);
        signer.Init(forSigning, new ParametersWithContext(key, context));
        return signer;
    }

    /// <summary>M' = 1 ‖ |ctx| ‖ ctx ‖ OID ‖ PH(M), the OID in DER (FIPS 204, Algorithm 4, line 23).</summary>
    private static byte[] FormatPreHash(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> context, string oid)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteObjectIdentifier(oid);
        return [1, (byte)context.Length, .. context, .. writer.Encode(), .. hash];
    }

    private MLDsaPrivateKeyParameters RequireSigningKey() =>
        _signingKey ?? throw new CryptographicException("The key holds no private key.");

    private void SignHash(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> context, string oid, Span<byte> destination) =>
        FormattedMessageSigner.Sign(RequireSigningKey(), FormatPreHash(hash, context, oid)).CopyTo(destination);

    private bool VerifyHash(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> context, string oid, ReadOnlySpan<byte> signature) =>
        FormattedMessageSigner.Verify(_verificationKey, FormatPreHash(hash, context, oid), signature.ToArray());

    private void RequireExternalMu()
    {
        if (_strict)
            throw new NotSupportedException(
                "BouncyCastle has no public entry for an external μ. Use the data or its hash, or another engine.");
    }

    private MLDsaManaged ToManaged(MLDsaPrivateKeyParameters key)
    {
        byte[]? seed = key.GetSeed();
        byte[] content = seed ?? key.GetEncoded();
        try
        {
            return seed is not null
                ? MLDsaManaged.ImportMLDsaPrivateSeed(Algorithm, content)
                : MLDsaManaged.ImportMLDsaPrivateKey(Algorithm, content);
        }
        finally
        {
            Erase.Memory(content.AsSpan());
        }
    }

    private static (MLDsaParameters Parameters, string Oid) Of(MLDsaAlgorithm algorithm)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        foreach ((MLDsaAlgorithm candidate, MLDsaParameters parameters, string oid) in _sets)
        {
            if (candidate == algorithm)
                return (parameters, oid);
        }

        throw new ArgumentException($"'{algorithm.Name}' is not a parameter set of FIPS 204.", nameof(algorithm));
    }

    private static MLDsaAlgorithm OfOid(string oid)
    {
        foreach ((MLDsaAlgorithm algorithm, _, string candidate) in _sets)
        {
            if (candidate == oid)
                return algorithm;
        }

        throw new CryptographicException($"The algorithm '{oid}' is not ML-DSA.");
    }
}
