using System.Security.Cryptography;

namespace Qkms.Core.Cryptography.Fips203;

/// <summary>ML-KEM (FIPS 203) in C#, for machines whose operating system does not have it; behaves as the platform's own keys do.</summary>
/// <remarks>
/// Operations on one key may run at the same time on several threads; disposing zeroes the private part, once those that run are done.
/// <see cref="IsSupported"/> and the static methods of this class hide those of <see cref="MLKem"/>, and never reach the platform's
/// implementation. PEM and encrypted PKCS #8 are not read here: <c>ImportFromPem</c>, <c>ImportFromEncryptedPem</c> and
/// <c>ImportEncryptedPkcs8PrivateKey</c> remain those of <see cref="MLKem"/>, which make keys of the platform and throw
/// <see cref="PlatformNotSupportedException"/> where it has none.
/// </remarks>
public sealed class MLKemManaged : MLKem
{
    private readonly ParameterSet _set;
    private readonly EncapsulationKey _encapsulationKey;
    private readonly DecapsulationKey? _decapsulationKey;
    private bool _disposed;

    private MLKemManaged(ParameterSet set, DecapsulationKey key)
        : base(set.Algorithm)
    {
        _set = set;
        _decapsulationKey = key;
        _encapsulationKey = key.EncapsulationKey;
    }

    private MLKemManaged(ParameterSet set, EncapsulationKey key)
        : base(set.Algorithm)
    {
        _set = set;
        _encapsulationKey = key;
    }

    /// <summary>Whether this implementation runs here: always.</summary>
    public static new bool IsSupported => true;

    /// <summary>Generates a key from the system's random numbers (FIPS 203, Algorithm 19).</summary>
    /// <param name="algorithm">The parameter set.</param>
    /// <returns>A key with its seed.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="algorithm"/> is null.</exception>
    /// <exception cref="CryptographicException">The random source failed.</exception>
    [TouchesSecrets]
    public static new MLKemManaged GenerateKey(MLKemAlgorithm algorithm)
    {
        var set = ParameterSet.Of(algorithm);
        Span<byte> seed = stackalloc byte[2 * ParameterSet.SeedSize];
        try
        {
            RandomAhead.Fill(seed);
            return new MLKemManaged(set, DecapsulationKey.FromSeed(set, seed));
        }
        finally
        {
            Erase.Memory(seed);
        }
    }

    /// <summary>Expands the key of a private seed (FIPS 203, Algorithm 16).</summary>
    /// <param name="algorithm">The parameter set.</param>
    /// <param name="source">d ‖ z, 64 bytes.</param>
    /// <returns>A key with its seed.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="algorithm"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="source"/> has the wrong length.</exception>
    [TouchesSecrets]
    public static new MLKemManaged ImportPrivateSeed(MLKemAlgorithm algorithm, ReadOnlySpan<byte> source)
    {
        var set = ParameterSet.Of(algorithm);
        RequireLength(source, algorithm.PrivateSeedSizeInBytes);
        return new MLKemManaged(set, DecapsulationKey.FromSeed(set, source));
    }

    /// <summary>Imports an expanded decapsulation key with the checks of FIPS 203, section 7.3.</summary>
    /// <param name="algorithm">The parameter set.</param>
    /// <param name="source">dk as FIPS 203 encodes it.</param>
    /// <returns>A key without a seed.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="algorithm"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="source"/> has the wrong length.</exception>
    /// <exception cref="CryptographicException">The hash or the encapsulation key inside does not fit.</exception>
    [TouchesSecrets]
    public static new MLKemManaged ImportDecapsulationKey(MLKemAlgorithm algorithm, ReadOnlySpan<byte> source)
    {
        var set = ParameterSet.Of(algorithm);
        RequireLength(source, algorithm.DecapsulationKeySizeInBytes);
        return new MLKemManaged(set, DecapsulationKey.Decode(set, source));
    }

    /// <summary>Imports an encapsulation key with the checks of FIPS 203, section 7.2.</summary>
    /// <param name="algorithm">The parameter set.</param>
    /// <param name="source">ek as FIPS 203 encodes it.</param>
    /// <returns>A key that can only encapsulate.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="algorithm"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="source"/> has the wrong length.</exception>
    /// <exception cref="CryptographicException">A coefficient is not below the modulus.</exception>
    public static new MLKemManaged ImportEncapsulationKey(MLKemAlgorithm algorithm, ReadOnlySpan<byte> source)
    {
        var set = ParameterSet.Of(algorithm);
        RequireLength(source, algorithm.EncapsulationKeySizeInBytes);
        return new MLKemManaged(set, EncapsulationKey.Decode(set, source));
    }

    /// <summary>Imports a SubjectPublicKeyInfo (RFC 9935).</summary>
    /// <param name="source">One DER structure.</param>
    /// <returns>A key that can only encapsulate.</returns>
    /// <exception cref="CryptographicException">The structure, its algorithm or the key is not valid.</exception>
    public static new MLKemManaged ImportSubjectPublicKeyInfo(ReadOnlySpan<byte> source)
    {
        KeyFormats.PublicKey decoded = KeyFormats.ReadPublicKey(source);
        var set = ParameterSet.OfOid(decoded.Oid);
        RequireContentLength(decoded.Key, set.Algorithm.EncapsulationKeySizeInBytes);
        return new MLKemManaged(set, EncapsulationKey.Decode(set, decoded.Key));
    }

    /// <summary>
    /// Imports a PKCS #8 private key that holds the seed, the expanded key, or both (RFC 9935); both must be the same key.
    /// </summary>
    /// <param name="source">One DER structure.</param>
    /// <returns>A key, with its seed where the structure has one.</returns>
    /// <exception cref="CryptographicException">The structure, its algorithm or the key is not valid.</exception>
    [TouchesSecrets]
    public static new MLKemManaged ImportPkcs8PrivateKey(ReadOnlySpan<byte> source)
    {
        KeyFormats.PrivateKey decoded = KeyFormats.ReadPrivateKey(source);
        var set = ParameterSet.OfOid(decoded.Oid);
        if (!decoded.Seed.IsEmpty)
            RequireContentLength(decoded.Seed, set.Algorithm.PrivateSeedSizeInBytes);
        if (!decoded.Expanded.IsEmpty)
            RequireContentLength(decoded.Expanded, set.Algorithm.DecapsulationKeySizeInBytes);

        DecapsulationKey key = decoded.Seed.IsEmpty
            ? DecapsulationKey.Decode(set, decoded.Expanded)
            : DecapsulationKey.FromSeed(set, decoded.Seed);
        bool hasBoth = !decoded.Seed.IsEmpty && !decoded.Expanded.IsEmpty;
        if ((!hasBoth || key.EncodesTo(decoded.Expanded)) && decoded.BelongsTo(key.EncapsulationKey.Encoded))
            return new MLKemManaged(set, key);

        key.Dispose();
        throw new CryptographicException("The keys in the structure are not the same key.");
    }

    /// <summary>
    /// Encapsulation with a chosen message in place of a random one (FIPS 203, Algorithm 17): for known answers only. A message used twice
    /// or not random breaks the secret.
    /// </summary>
    [TouchesSecrets]
    internal void EncapsulateDeterministicForTesting(ReadOnlySpan<byte> message, Span<byte> ciphertext, Span<byte> sharedSecret)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _encapsulationKey.Encapsulate(message, ciphertext, sharedSecret);
    }

    /// <summary>FIPS 203, Algorithm 20; the input checks were made at import. A failing random source fails the call.</summary>
    /// <inheritdoc/>
    [TouchesSecrets]
    protected override void EncapsulateCore(Span<byte> ciphertext, Span<byte> sharedSecret)
    {
        Span<byte> message = stackalloc byte[ParameterSet.SeedSize];
        try
        {
            RandomAhead.Fill(message);
            _encapsulationKey.Encapsulate(message, ciphertext, sharedSecret);
        }
        finally
        {
            Erase.Memory(message);
        }
    }

    /// <summary>
    /// FIPS 203, Algorithm 21; the input checks were made at import and, for the length of the ciphertext, by the base class.
    /// </summary>
    /// <inheritdoc/>
    [TouchesSecrets]
    protected override void DecapsulateCore(ReadOnlySpan<byte> ciphertext, Span<byte> sharedSecret) =>
        RequireDecapsulationKey().Decapsulate(ciphertext, sharedSecret);

    /// <inheritdoc/>
    [TouchesSecrets]
    protected override void ExportPrivateSeedCore(Span<byte> destination)
    {
        DecapsulationKey key = RequireDecapsulationKey();
        if (!key.HasSeed)
            throw new CryptographicException("The key was imported without its private seed.");
        key.WriteSeed(destination);
    }

    /// <inheritdoc/>
    [TouchesSecrets]
    protected override void ExportDecapsulationKeyCore(Span<byte> destination) => RequireDecapsulationKey().Encode(destination);

    /// <inheritdoc/>
    protected override void ExportEncapsulationKeyCore(Span<byte> destination) => _encapsulationKey.Encoded.CopyTo(destination);

    /// <summary>Writes the seed if there is one, else the expanded key, as the platform does.</summary>
    /// <inheritdoc/>
    [TouchesSecrets]
    protected override bool TryExportPkcs8PrivateKeyCore(Span<byte> destination, out int bytesWritten)
    {
        DecapsulationKey key = RequireDecapsulationKey();
        byte[] encoded = GC.AllocateArray<byte>(
            key.HasSeed ? Algorithm.PrivateSeedSizeInBytes : Algorithm.DecapsulationKeySizeInBytes, pinned: true);
        try
        {
            if (key.HasSeed)
            {
                key.WriteSeed(encoded);
                return KeyFormats.TryWriteSeed(_set.Oid, encoded, destination, out bytesWritten);
            }

            key.Encode(encoded);
            return KeyFormats.TryWriteExpanded(_set.Oid, encoded, destination, out bytesWritten);
        }
        finally
        {
            Erase.Memory(encoded.AsSpan());
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _decapsulationKey?.Dispose();
        _disposed = true;
        base.Dispose(disposing);
    }

    private DecapsulationKey RequireDecapsulationKey() =>
        _decapsulationKey ?? throw new CryptographicException("The key holds no decapsulation key.");

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
