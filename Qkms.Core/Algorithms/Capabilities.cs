namespace Qkms.Core.Algorithms;

/// <summary>Encrypts data in the format of its family (docs/formats.md).</summary>
internal interface IEncrypt
{
    /// <exception cref="KmsException"><see cref="KmsErrors.Invalid"/> for a plaintext or context that the algorithm
    /// cannot take.</exception>
    byte[] Encrypt(EncryptionContext context, ReadOnlySpan<byte> plaintext);

    /// <summary>The plaintext, which the caller disposes of, or null for whatever cause.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.Invalid"/> for a context that the algorithm cannot take.</exception>
    SecretBytes? TryDecrypt(EncryptionContext context, ReadOnlySpan<byte> ciphertext);
}

/// <summary>Wraps data keys, in a form that does not open as encrypted data, nor the other way round.</summary>
internal interface IWrapDataKeys
{
    byte[] WrapDataKey(EncryptionContext context, ReadOnlySpan<byte> dataKey);

    /// <summary>The data key, which the caller disposes of, or null for whatever cause.</summary>
    SecretBytes? TryUnwrapDataKey(EncryptionContext context, ReadOnlySpan<byte> wrapped);
}

/// <summary>Encapsulates shared secrets (FIPS 203).</summary>
internal interface IEncapsulate
{
    /// <summary>Length of a ciphertext in bytes.</summary>
    int CiphertextLength { get; }

    /// <summary>A shared secret and its ciphertext (FIPS 203, Algorithm 20).</summary>
    WrappedSecret Encapsulate();

    /// <summary>
    /// The shared secret of a ciphertext of <see cref="CiphertextLength"/> bytes (FIPS 203, Algorithm 21). A ciphertext that was not made
    /// for the key gives another secret, not a refusal.
    /// </summary>
    SecretBytes Decapsulate(ReadOnlySpan<byte> ciphertext);
}

/// <summary>Encrypts by HPKE in base mode (RFC 9180) with the caller's own associated data.</summary>
internal interface IHpke
{
    /// <summary>enc ‖ ct.</summary>
    byte[] Seal(ReadOnlySpan<byte> info, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> plaintext);

    /// <summary>The plaintext, which the caller disposes of, or null for whatever cause.</summary>
    SecretBytes? TryOpen(ReadOnlySpan<byte> info, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> ciphertext);
}

/// <summary>Signs messages.</summary>
internal interface ISign
{
    /// <summary>Refuses what the algorithm does not have, before anything is computed.</summary>
    /// <returns>Why the chosen hash is too weak for the key, or null when it is strong enough or there is none.</returns>
    /// <exception cref="KmsException"><see cref="KmsErrors.Invalid"/>, with the field named.</exception>
    string? Weakness(SignatureParameters parameters);

    byte[] Sign(ReadOnlySpan<byte> message, SignatureParameters parameters);

    /// <summary>
    /// Whether a signature is the key's for a message. One of the wrong length is not valid, like any other that is wrong.
    /// </summary>
    bool Verify(ReadOnlySpan<byte> message, SignatureParameters parameters, ReadOnlySpan<byte> signature);
}

/// <summary>Signs hashes that the caller made.</summary>
internal interface ISignHash
{
    /// <summary>Refuses what the algorithm does not have, before anything is computed.</summary>
    /// <returns>Why the hash is too weak for the key, or null when it is strong enough.</returns>
    /// <exception cref="KmsException"><see cref="KmsErrors.Invalid"/>, with the field named.</exception>
    string? Weakness(HashParameters parameters);

    /// <summary>Signs a hash of the function's length.</summary>
    byte[] SignHash(ReadOnlySpan<byte> hash, HashParameters parameters);

    bool VerifyHash(ReadOnlySpan<byte> hash, HashParameters parameters, ReadOnlySpan<byte> signature);
}

/// <summary>Signs what the caller computed from a message: the external μ of FIPS 204 (Algorithm 7, line 6), 64 bytes.</summary>
internal interface ISignMu
{
    /// <summary>A signature of the message that μ stands for; it verifies with the message itself.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.WrongOperation"/>: the engine does not take a μ, and no other may.</exception>
    byte[] SignMu(ReadOnlySpan<byte> mu);

    /// <exception cref="KmsException"><see cref="KmsErrors.WrongOperation"/>: the engine does not take a μ, and no other may.</exception>
    bool VerifyMu(ReadOnlySpan<byte> mu, ReadOnlySpan<byte> signature);
}

/// <summary>Makes and checks message authentication codes.</summary>
internal interface IAuthenticate
{
    byte[] GenerateMac(ReadOnlySpan<byte> message);

    /// <summary>Whether a MAC is the key's for a message, in a time that does not tell where they differ.</summary>
    bool VerifyMac(ReadOnlySpan<byte> message, ReadOnlySpan<byte> mac);
}

/// <summary>What a caller chooses about the signature of a message.</summary>
/// <param name="Context">The context of FIPS 204, at most 255 bytes; empty where the algorithm has none.</param>
/// <param name="Hash">The hash function, where the algorithm leaves the choice; else null.</param>
/// <param name="Padding">The padding, where the algorithm leaves the choice; else null.</param>
internal readonly record struct SignatureParameters(byte[] Context, SignatureHash? Hash, SignaturePadding? Padding);

/// <summary>What a caller chooses about the signature of a hash.</summary>
/// <param name="Function">The function that made the hash.</param>
/// <param name="Context">The context of FIPS 204, at most 255 bytes; empty where the algorithm has none.</param>
/// <param name="Padding">The padding, where the algorithm leaves the choice; else null.</param>
internal readonly record struct HashParameters(SignatureHash Function, byte[] Context, SignaturePadding? Padding);

/// <summary>A fresh secret, and the ciphertext from which the key recovers it: a shared secret of a KEM, or a data key.</summary>
/// <param name="Secret">K of FIPS 203, or the data key. It is stored nowhere and zeroed with this.</param>
/// <param name="Ciphertext">c of FIPS 203, or the wrapped form (docs/formats.md).</param>
internal sealed record WrappedSecret(SecretBytes Secret, byte[] Ciphertext) : IDisposable
{
    /// <summary>Zeroes the secret.</summary>
    public void Dispose() => Secret.Dispose();
}
