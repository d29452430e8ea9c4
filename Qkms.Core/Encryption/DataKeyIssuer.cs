using Qkms.Core.Callers;
using Qkms.Core.Errors;
using Qkms.Core.Keys;
using Qkms.Core.Secrets;
using Qkms.Core.Uses;

namespace Qkms.Core.Encryption;

/// <summary>Envelope encryption: makes data keys for callers to encrypt with themselves, and recovers them from their wrapped form.</summary>
public sealed class DataKeyIssuer(KeyOpener keys, BlobKeys blobs)
{
    /// <summary>The shortest data key, in bytes.</summary>
    public const int MinLength = 16;

    /// <summary>The longest data key, in bytes.</summary>
    public const int MaxLength = 1024;

    /// <summary>The length of a data key whose caller names none, in bytes.</summary>
    public const int DefaultLength = 32;

    /// <summary>A data key from the system's random source, wrapped by the key that is meant.</summary>
    /// <exception cref="KmsException">What <see cref="KeyOpener"/> refuses.</exception>
    public async ValueTask<DataKey> GenerateAsync(Caller caller, KeyChoice choice, EncryptionContext context, int length, CancellationToken cancellationToken)
    {
        using OpenedKey key = await keys.OpenAsync(caller, choice, KeyOperation.GenerateDataKey, cancellationToken);
        SecretBytes plaintext = SecretBytes.Random(length);
        try
        {
            return new DataKey(key.Chosen, plaintext, key.Run((context, plaintext), Protect));
        }
        catch
        {
            plaintext.Dispose();
            throw;
        }
    }

    /// <summary>Recovers a data key; its wrapped form names the key.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.DecryptionFailed"/>, or what <see cref="KeyOpener"/> refuses.</exception>
    public async ValueTask<Decrypted> DecryptAsync(Caller caller, KeyChoice choice, EncryptionContext context, ReadOnlyMemory<byte> ciphertext, CancellationToken cancellationToken)
    {
        using OpenedKey key = await blobs.OpenAsync(caller, choice, ciphertext, KeyOperation.DecryptDataKey, cancellationToken);
        return new Decrypted(key.Chosen, key.Run((context, ciphertext), Open));
    }

    /// <summary>The wrapped form of a data key.</summary>
    internal static byte[] Protect(OpenedKey key, (EncryptionContext Context, SecretBytes DataKey) work) =>
        BlobV1.Protect(BlobPurpose.DataKey, key.Version.Id, key.As<SecretBytes>().Span, work.Context, work.DataKey.Span);

    /// <summary>The data key in a wrapped form.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.DecryptionFailed"/>.</exception>
    internal static SecretBytes Open(OpenedKey key, (EncryptionContext Context, ReadOnlyMemory<byte> Ciphertext) work) =>
        BlobV1.TryOpen(BlobPurpose.DataKey, key.Version.Id, key.As<SecretBytes>().Span, work.Context, work.Ciphertext.Span)
            ?? throw KmsErrors.DecryptionFailed.Refusal();
}
