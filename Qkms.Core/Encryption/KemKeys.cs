using System.Security.Cryptography;
using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Cryptography.Rfc9180;
using Qkms.Core.Errors;
using Qkms.Core.Gates;
using Qkms.Core.Keys;
using Qkms.Core.Secrets;
using Qkms.Core.Uses;

namespace Qkms.Core.Encryption;

/// <summary>What only ML-KEM keys do: shared secrets (FIPS 203), and HPKE (RFC 9180) with the caller's own associated data.</summary>
public sealed class KemKeys(KeyOpener keys, PrivateKeyGate gate)
{
    // Keeps wrapped keys and encrypted data apart: neither opens as the other.
    private static ReadOnlySpan<byte> WrapInfo => "qkms/key-wrap/v1"u8;

    /// <summary>Makes a shared secret for a key (FIPS 203, Algorithm 20).</summary>
    /// <exception cref="KmsException">What <see cref="KeyOpener"/> refuses.</exception>
    public async ValueTask<Encapsulated> EncapsulateAsync(Caller caller, KeyChoice choice, CancellationToken cancellationToken)
    {
        using OpenedKey key = await keys.OpenAsync(caller, choice, KeyOperation.Encapsulate, cancellationToken);
        (byte[] ciphertext, SecretBytes secret) = key.Run(default(ValueTuple), static (key, _) => Encapsulate(key.As<MLKem>()));
        return new Encapsulated(key.Chosen, ciphertext, secret);
    }

    /// <summary>Recovers a shared secret (FIPS 203, Algorithm 21). A ciphertext that was not made for the key gives another secret, not a refusal.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.DecryptionFailed"/> for a ciphertext of the wrong length, or what <see cref="KeyOpener"/> refuses.</exception>
    public async ValueTask<Decrypted> DecapsulateAsync(Caller caller, KeyChoice choice, ReadOnlyMemory<byte> ciphertext, CancellationToken cancellationToken)
    {
        using OpenedKey key = await keys.OpenAsync(caller, choice, KeyOperation.Decapsulate, cancellationToken);
        if (ciphertext.Length != key.Version.Algorithm.CiphertextSize)
            throw KmsErrors.DecryptionFailed.Refusal();

        SecretBytes secret = await key.RunAsync(
            gate, ciphertext, static (key, ciphertext) => Decapsulate(key.As<MLKem>(), ciphertext.Span), cancellationToken);
        return new Decrypted(key.Chosen, secret);
    }

    /// <summary>Encrypts data to a key.</summary>
    /// <exception cref="KmsException">What <see cref="KeyOpener"/> refuses.</exception>
    public ValueTask<Encrypted> EncryptAsync(Caller caller, KeyChoice choice, byte[] aad, SecretBytes plaintext, CancellationToken cancellationToken) =>
        SealAsync(caller, choice, KeyOperation.Encrypt, aad, plaintext, cancellationToken);

    /// <summary>Decrypts data.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.DecryptionFailed"/>, or what <see cref="KeyOpener"/> refuses.</exception>
    public ValueTask<Decrypted> DecryptAsync(Caller caller, KeyChoice choice, byte[] aad, byte[] ciphertext, CancellationToken cancellationToken) =>
        OpenAsync(caller, choice, KeyOperation.Decrypt, aad, ciphertext, cancellationToken);

    /// <summary>Wraps a symmetric key of the caller's.</summary>
    /// <exception cref="KmsException">What <see cref="KeyOpener"/> refuses.</exception>
    public ValueTask<Encrypted> WrapAsync(Caller caller, KeyChoice choice, byte[] aad, SecretBytes symmetricKey, CancellationToken cancellationToken) =>
        SealAsync(caller, choice, KeyOperation.Wrap, aad, symmetricKey, cancellationToken);

    /// <summary>Unwraps a symmetric key.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.DecryptionFailed"/>, or what <see cref="KeyOpener"/> refuses.</exception>
    public ValueTask<Decrypted> UnwrapAsync(Caller caller, KeyChoice choice, byte[] aad, byte[] wrappedKey, CancellationToken cancellationToken) =>
        OpenAsync(caller, choice, KeyOperation.Unwrap, aad, wrappedKey, cancellationToken);

    private async ValueTask<Encrypted> SealAsync(Caller caller, KeyChoice choice, KeyOperation operation, byte[] aad, SecretBytes plaintext, CancellationToken cancellationToken)
    {
        using OpenedKey key = await OpenMLKemAsync(caller, choice, operation, cancellationToken);
        byte[] ciphertext = key.Run(
            (operation, aad, plaintext),
            static (key, work) => Hpke.Seal(key.As<MLKem>(), InfoOf(work.operation), work.aad, work.plaintext.Span));
        return new Encrypted(key.Chosen, ciphertext);
    }

    private async ValueTask<Decrypted> OpenAsync(Caller caller, KeyChoice choice, KeyOperation operation, byte[] aad, byte[] ciphertext, CancellationToken cancellationToken)
    {
        using OpenedKey key = await OpenMLKemAsync(caller, choice, operation, cancellationToken);
        SecretBytes plaintext = await key.RunAsync(
            gate,
            (operation, aad, ciphertext),
            static (key, work) => Ciphertexts.TryOpenHpke(key.As<MLKem>(), InfoOf(work.operation), work.aad, work.ciphertext)
                ?? throw KmsErrors.DecryptionFailed.Refusal(),
            cancellationToken);
        return new Decrypted(key.Chosen, plaintext);
    }

    // Other families encrypt too, in formats of their own.
    private async ValueTask<OpenedKey> OpenMLKemAsync(Caller caller, KeyChoice choice, KeyOperation operation, CancellationToken cancellationToken)
    {
        OpenedKey key = await keys.OpenAsync(caller, choice, operation, cancellationToken);
        if (key.Version.Algorithm.Family == KeyAlgorithmFamily.MLKem)
            return key;

        key.Dispose();
        throw KmsErrors.WrongOperation.With($"{key.Version.Algorithm} keys are for /crypto/encrypt and /crypto/decrypt.");
    }

    private static ReadOnlySpan<byte> InfoOf(KeyOperation operation) => operation is KeyOperation.Wrap or KeyOperation.Unwrap ? WrapInfo : default;

    private static (byte[] Ciphertext, SecretBytes Secret) Encapsulate(MLKem key)
    {
        byte[] ciphertext = new byte[key.Algorithm.CiphertextSizeInBytes];
        SecretBytes secret = SecretBytes.Allocate(key.Algorithm.SharedSecretSizeInBytes, out Span<byte> destination);
        key.Encapsulate(ciphertext, destination);
        return (ciphertext, secret);
    }

    private static SecretBytes Decapsulate(MLKem key, ReadOnlySpan<byte> ciphertext)
    {
        SecretBytes secret = SecretBytes.Allocate(key.Algorithm.SharedSecretSizeInBytes, out Span<byte> destination);
        key.Decapsulate(ciphertext, destination);
        return secret;
    }
}
