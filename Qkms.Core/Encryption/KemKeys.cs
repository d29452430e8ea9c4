using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Uses;

namespace Qkms.Core.Encryption;

/// <summary>What only ML-KEM keys do: shared secrets (FIPS 203), and HPKE (RFC 9180) with the caller's own associated data.</summary>
internal sealed class KemKeys(KeyUses uses)
{
    private const string Elsewhere = "keys are for /crypto/encrypt and /crypto/decrypt.";

    private static readonly KeyWork<IEncapsulate, ValueTuple, WrappedSecret> _encapsulate = new()
    {
        Operation = KeyOperation.Encapsulate,
        Run = static (key, _) => key.Encapsulate(),
    };

    private static readonly KeyWork<IEncapsulate, ReadOnlyMemory<byte>, SecretBytes> _decapsulate = new()
    {
        Operation = KeyOperation.Decapsulate,
        Judge = static (key, ciphertext) => ciphertext.Length == key.CiphertextLength ? [] : throw KmsErrors.DecryptionFailed.Refusal(),
        Run = static (key, ciphertext) => key.Decapsulate(ciphertext.Span),
    };

    private static readonly KeyWork<IHpke, (byte[] Aad, SecretBytes Plaintext), byte[]> _encrypt = new()
    {
        Operation = KeyOperation.Encrypt,
        Elsewhere = Elsewhere,
        Run = static (key, work) => key.Seal(info: default, work.Aad, work.Plaintext.Span),
    };

    private static readonly KeyWork<IHpke, (byte[] Aad, byte[] Ciphertext), SecretBytes> _decrypt = new()
    {
        Operation = KeyOperation.Decrypt,
        Elsewhere = Elsewhere,
        Run = static (key, work) => key.TryOpen(info: default, work.Aad, work.Ciphertext),
        Fits = static plaintext => plaintext is not null,
        Misfit = KmsErrors.DecryptionFailed,
    };

    private static readonly KeyWork<IHpke, (byte[] Aad, SecretBytes SymmetricKey), byte[]> _wrap = new()
    {
        Operation = KeyOperation.Wrap,
        Run = static (key, work) => key.Seal(WrapInfo, work.Aad, work.SymmetricKey.Span),
    };

    private static readonly KeyWork<IHpke, (byte[] Aad, byte[] WrappedKey), SecretBytes> _unwrap = new()
    {
        Operation = KeyOperation.Unwrap,
        Run = static (key, work) => key.TryOpen(WrapInfo, work.Aad, work.WrappedKey),
        Fits = static symmetricKey => symmetricKey is not null,
        Misfit = KmsErrors.DecryptionFailed,
    };

    // Keeps wrapped keys and encrypted data apart: neither opens as the other.
    private static ReadOnlySpan<byte> WrapInfo => "qkms/key-wrap/v1"u8;

    /// <summary>Generates a shared secret for a key (FIPS 203, Algorithm 20).</summary>
    /// <exception cref="KmsException">What <see cref="KeyUses"/> refuses.</exception>
    public ValueTask<Used<WrappedSecret>> EncapsulateAsync(Caller caller, KeyChoice choice, CancellationToken cancellationToken) =>
        uses.RunAsync(caller, choice, _encapsulate, default, cancellationToken);

    /// <summary>
    /// Recovers a shared secret (FIPS 203, Algorithm 21). A ciphertext that was not made for the key gives another secret, not a refusal.
    /// </summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.DecryptionFailed"/> for a ciphertext of the wrong length, or what
    /// <see cref="KeyUses"/> refuses.</exception>
    public ValueTask<Used<SecretBytes>> DecapsulateAsync(
        Caller caller, KeyChoice choice, ReadOnlyMemory<byte> ciphertext, CancellationToken cancellationToken) =>
        uses.RunAsync(caller, choice, _decapsulate, ciphertext, cancellationToken);

    /// <summary>Encrypts data to a key.</summary>
    /// <exception cref="KmsException">What <see cref="KeyUses"/> refuses.</exception>
    public ValueTask<Used<byte[]>> EncryptAsync(
        Caller caller, KeyChoice choice, byte[] aad, SecretBytes plaintext, CancellationToken cancellationToken) =>
        uses.RunAsync(caller, choice, _encrypt, (aad, plaintext), cancellationToken);

    /// <summary>Decrypts data.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.DecryptionFailed"/>, or what <see cref="KeyUses"/> refuses.</exception>
    public ValueTask<Used<SecretBytes>> DecryptAsync(
        Caller caller, KeyChoice choice, byte[] aad, byte[] ciphertext, CancellationToken cancellationToken) =>
        uses.RunAsync(caller, choice, _decrypt, (aad, ciphertext), cancellationToken);

    /// <summary>Wraps a symmetric key of the caller's.</summary>
    /// <exception cref="KmsException">What <see cref="KeyUses"/> refuses.</exception>
    public ValueTask<Used<byte[]>> WrapAsync(
        Caller caller, KeyChoice choice, byte[] aad, SecretBytes symmetricKey, CancellationToken cancellationToken) =>
        uses.RunAsync(caller, choice, _wrap, (aad, symmetricKey), cancellationToken);

    /// <summary>Unwraps a symmetric key.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.DecryptionFailed"/>, or what <see cref="KeyUses"/> refuses.</exception>
    public ValueTask<Used<SecretBytes>> UnwrapAsync(
        Caller caller, KeyChoice choice, byte[] aad, byte[] wrappedKey, CancellationToken cancellationToken) =>
        uses.RunAsync(caller, choice, _unwrap, (aad, wrappedKey), cancellationToken);
}
