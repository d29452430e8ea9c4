using Qkms.Core.Callers;
using Qkms.Core.Errors;
using Qkms.Core.Gates;
using Qkms.Core.Keys;
using Qkms.Core.Secrets;
using Qkms.Core.Uses;

namespace Qkms.Core.Encryption;

/// <summary>Encrypts to and decrypts with any encryption key.</summary>
public sealed class Cipher(KeyOpener keys, BlobKeys blobs, PrivateKeyGate gate)
{
    /// <summary>Encrypts to the key that is meant.</summary>
    /// <exception cref="KmsException">What <see cref="KeyOpener"/> refuses; <see cref="KmsErrors.Invalid"/> for what RSA cannot do.</exception>
    public async ValueTask<Encrypted> EncryptAsync(Caller caller, KeyChoice choice, EncryptionContext context, SecretBytes plaintext, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plaintext);
        using OpenedKey key = await keys.OpenAsync(caller, choice, KeyOperation.Encrypt, cancellationToken);
        return new Encrypted(key.Chosen, Encrypt(key, context, plaintext));
    }

    /// <summary>Encrypts many to one key. A refusal of the key concerns all, one of an item only that item.</summary>
    /// <exception cref="KmsException">What <see cref="KeyOpener"/> refuses.</exception>
    public async ValueTask<(ChosenKey Key, IReadOnlyList<ItemOf<byte[]>> Items)> EncryptManyAsync(
        Caller caller, KeyChoice choice, IReadOnlyList<(EncryptionContext Context, SecretBytes Plaintext)> items, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(items);
        using OpenedKey key = await keys.OpenAsync(caller, choice, KeyOperation.Encrypt, cancellationToken);
        ItemOf<byte[]>[] results = new ItemOf<byte[]>[items.Count];
        for (int i = 0; i < results.Length; i++)
        {
            try
            {
                results[i] = new ItemOf<byte[]>(Encrypt(key, items[i].Context, items[i].Plaintext), null);
            }
            catch (KmsException refusal)
            {
                results[i] = new ItemOf<byte[]>(null, refusal);
            }
        }

        return (key.Chosen, results);
    }

    /// <summary>Decrypts with the key that is meant, or that a blob names.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.DecryptionFailed"/>, or what <see cref="KeyOpener"/> refuses.</exception>
    public async ValueTask<Decrypted> DecryptAsync(Caller caller, KeyChoice choice, EncryptionContext context, ReadOnlyMemory<byte> ciphertext, CancellationToken cancellationToken)
    {
        using OpenedKey key = await blobs.OpenAsync(caller, choice, ciphertext, KeyOperation.Decrypt, cancellationToken);
        SecretBytes plaintext = key.Version.Algorithm.IsSymmetric
            ? key.Run((context, ciphertext), Decrypt)
            : await key.RunAsync(gate, (context, ciphertext), Decrypt, cancellationToken);
        return new Decrypted(key.Chosen, plaintext);
    }

    /// <summary>Decrypts many; each item stands for itself.</summary>
    public async ValueTask<IReadOnlyList<ItemOf<Decrypted>>> DecryptManyAsync(
        Caller caller, KeyChoice choice, IReadOnlyList<(EncryptionContext Context, byte[] Ciphertext)> items, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(items);
        ItemOf<Decrypted>[] results = new ItemOf<Decrypted>[items.Count];
        try
        {
            for (int i = 0; i < results.Length; i++)
                results[i] = await DecryptItemAsync(caller, choice, items[i].Context, items[i].Ciphertext, cancellationToken);

            return results;
        }
        catch
        {
            foreach (ItemOf<Decrypted>? done in results)
                done?.Result?.Dispose();

            throw;
        }
    }

    private static byte[] Encrypt(OpenedKey key, EncryptionContext context, SecretBytes plaintext) =>
        key.Run((context, plaintext), static (key, work) => Ciphertexts.Encrypt(key, work.context, work.plaintext.Span));

    private static SecretBytes Decrypt(OpenedKey key, (EncryptionContext Context, ReadOnlyMemory<byte> Ciphertext) work) =>
        Ciphertexts.TryDecrypt(key, work.Context, work.Ciphertext.Span) ?? throw KmsErrors.DecryptionFailed.Refusal();

    private async ValueTask<ItemOf<Decrypted>> DecryptItemAsync(Caller caller, KeyChoice choice, EncryptionContext context, byte[] ciphertext, CancellationToken cancellationToken)
    {
        try
        {
            return new ItemOf<Decrypted>(await DecryptAsync(caller, choice, context, ciphertext, cancellationToken), null);
        }
        catch (KmsException refusal) when (refusal.Error.Kind is not KmsErrorKind.Unavailable)
        {
            return new ItemOf<Decrypted>(null, refusal);
        }
    }
}
