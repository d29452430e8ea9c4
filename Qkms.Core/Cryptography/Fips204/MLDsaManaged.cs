using System.Security.Cryptography;

namespace Qkms.Core.Cryptography.Fips204;

/// <summary>ML-DSA (FIPS 204) in C#, for machines whose operating system does not have it; behaves as the platform's own keys do.</summary>
/// <remarks>
/// Signatures are hedged: fresh random bytes go into each, and a failing random source fails the call. Operations on one key may run at the
/// same time on several threads; disposing zeroes the private part, once those that run are done.
/// <see cref="IsSupported"/> and the static methods of this class hide those of <see cref="MLDsa"/>, and never reach the platform's
/// implementation. PEM and encrypted PKCS #8 are not read here: <c>ImportFromPem</c>, <c>ImportFromEncryptedPem</c> and
/// <c>ImportEncryptedPkcs8PrivateKey</c> remain those of <see cref="MLDsa"/>, which make keys of the platform and throw
/// <see cref="PlatformNotSupportedException"/> where it has none.
/// </remarks>
public sealed class MLDsaManaged : MLDsa
{
    private readonly ParameterSet _set;
    private readonly VerificationKey _verificationKey;
    private readonly SigningKey? _signingKey;
    private readonly Action<Span<byte>> _random = RandomAhead.Fill;
    private bool _disposed;

    private MLDsaManaged(ParameterSet set, SigningKey key, Action<Span<byte>>? random = null)
        : base(set.Algorithm)
    {
        _set = set;
        _signingKey = key;
        _random = random ?? _random;
        _verificationKey = key.VerificationKey;
    }

    private MLDsaManaged(ParameterSet set, VerificationKey key)
        : base(set.Algorithm)
    {
        _set = set;
        _verificationKey = key;
    }

    /// <summary>
    /// Whether a signature is verified before it leaves: a fault in computing one can give away the key, and a signature that does not fit
    /// is of no use to anybody.
    /// </summary>
    internal bool VerifiesAfterSigning { get; set; } = true;

    /// <summary>Whether this implementation runs here: always.</summary>
    public static new bool IsSupported => true;

    /// <summary>Generates a key from the system's random numbers (FIPS 204, Algorithm 1).</summary>
    /// <param name="algorithm">The parameter set.</param>
    /// <returns>A key with its seed.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="algorithm"/> is null.</exception>
    /// <exception cref="CryptographicException">The random source failed.</exception>
    [TouchesSecrets]
    public static new MLDsaManaged GenerateKey(MLDsaAlgorithm algorithm)
    {
        var set = ParameterSet.Of(algorithm);
        Span<byte> seed = stackalloc byte[ParameterSet.SeedSize];
        try
        {
            RandomAhead.Fill(seed);
            return new MLDsaManaged(set, SigningKey.FromSeed(set, seed));
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
    [TouchesSecrets]
    public static new MLDsaManaged ImportMLDsaPrivateSeed(MLDsaAlgorithm algorithm, ReadOnlySpan<byte> source)
    {
        var set = ParameterSet.Of(algorithm);
        RequireLength(source, algorithm.PrivateSeedSizeInBytes);
        return new MLDsaManaged(set, SigningKey.FromSeed(set, source));
    }

    /// <summary>A key whose signatures are hedged with what a test wants, to see what a random source does that fails.</summary>
    /// <param name="algorithm">The parameter set.</param>
    /// <param name="seed">ξ, 32 bytes.</param>
    /// <param name="random">Fills memory with random bytes, or throws.</param>
    [TouchesSecrets]
    internal static MLDsaManaged ImportWithRandomSourceForTesting(
        MLDsaAlgorithm algorithm, ReadOnlySpan<byte> seed, Action<Span<byte>> random)
    {
        var set = ParameterSet.Of(algorithm);
        return new MLDsaManaged(set, SigningKey.FromSeed(set, seed), random);
    }

    /// <summary>Imports an expanded private key (FIPS 204, Algorithm 25) and checks that its parts belong together.</summary>
    /// <param name="algorithm">The parameter set.</param>
    /// <param name="source">The private key as FIPS 204 encodes it.</param>
    /// <returns>A key without a seed.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="algorithm"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="source"/> has the wrong length.</exception>
    /// <exception cref="CryptographicException">A secret coefficient is out of range, or the parts do not belong together.</exception>
    [TouchesSecrets]
    public static new MLDsaManaged ImportMLDsaPrivateKey(MLDsaAlgorithm algorithm, ReadOnlySpan<byte> source)
    {
        var set = ParameterSet.Of(algorithm);
        RequireLength(source, algorithm.PrivateKeySizeInBytes);
        return new MLDsaManaged(set, SigningKey.Decode(set, source));
    }

    /// <summary>Imports a public key (FIPS 204, Algorithm 23).</summary>
    /// <param name="algorithm">The parameter set.</param>
    /// <param name="source">The public key as FIPS 204 encodes it; every string of the right length is one.</param>
    /// <returns>A key that can only verify.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="algorithm"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="source"/> has the wrong length.</exception>
    public static new MLDsaManaged ImportMLDsaPublicKey(MLDsaAlgorithm algorithm, ReadOnlySpan<byte> source)
    {
        var set = ParameterSet.Of(algorithm);
        RequireLength(source, algorithm.PublicKeySizeInBytes);
        return new MLDsaManaged(set, VerificationKey.Decode(set, source));
    }

    /// <summary>Imports a SubjectPublicKeyInfo (RFC 9881).</summary>
    /// <param name="source">One DER structure.</param>
    /// <returns>A key that can only verify.</returns>
    /// <exception cref="CryptographicException">The structure, its algorithm or the key is not valid.</exception>
    public static new MLDsaManaged ImportSubjectPublicKeyInfo(ReadOnlySpan<byte> source)
    {
        KeyFormats.PublicKey decoded = KeyFormats.ReadPublicKey(source);
        var set = ParameterSet.OfOid(decoded.Oid);
        RequireContentLength(decoded.Key, set.Algorithm.PublicKeySizeInBytes);
        return new MLDsaManaged(set, VerificationKey.Decode(set, decoded.Key));
    }

    /// <summary>
    /// Imports a PKCS #8 private key that holds the seed, the expanded key, or both (RFC 9881); both must be the same key.
    /// </summary>
    /// <param name="source">One DER structure.</param>
    /// <returns>A key, with its seed where the structure has one.</returns>
    /// <exception cref="CryptographicException">The structure, its algorithm or the key is not valid.</exception>
    [TouchesSecrets]
    public static new MLDsaManaged ImportPkcs8PrivateKey(ReadOnlySpan<byte> source)
    {
        KeyFormats.PrivateKey decoded = KeyFormats.ReadPrivateKey(source);
        var set = ParameterSet.OfOid(decoded.Oid);
        if (!decoded.Seed.IsEmpty)
            RequireContentLength(decoded.Seed, set.Algorithm.PrivateSeedSizeInBytes);
        if (!decoded.Expanded.IsEmpty)
            RequireContentLength(decoded.Expanded, set.Algorithm.PrivateKeySizeInBytes);

        SigningKey key = decoded.Seed.IsEmpty ? SigningKey.Decode(set, decoded.Expanded) : SigningKey.FromSeed(set, decoded.Seed);
        if ((decoded.Expanded.IsEmpty || CryptographicOperations.FixedTimeEquals(key.Encoded, decoded.Expanded))
            && decoded.BelongsTo(key.VerificationKey.Encoded))
        {
            return new MLDsaManaged(set, key);
        }

        key.Dispose();
        throw new CryptographicException("The keys in the structure are not the same key.");
    }

    /// <summary>
    /// Signs with chosen randomness, zero for the deterministic variant (FIPS 204, Algorithm 7): for known answers only. Signatures that
    /// share their randomness lose the protection against faults.
    /// </summary>
    [TouchesSecrets]
    internal void SignMuDeterministicForTesting(ReadOnlySpan<byte> mu, ReadOnlySpan<byte> randomness, Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        RequireSigningKey().Sign(mu, randomness, destination);
    }

    /// <summary>
    /// μ of a message with its context (FIPS 204, Algorithm 2), for callers that sign it by
    /// <see cref="MLDsa.SignMu(ReadOnlySpan{byte}, Span{byte})"/>.
    /// </summary>
    internal void ComputeMu(ReadOnlySpan<byte> data, ReadOnlySpan<byte> context, Span<byte> mu) =>
        MessageFormat.ComputeMu(_verificationKey.Tr, context, data, mu);

    /// <summary>μ of a message that is formatted already, as the internal interface takes it (FIPS 204, Algorithm 7, line 6).</summary>
    internal void ComputeFormattedMuForTesting(ReadOnlySpan<byte> formatted, Span<byte> mu) =>
        MessageFormat.ComputeFormattedMu(_verificationKey.Tr, formatted, mu);

    /// <summary>FIPS 204, Algorithm 2, hedged.</summary>
    /// <inheritdoc/>
    [TouchesSecrets]
    protected override void SignDataCore(ReadOnlySpan<byte> data, ReadOnlySpan<byte> context, Span<byte> destination)
    {
        Span<byte> mu = stackalloc byte[ParameterSet.MuSize];
        MessageFormat.ComputeMu(_verificationKey.Tr, context, data, mu);
        SignMuCore(mu, destination);
    }

    /// <summary>FIPS 204, Algorithm 3.</summary>
    /// <inheritdoc/>
    protected override bool VerifyDataCore(ReadOnlySpan<byte> data, ReadOnlySpan<byte> context, ReadOnlySpan<byte> signature)
    {
        Span<byte> mu = stackalloc byte[ParameterSet.MuSize];
        MessageFormat.ComputeMu(_verificationKey.Tr, context, data, mu);
        return _verificationKey.Verify(mu, signature);
    }

    /// <summary>
    /// FIPS 204, Algorithm 4 from line 23, hedged. The base class has checked the identifier, the length of the hash, and that its
    /// strength fits the parameter set.
    /// </summary>
    /// <inheritdoc/>
    [TouchesSecrets]
    protected override void SignPreHashCore(
        ReadOnlySpan<byte> hash, ReadOnlySpan<byte> context, string hashAlgorithmOid, Span<byte> destination)
    {
        Span<byte> mu = stackalloc byte[ParameterSet.MuSize];
        MessageFormat.ComputePreHashMu(_verificationKey.Tr, context, hashAlgorithmOid, hash, mu);
        SignMuCore(mu, destination);
    }

    /// <summary>FIPS 204, Algorithm 5.</summary>
    /// <inheritdoc/>
    protected override bool VerifyPreHashCore(
        ReadOnlySpan<byte> hash, ReadOnlySpan<byte> context, string hashAlgorithmOid, ReadOnlySpan<byte> signature)
    {
        Span<byte> mu = stackalloc byte[ParameterSet.MuSize];
        MessageFormat.ComputePreHashMu(_verificationKey.Tr, context, hashAlgorithmOid, hash, mu);
        return _verificationKey.Verify(mu, signature);
    }

    /// <summary>FIPS 204, Algorithm 7 with an external μ, hedged; then, unless that is turned off, Algorithm 8.</summary>
    /// <inheritdoc/>
    [TouchesSecrets]
    protected override void SignMuCore(ReadOnlySpan<byte> externalMu, Span<byte> destination)
    {
        SigningKey key = RequireSigningKey();
        Span<byte> randomness = stackalloc byte[ParameterSet.SeedSize];

        // The signature may be written over what is signed, and is verified after that.
        Span<byte> mu = stackalloc byte[ParameterSet.MuSize];
        externalMu.CopyTo(mu);
        try
        {
            _random(randomness);
            key.Sign(mu, randomness, destination);
            if (VerifiesAfterSigning && !_verificationKey.Verify(mu, destination))
            {
                Erase.Memory(destination);
                throw new EngineFaultException($"{Algorithm.Name} by 'managed', which does not verify what it signed");
            }
        }
        finally
        {
            Erase.Memory(randomness);
        }
    }

    /// <summary>FIPS 204, Algorithm 8 with an external μ.</summary>
    /// <inheritdoc/>
    protected override bool VerifyMuCore(ReadOnlySpan<byte> externalMu, ReadOnlySpan<byte> signature) =>
        _verificationKey.Verify(externalMu, signature);

    /// <inheritdoc/>
    protected override void ExportMLDsaPublicKeyCore(Span<byte> destination) => _verificationKey.Encoded.CopyTo(destination);

    /// <inheritdoc/>
    [TouchesSecrets]
    protected override void ExportMLDsaPrivateKeyCore(Span<byte> destination)
    {
        SigningKey key = RequireSigningKey();
        using SecretMemory.Lease use = key.Use();
        key.Encoded.CopyTo(destination);
    }

    /// <inheritdoc/>
    [TouchesSecrets]
    protected override void ExportMLDsaPrivateSeedCore(Span<byte> destination)
    {
        SigningKey key = RequireSigningKey();
        using SecretMemory.Lease use = key.Use();
        ReadOnlySpan<byte> seed = key.Seed;
        if (seed.IsEmpty)
            throw new CryptographicException("The key was imported without its private seed.");
        seed.CopyTo(destination);
    }

    /// <summary>Writes the seed if there is one, else the expanded key, as the platform does.</summary>
    /// <inheritdoc/>
    [TouchesSecrets]
    protected override bool TryExportPkcs8PrivateKeyCore(Span<byte> destination, out int bytesWritten)
    {
        SigningKey key = RequireSigningKey();
        using SecretMemory.Lease use = key.Use();
        return key.Seed.IsEmpty
            ? KeyFormats.TryWriteExpanded(_set.Oid, key.Encoded, destination, out bytesWritten)
            : KeyFormats.TryWriteSeed(_set.Oid, key.Seed, destination, out bytesWritten);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _signingKey?.Dispose();
        _disposed = true;
        base.Dispose(disposing);
    }

    private SigningKey RequireSigningKey() => _signingKey ?? throw new CryptographicException("The key holds no private key.");

    private static void RequireLength(ReadOnlySpan<byte> source, int length)
    {
        if (source.Length != length)
            throw new ArgumentException($"The key has {source.Length} bytes where the algorithm has {length}.", nameof(source));
    }

    private static void RequireContentLength(ReadOnlySpan<byte> content, int length)
    {
        if (content.Length != length)
            throw new CryptographicException($"The key in the structure has {content.Length} bytes where the algorithm has {length}.");
    }
}
