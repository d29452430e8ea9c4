using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Uses;

namespace Qkms.Core.Encryption;

/// <summary>Encrypts to and decrypts with any encryption key.</summary>
internal sealed class Cipher(KeyUses uses)
{
    private static readonly KeyWork<IEncrypt, (EncryptionContext Context, SecretBytes Plaintext), byte[]> _encrypt = new()
    {
        Operation = KeyOperation.Encrypt,
        Run = static (key, work) => key.Encrypt(work.Context, work.Plaintext.Span),
    };

    private static readonly KeyWork<IEncrypt, (EncryptionContext Context, ReadOnlyMemory<byte> Ciphertext), SecretBytes> _decrypt = new()
    {
        Operation = KeyOperation.Decrypt,
        Run = static (key, work) => key.TryDecrypt(work.Context, work.Ciphertext.Span),
        Fits = static plaintext => plaintext is not null,
        Misfit = KmsErrors.DecryptionFailed,
    };

    /// <summary>Encrypts to the key that is meant.</summary>
    /// <exception cref="KmsException">What <see cref="KeyUses"/> refuses; <see cref="KmsErrors.Invalid"/> for what
    /// RSA cannot do.</exception>
    public ValueTask<Used<byte[]>> EncryptAsync(
        Caller caller, KeyChoice choice, EncryptionContext context, SecretBytes plaintext, CancellationToken cancellationToken) =>
        uses.RunAsync(caller, choice, _encrypt, (context, plaintext), cancellationToken);

    /// <summary>Refuses what <see cref="EncryptAsync"/> would refuse before the key is used.</summary>
    /// <exception cref="KmsException">What <see cref="KeyUses"/> refuses.</exception>
    internal ValueTask RequireEncryptsAsync(Caller caller, KeyChoice choice, CancellationToken cancellationToken) =>
        uses.RequireUsableAsync(caller, choice, _encrypt, default, cancellationToken);

    /// <summary>Refuses what <see cref="DecryptAsync"/> would refuse before the key is used.</summary>
    /// <exception cref="KmsException">What <see cref="KeyUses"/> refuses.</exception>
    internal ValueTask RequireDecryptsAsync(
        Caller caller, KeyChoice choice, ReadOnlyMemory<byte> ciphertext, CancellationToken cancellationToken) =>
        uses.RequireUsableAsync(caller, choice with { Ciphertext = ciphertext }, _decrypt, default, cancellationToken);

    /// <summary>Encrypts many to one key. A refusal of the key concerns all, one of an item only that item.</summary>
    /// <exception cref="KmsException">What <see cref="KeyUses"/> refuses.</exception>
    public ValueTask<Used<IReadOnlyList<ItemOf<byte[]>>>> EncryptManyAsync(
        Caller caller,
        KeyChoice choice,
        IReadOnlyList<(EncryptionContext Context, SecretBytes Plaintext)> items,
        CancellationToken cancellationToken) =>
        uses.RunManyAsync(caller, choice, _encrypt, items, cancellationToken);

    /// <summary>Decrypts with the key that is meant, or that the ciphertext names.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.DecryptionFailed"/>, or what <see cref="KeyUses"/> refuses.</exception>
    public ValueTask<Used<SecretBytes>> DecryptAsync(
        Caller caller, KeyChoice choice, EncryptionContext context, ReadOnlyMemory<byte> ciphertext, CancellationToken cancellationToken) =>
        uses.RunAsync(caller, choice with { Ciphertext = ciphertext }, _decrypt, (context, ciphertext), cancellationToken);

    /// <summary>Decrypts many; each item stands for itself.</summary>
    public async ValueTask<IReadOnlyList<ItemOf<Used<SecretBytes>>>> DecryptManyAsync(
        Caller caller,
        KeyChoice choice,
        IReadOnlyList<(EncryptionContext Context, byte[] Ciphertext)> items,
        CancellationToken cancellationToken)
    {
        await uses.PayAsync(caller, Enumerable.Repeat((choice, KeyOperation.Decrypt), items.Count), cancellationToken);
        UseGroup together = uses.Together(caller);
        KeyChoice bounded = choice with { Trials = new TrialBudget(), Together = together, IsPaid = true };
        return await EachItem.RunAsync(
            caller, together, items, item => DecryptAsync(caller, bounded, item.Context, item.Ciphertext, cancellationToken));
    }
}
