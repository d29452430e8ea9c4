using System.Security.Cryptography;

namespace Qkms.Core.Cryptography;

/// <summary>
/// A maker of ML-KEM and ML-DSA keys. The keys are the platform's abstract classes; the engine only decides what stands behind them.
/// </summary>
public abstract class PqcEngine
{
    /// <summary>The name by which the setting <c>Qkms:Crypto:Engine</c> chooses the engine, and under which it is reported.</summary>
    public abstract string Name { get; }

    /// <summary>The name with what the operator should know beside it, for the start-up line.</summary>
    public virtual string Description => Name;

    /// <summary>Generates an ML-KEM key with its seed from the system's random numbers.</summary>
    /// <param name="algorithm">The parameter set.</param>
    /// <returns>The key; the caller disposes it.</returns>
    /// <exception cref="CryptographicException">The random source failed.</exception>
    public abstract MLKem GenerateMLKem(MLKemAlgorithm algorithm);

    /// <summary>Expands the ML-KEM key of a private seed.</summary>
    /// <param name="algorithm">The parameter set.</param>
    /// <param name="seed">d ‖ z, 64 bytes.</param>
    /// <returns>The key; the caller disposes it.</returns>
    /// <exception cref="ArgumentException"><paramref name="seed"/> has the wrong length.</exception>
    public abstract MLKem ImportMLKemPrivateSeed(MLKemAlgorithm algorithm, ReadOnlySpan<byte> seed);

    /// <summary>Imports an ML-KEM encapsulation key.</summary>
    /// <param name="algorithm">The parameter set.</param>
    /// <param name="encapsulationKey">ek as FIPS 203 encodes it.</param>
    /// <returns>A key that can only encapsulate; the caller disposes it.</returns>
    /// <exception cref="ArgumentException"><paramref name="encapsulationKey"/> has the wrong length.</exception>
    /// <exception cref="CryptographicException">The key does not pass the checks of FIPS 203, section 7.2.</exception>
    public abstract MLKem ImportMLKemEncapsulationKey(MLKemAlgorithm algorithm, ReadOnlySpan<byte> encapsulationKey);

    /// <summary>Generates an ML-DSA key with its seed from the system's random numbers.</summary>
    /// <param name="algorithm">The parameter set.</param>
    /// <returns>The key; the caller disposes it.</returns>
    /// <exception cref="CryptographicException">The random source failed.</exception>
    public abstract MLDsa GenerateMLDsa(MLDsaAlgorithm algorithm);

    /// <summary>Expands the ML-DSA key of a private seed.</summary>
    /// <param name="algorithm">The parameter set.</param>
    /// <param name="seed">ξ, 32 bytes.</param>
    /// <returns>The key; the caller disposes it.</returns>
    /// <exception cref="ArgumentException"><paramref name="seed"/> has the wrong length.</exception>
    public abstract MLDsa ImportMLDsaPrivateSeed(MLDsaAlgorithm algorithm, ReadOnlySpan<byte> seed);

    /// <summary>Imports an ML-DSA public key.</summary>
    /// <param name="algorithm">The parameter set.</param>
    /// <param name="publicKey">The public key as FIPS 204 encodes it.</param>
    /// <returns>A key that can only verify; the caller disposes it.</returns>
    /// <exception cref="ArgumentException"><paramref name="publicKey"/> has the wrong length.</exception>
    public abstract MLDsa ImportMLDsaPublicKey(MLDsaAlgorithm algorithm, ReadOnlySpan<byte> publicKey);
}
