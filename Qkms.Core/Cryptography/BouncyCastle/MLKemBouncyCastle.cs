using System.Security.Cryptography;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Kems;
using Org.BouncyCastle.Crypto.Parameters;

namespace Qkms.Core.Cryptography.BouncyCastle;

/// <summary>ML-KEM (FIPS 203) of BouncyCastle, behaving as the platform's own keys do.</summary>
/// <remarks>
/// Operations on one key may run at the same time on several threads. Disposing zeroes the arrays of the key (<see cref="PrivateArrays"/>);
/// what an operation of BouncyCastle leaves in arrays of its own stays until the garbage collector reuses the memory.
/// <see cref="IsSupported"/> and the static methods of this class hide those of <see cref="MLKem"/>, and never reach the platform's
/// implementation. PEM and encrypted PKCS #8 are not read here: <c>ImportFromPem</c>, <c>ImportFromEncryptedPem</c> and
/// <c>ImportEncryptedPkcs8PrivateKey</c> remain those of <see cref="MLKem"/>, which make keys of the platform and throw
/// <see cref="PlatformNotSupportedException"/> where it has none.
/// </remarks>
public sealed class MLKemBouncyCastle : MLKem
{
    private const int HashSize = 32;

    private static readonly (MLKemAlgorithm Algorithm, MLKemParameters Parameters, string Oid)[] _sets =
    [
        (MLKemAlgorithm.MLKem512, MLKemParameters.ml_kem_512, NistObjectIdentifiers.id_alg_ml_kem_512.Id),
        (MLKemAlgorithm.MLKem768, MLKemParameters.ml_kem_768, NistObjectIdentifiers.id_alg_ml_kem_768.Id),
        (MLKemAlgorithm.MLKem1024, MLKemParameters.ml_kem_1024, NistObjectIdentifiers.id_alg_ml_kem_1024.Id),
    ];

    private readonly string _oid;
    private readonly MLKemPublicKeyParameters _encapsulationKey;
    private MLKemPrivateKeyParameters? _decapsulationKey;

    private MLKemBouncyCastle(MLKemAlgorithm algorithm, string oid, MLKemPrivateKeyParameters key)
        : base(algorithm)
    {
        _oid = oid;
        _decapsulationKey = PrivateArrays.Pin(key);
        _encapsulationKey = key.GetPublicKey();
    }

    private MLKemBouncyCastle(MLKemAlgorithm algorithm, string oid, MLKemPublicKeyParameters key)
        : base(algorithm)
    {
        _oid = oid;
        _encapsulationKey = key;
    }

    /// <summary>Whether this implementation runs here: always.</summary>
    public static new bool IsSupported => true;

    /// <summary>Generates a key from the system's random numbers (FIPS 203, Algorithm 19).</summary>
    /// <param name="algorithm">The parameter set.</param>
    /// <returns>A key with its seed.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="algorithm"/> is null.</exception>
    /// <exception cref="CryptographicException">The random source failed.</exception>
    public static new MLKemBouncyCastle GenerateKey(MLKemAlgorithm algorithm)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        Span<byte> seed = stackalloc byte[algorithm.PrivateSeedSizeInBytes];
        try
        {
            RandomNumberGenerator.Fill(seed);
            return ImportPrivateSeed(algorithm, seed);
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
    public static new MLKemBouncyCastle ImportPrivateSeed(MLKemAlgorithm algorithm, ReadOnlySpan<byte> source)
    {
        (MLKemParameters parameters, string oid) = Of(algorithm);
        Bytes.RequireLength(source, algorithm.PrivateSeedSizeInBytes);
        return new MLKemBouncyCastle(algorithm, oid, Bytes.Lend(source, seed => MLKemPrivateKeyParameters.FromSeed(parameters, seed)));
    }

    /// <summary>Imports an expanded decapsulation key with the checks of FIPS 203, section 7.3.</summary>
    /// <param name="algorithm">The parameter set.</param>
    /// <param name="source">dk as FIPS 203 encodes it.</param>
    /// <returns>A key without a seed.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="algorithm"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="source"/> has the wrong length.</exception>
    /// <exception cref="CryptographicException">The hash or the encapsulation key inside does not fit.</exception>
    public static new MLKemBouncyCastle ImportDecapsulationKey(MLKemAlgorithm algorithm, ReadOnlySpan<byte> source)
    {
        (MLKemParameters parameters, string oid) = Of(algorithm);
        Bytes.RequireLength(source, algorithm.DecapsulationKeySizeInBytes);

        // dk = dk_PKE ‖ ek ‖ H(ek) ‖ z, read from its end. BouncyCastle checks none of it.
        ReadOnlySpan<byte> hash = source[^(2 * HashSize)..^HashSize];
        ReadOnlySpan<byte> encapsulationKey = source[..^(2 * HashSize)][^algorithm.EncapsulationKeySizeInBytes..];
        RequireReducedCoefficients(encapsulationKey);
        var sha3 = new Sha3Digest(8 * HashSize);
        sha3.BlockUpdate(encapsulationKey);
        Span<byte> computed = stackalloc byte[HashSize];
        sha3.DoFinal(computed);
        if (!CryptographicOperations.FixedTimeEquals(hash, computed))
            throw new CryptographicException("The decapsulation key is not valid: it does not hold the hash of its encapsulation key.");

        return new MLKemBouncyCastle(
            algorithm, oid, Bytes.Lend(source, encoded => MLKemPrivateKeyParameters.FromEncoding(parameters, encoded)));
    }

    /// <summary>Imports an encapsulation key with the checks of FIPS 203, section 7.2.</summary>
    /// <param name="algorithm">The parameter set.</param>
    /// <param name="source">ek as FIPS 203 encodes it.</param>
    /// <returns>A key that can only encapsulate.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="algorithm"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="source"/> has the wrong length.</exception>
    /// <exception cref="CryptographicException">A coefficient is not below the modulus.</exception>
    public static new MLKemBouncyCastle ImportEncapsulationKey(MLKemAlgorithm algorithm, ReadOnlySpan<byte> source)
    {
        (MLKemParameters parameters, string oid) = Of(algorithm);
        Bytes.RequireLength(source, algorithm.EncapsulationKeySizeInBytes);
        RequireReducedCoefficients(source);
        return new MLKemBouncyCastle(algorithm, oid, MLKemPublicKeyParameters.FromEncoding(parameters, source.ToArray()));
    }

    /// <summary>Imports a SubjectPublicKeyInfo (RFC 9935).</summary>
    /// <param name="source">One DER structure.</param>
    /// <returns>A key that can only encapsulate.</returns>
    /// <exception cref="CryptographicException">The structure, its algorithm or the key is not valid.</exception>
    public static new MLKemBouncyCastle ImportSubjectPublicKeyInfo(ReadOnlySpan<byte> source)
    {
        KeyFormats.PublicKey decoded = KeyFormats.ReadPublicKey(source);
        MLKemAlgorithm algorithm = OfOid(decoded.Oid);
        Bytes.RequireContentLength(decoded.Key, algorithm.EncapsulationKeySizeInBytes);
        return ImportEncapsulationKey(algorithm, decoded.Key);
    }

    /// <summary>
    /// Imports a PKCS #8 private key that holds the seed, the expanded key, or both (RFC 9935); both must be the same key.
    /// </summary>
    /// <param name="source">One DER structure.</param>
    /// <returns>A key, with its seed where the structure has one.</returns>
    /// <exception cref="CryptographicException">The structure, its algorithm or the key is not valid.</exception>
    public static new MLKemBouncyCastle ImportPkcs8PrivateKey(ReadOnlySpan<byte> source)
    {
        KeyFormats.PrivateKey decoded = KeyFormats.ReadPrivateKey(source);
        MLKemAlgorithm algorithm = OfOid(decoded.Oid);
        if (!decoded.Seed.IsEmpty)
            Bytes.RequireContentLength(decoded.Seed, algorithm.PrivateSeedSizeInBytes);
        if (!decoded.Expanded.IsEmpty)
            Bytes.RequireContentLength(decoded.Expanded, algorithm.DecapsulationKeySizeInBytes);

        MLKemBouncyCastle key = decoded.Seed.IsEmpty
            ? ImportDecapsulationKey(algorithm, decoded.Expanded)
            : ImportPrivateSeed(algorithm, decoded.Seed);
        if ((decoded.Expanded.IsEmpty || Bytes.Equal(key.RequireDecapsulationKey().GetEncoded(), decoded.Expanded))
            && decoded.BelongsTo(key._encapsulationKey.GetEncoded()))
        {
            return key;
        }

        key.Dispose();
        throw new CryptographicException("The keys in the structure are not the same key.");
    }

    /// <summary>FIPS 203, Algorithm 20; the input checks were made at import. A failing random source fails the call.</summary>
    /// <inheritdoc/>
    protected override void EncapsulateCore(Span<byte> ciphertext, Span<byte> sharedSecret)
    {
        var encapsulator = new MLKemEncapsulator(_encapsulationKey.Parameters);
        encapsulator.Init(new ParametersWithRandom(_encapsulationKey, SystemRandom.Instance));
        encapsulator.Encapsulate(ciphertext, sharedSecret);
    }

    /// <summary>
    /// FIPS 203, Algorithm 21; the input checks were made at import and, for the length of the ciphertext, by the base class.
    /// </summary>
    /// <inheritdoc/>
    protected override void DecapsulateCore(ReadOnlySpan<byte> ciphertext, Span<byte> sharedSecret)
    {
        MLKemPrivateKeyParameters key = RequireDecapsulationKey();
        var decapsulator = new MLKemDecapsulator(key.Parameters);
        decapsulator.Init(key);
        decapsulator.Decapsulate(ciphertext, sharedSecret);
    }

    /// <inheritdoc/>
    protected override void ExportPrivateSeedCore(Span<byte> destination)
    {
        byte[] seed = RequireDecapsulationKey().GetSeed()
            ?? throw new CryptographicException("The key was imported without its private seed.");
        Bytes.Move(seed, destination);
    }

    /// <inheritdoc/>
    protected override void ExportDecapsulationKeyCore(Span<byte> destination) =>
        Bytes.Move(RequireDecapsulationKey().GetEncoded(), destination);

    /// <inheritdoc/>
    protected override void ExportEncapsulationKeyCore(Span<byte> destination) => _encapsulationKey.GetEncoded().CopyTo(destination);

    /// <summary>Writes the seed if there is one, else the expanded key, as the platform does.</summary>
    /// <inheritdoc/>
    protected override bool TryExportPkcs8PrivateKeyCore(Span<byte> destination, out int bytesWritten)
    {
        MLKemPrivateKeyParameters key = RequireDecapsulationKey();
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
        if (_decapsulationKey is { } key)
        {
            PrivateArrays.Erase(key);
            _decapsulationKey = null;
        }

        base.Dispose(disposing);
    }

    private MLKemPrivateKeyParameters RequireDecapsulationKey() =>
        _decapsulationKey ?? throw new CryptographicException("The key holds no decapsulation key.");

    /// <summary>
    /// The modulus check of FIPS 203, section 7.2: BouncyCastle makes it at each encapsulation, the platform at import. The
    /// coefficients are public.
    /// </summary>
    private static void RequireReducedCoefficients(ReadOnlySpan<byte> encapsulationKey)
    {
        const int Modulus = 3329;
        const int SeedSize = 32;

        // Two coefficients of 12 bits in three bytes, up to the seed of the matrix.
        for (ReadOnlySpan<byte> rest = encapsulationKey[..^SeedSize]; !rest.IsEmpty; rest = rest[3..])
        {
            int first = rest[0] | ((rest[1] & 0x0F) << 8);
            int second = (rest[1] >> 4) | (rest[2] << 4);
            if (first >= Modulus || second >= Modulus)
                throw new CryptographicException("The encapsulation key is not valid: a coefficient is not below the modulus.");
        }
    }

    private static (MLKemParameters Parameters, string Oid) Of(MLKemAlgorithm algorithm)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        foreach ((MLKemAlgorithm candidate, MLKemParameters parameters, string oid) in _sets)
        {
            if (candidate == algorithm)
                return (parameters, oid);
        }

        throw new ArgumentException($"'{algorithm.Name}' is not a parameter set of FIPS 203.", nameof(algorithm));
    }

    private static MLKemAlgorithm OfOid(string oid)
    {
        foreach ((MLKemAlgorithm algorithm, _, string candidate) in _sets)
        {
            if (candidate == oid)
                return algorithm;
        }

        throw new CryptographicException($"The algorithm '{oid}' is not ML-KEM.");
    }
}
