using System.Security.Cryptography;
using Qkms.Core.Algorithms;
using Qkms.Core.Cryptography.Rfc9180;
using Qkms.Core.Errors;
using Qkms.Core.Keys;
using Qkms.Core.Secrets;
using Qkms.Core.Uses;

namespace Qkms.Core.Encryption;

/// <summary>The ciphertext format of each family: blob v1 for AES, HPKE for ML-KEM with the context as its associated data, OAEP for RSA.</summary>
internal static class Ciphertexts
{
    /// <exception cref="KmsException"><see cref="KmsErrors.Invalid"/> for what RSA-OAEP cannot do.</exception>
    public static byte[] Encrypt(OpenedKey key, EncryptionContext context, ReadOnlySpan<byte> plaintext)
    {
        KeyVersion version = key.Version;
        switch (version.Algorithm.Family)
        {
            case KeyAlgorithmFamily.Aes:
                return BlobV1.Protect(BlobPurpose.Encryption, version.Id, key.As<SecretBytes>().Span, context, plaintext);

            case KeyAlgorithmFamily.MLKem:
                return Hpke.Seal(key.As<MLKem>(), info: default, context.Canonical, plaintext);

            case KeyAlgorithmFamily.Rsa:
                RefuseContext(context);
                return RsaOaep.Encrypt(key.As<RSA>(), version, plaintext);

            default:
                throw new InvalidOperationException("A key that does not encrypt came this far.");
        }
    }

    /// <summary>The plaintext, or null for whatever cause.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.Invalid"/> for a context with an RSA key.</exception>
    public static SecretBytes? TryDecrypt(OpenedKey key, EncryptionContext context, ReadOnlySpan<byte> ciphertext)
    {
        KeyVersion version = key.Version;
        switch (version.Algorithm.Family)
        {
            case KeyAlgorithmFamily.Aes:
                return BlobV1.TryOpen(BlobPurpose.Encryption, version.Id, key.As<SecretBytes>().Span, context, ciphertext);

            case KeyAlgorithmFamily.MLKem:
                return TryOpenHpke(key.As<MLKem>(), info: default, context.Canonical, ciphertext);

            case KeyAlgorithmFamily.Rsa:
                RefuseContext(context);
                return RsaOaep.TryDecrypt(key.As<RSA>(), version, ciphertext);

            default:
                throw new InvalidOperationException("A key that does not decrypt came this far.");
        }
    }

    /// <summary>The plaintext of an HPKE ciphertext, or null for whatever cause.</summary>
    public static SecretBytes? TryOpenHpke(MLKem key, ReadOnlySpan<byte> info, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> ciphertext)
    {
        int length = ciphertext.Length - Hpke.Overhead(key.Algorithm);
        if (length < 0)
            return null;

        SecretBytes plaintext = SecretBytes.Allocate(length, out Span<byte> destination);
        if (Hpke.TryOpen(key, info, aad, ciphertext, destination))
            return plaintext;

        plaintext.Dispose();
        return null;
    }

    private static void RefuseContext(EncryptionContext context)
    {
        if (!context.Canonical.SequenceEqual(EncryptionContext.Empty.Canonical))
            throw KmsErrors.Invalid.With("RSA-OAEP cannot authenticate a context.", new FieldError("context", "must be absent for RSA keys"));
    }
}
