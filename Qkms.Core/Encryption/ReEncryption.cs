using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Uses;

namespace Qkms.Core.Encryption;

/// <summary>Moves ciphertexts from one key to another; the plaintext does not leave the service.</summary>
internal sealed class ReEncryption(Cipher cipher, DataKeyIssuer dataKeys)
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
    public async ValueTask<(ChosenKey Source, Used<byte[]> Result)> ReEncryptAsync(
        Caller caller,
        KeyChoice source,
        KeyChoice? destination,
        EncryptionContext context,
        EncryptionContext newContext,
        ReadOnlyMemory<byte> ciphertext,
        CancellationToken cancellationToken)
    {
        // The purpose of a blob goes with it: what only data-keys:decrypt may open must not become what crypto:decrypt opens.
        if (BlobV1.TryReadHeader(ciphertext.Span, out BlobPurpose purpose, out _) && purpose == BlobPurpose.DataKey)
        {
            using Used<SecretBytes> dataKey = await dataKeys.DecryptAsync(caller, source, context, ciphertext, cancellationToken);
            return (
                dataKey.Key,
                await dataKeys.WrapAsync(caller, destination ?? ActiveOf(dataKey.Key), newContext, dataKey.Result, cancellationToken));
        }

        using Used<SecretBytes> opened = await cipher.DecryptAsync(caller, source, context, ciphertext, cancellationToken);
        return (
            opened.Key,
            await cipher.EncryptAsync(caller, destination ?? ActiveOf(opened.Key), newContext, opened.Result, cancellationToken));
    }

    private static KeyChoice ActiveOf(ChosenKey key) => new()
    {
        Algorithm = key.Version.Algorithm,
        Name = key.Version.Address.Name,
        DefaultAlgorithm = KeyAlgorithm.Aes256,
    };
}
