using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Errors;
using Qkms.Core.Keys;
using Qkms.Core.Secrets;
using Qkms.Core.Uses;

namespace Qkms.Core.Encryption;

/// <summary>Moves ciphertexts from one key to another; the plaintext does not leave the service.</summary>
public sealed class ReEncryption(KeyOpener keys, BlobKeys blobs, Cipher cipher)
{
    /// <summary>Decrypts with the source and encrypts to the destination.</summary>
    /// <param name="caller">Whose keys.</param>
    /// <param name="source">The key of the ciphertext; a blob names its own.</param>
    /// <param name="destination">The new key; null stands for the active version of the source's logical key.</param>
    /// <param name="context">What was authenticated with the ciphertext.</param>
    /// <param name="newContext">What is to be authenticated with the new one.</param>
    /// <param name="ciphertext">The ciphertext. A wrapped data key stays one.</param>
    /// <param name="cancellationToken">Cancels what can be cancelled.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.DecryptionFailed"/>, or what either key refuses.</exception>
    public async ValueTask<(ChosenKey Source, Encrypted Result)> ReEncryptAsync(
        Caller caller, KeyChoice source, KeyChoice? destination, EncryptionContext context, EncryptionContext newContext, ReadOnlyMemory<byte> ciphertext, CancellationToken cancellationToken)
    {
        if (BlobV1.TryReadHeader(ciphertext.Span, out BlobPurpose purpose, out _) && purpose == BlobPurpose.DataKey)
            return await MoveDataKeyAsync(caller, source, destination, context, newContext, ciphertext, cancellationToken);

        using Decrypted opened = await cipher.DecryptAsync(caller, source, context, ciphertext, cancellationToken);
        Encrypted result = await cipher.EncryptAsync(caller, destination ?? ActiveOf(opened.Key), newContext, opened.Plaintext, cancellationToken);
        return (opened.Key, result);
    }

    // Its purpose goes with it: what only data-keys:decrypt may open must not become what crypto:decrypt opens.
    private async ValueTask<(ChosenKey Source, Encrypted Result)> MoveDataKeyAsync(
        Caller caller, KeyChoice source, KeyChoice? destination, EncryptionContext context, EncryptionContext newContext, ReadOnlyMemory<byte> ciphertext, CancellationToken cancellationToken)
    {
        using OpenedKey from = await blobs.OpenAsync(caller, source, ciphertext, KeyOperation.DecryptDataKey, cancellationToken);
        using SecretBytes dataKey = from.Run((context, ciphertext), DataKeyIssuer.Open);
        using OpenedKey to = await keys.OpenAsync(caller, destination ?? ActiveOf(from.Chosen), KeyOperation.GenerateDataKey, cancellationToken);
        byte[] moved = to.Run((newContext, dataKey), DataKeyIssuer.Protect);
        return (from.Chosen, new Encrypted(to.Chosen, moved));
    }

    private static KeyChoice ActiveOf(ChosenKey key) => new()
    {
        Algorithm = key.Version.Algorithm,
        Name = key.Version.Address.Name,
        DefaultAlgorithm = KeyAlgorithm.Aes256,
    };
}
