using System.Security.Cryptography;
using Qkms.Core.Errors;
using Qkms.Core.Keys;
using Qkms.Core.Secrets;

namespace Qkms.Core.Encryption;

/// <summary>RSAES-OAEP (RFC 8017, 7.1) with the hash that the key was made with, also for MGF1, and an empty label.</summary>
internal static class RsaOaep
{
    /// <summary>The longest plaintext, in bytes: k − 2hLen − 2 (RFC 8017, 7.1.1).</summary>
    public static int MaxPlaintext(KeyVersion version) => (version.Algorithm.ModulusBits!.Value >> 3) - (2 * HashLength(version)) - 2;

    /// <exception cref="KmsException"><see cref="KmsErrors.Invalid"/> when the plaintext is too long.</exception>
    public static byte[] Encrypt(RSA key, KeyVersion version, ReadOnlySpan<byte> plaintext) => plaintext.Length <= MaxPlaintext(version)
        ? key.Encrypt(plaintext, PaddingOf(version))
        : throw KmsErrors.Invalid.With(
            $"'plaintext' is too long for {version.Algorithm} with OAEP and {version.OaepHash}.",
            new FieldError("plaintext", $"must be at most {MaxPlaintext(version)} bytes for this key; encrypt a data key instead"));

    /// <summary>The plaintext, or null for whatever cause.</summary>
    public static SecretBytes? TryDecrypt(RSA key, KeyVersion version, ReadOnlySpan<byte> ciphertext)
    {
        // OpenSSL decrypts into a buffer of the modulus' length; what it holds is copied out and the rest zeroed.
        using SecretBytes buffer = SecretBytes.Allocate(version.Algorithm.ModulusBits!.Value >> 3, out Span<byte> destination);
        try
        {
            return key.TryDecrypt(ciphertext, destination, PaddingOf(version), out int length) ? SecretBytes.CopyOf(destination[..length]) : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static RSAEncryptionPadding PaddingOf(KeyVersion version) => version.OaepHash switch
    {
        "SHA-1" => RSAEncryptionPadding.OaepSHA1,
        "SHA-256" => RSAEncryptionPadding.OaepSHA256,
        "SHA-384" => RSAEncryptionPadding.OaepSHA384,
        "SHA-512" => RSAEncryptionPadding.OaepSHA512,
        _ => throw new InvalidOperationException("A key has a hash for OAEP that this version of Qkms does not know."),
    };

    private static int HashLength(KeyVersion version) => version.OaepHash switch
    {
        "SHA-1" => 20,
        "SHA-256" => 32,
        "SHA-384" => 48,
        "SHA-512" => 64,
        _ => throw new InvalidOperationException("A key has a hash for OAEP that this version of Qkms does not know."),
    };
}
