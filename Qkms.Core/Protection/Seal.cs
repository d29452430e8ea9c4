using System.Security.Cryptography;
using Qkms.Core.Secrets;

namespace Qkms.Core.Protection;

/// <summary>
/// The one way in which a key wraps another.
/// <code>
/// header = format 1 ‖ purpose ‖ id of the wrapping key (16)
/// key (32) ‖ nonce (12) ‖ commitment (32) = HKDF-SHA256(wrapping key, salt (32, random), "qkms/seal/v1" ‖ header)     RFC 5869
/// sealed = header ‖ salt ‖ commitment ‖ AES-256-GCM(key, nonce, plaintext, header ‖ associated data) ‖ tag (16)       SP 800-38D
/// </code>
/// A fresh AES key and nonce for every message, from a random salt: there is no nonce bound to count. The commitment makes the
/// ciphertext open under one wrapping key only, and is compared first, in constant time.
/// </summary>
internal static class Seal
{
    public const int Overhead = HeaderSize + SaltSize + CommitmentSize + TagSize;

    private const byte Format = 1;
    private const int HeaderSize = 1 + 1 + 16;
    private const int SaltSize = 32;
    private const int CommitmentSize = 32;
    private const int KeySize = 32;
    private const int NonceSize = 12;
    private const int TagSize = 16;

    private static ReadOnlySpan<byte> Label => "qkms/seal/v1"u8;

    public static byte[] Protect(SealPurpose purpose, WrappingKey wrappingKey, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext)
    {
        byte[] sealedBytes = new byte[Overhead + plaintext.Length];
        Layout layout = new(sealedBytes);
        WriteHeader(layout.Header, purpose, wrappingKey.Id);
        RandomNumberGenerator.Fill(layout.Salt);

        Span<byte> derived = stackalloc byte[KeySize + NonceSize + CommitmentSize];
        try
        {
            Derive(wrappingKey, layout.Salt, layout.Header, derived);
            derived[(KeySize + NonceSize)..].CopyTo(layout.Commitment);
            using AesGcm aes = new(derived[..KeySize], TagSize);
            aes.Encrypt(derived.Slice(KeySize, NonceSize), plaintext, layout.Ciphertext, layout.Tag, Bind(layout.Header, associatedData));
            return sealedBytes;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(derived);
        }
    }

    /// <summary>The secret, or null: one answer for a wrong key, a wrong purpose, other associated data, and any changed byte.</summary>
    public static SecretBytes? TryOpen(SealPurpose purpose, WrappingKey wrappingKey, ReadOnlySpan<byte> associatedData, byte[] sealedBytes)
    {
        if (sealedBytes.Length < Overhead)
            return null;

        Layout layout = new(sealedBytes);
        Span<byte> header = stackalloc byte[HeaderSize];
        WriteHeader(header, purpose, wrappingKey.Id);
        if (!layout.Header.SequenceEqual(header))
            return null;

        byte[] bound = Bind(header, associatedData);
        Span<byte> derived = stackalloc byte[KeySize + NonceSize + CommitmentSize];
        try
        {
            Derive(wrappingKey, layout.Salt, header, derived);
            if (!CryptographicOperations.FixedTimeEquals(derived[(KeySize + NonceSize)..], layout.Commitment))
                return null;

            return Decrypt(derived[..KeySize], derived.Slice(KeySize, NonceSize), layout, bound);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(derived);
        }
    }

    private static SecretBytes Decrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, Layout layout, ReadOnlySpan<byte> bound)
    {
        SecretBytes plaintext = SecretBytes.Allocate(layout.Ciphertext.Length, out Span<byte> destination);
        try
        {
            using AesGcm aes = new(key, TagSize);
            aes.Decrypt(nonce, layout.Ciphertext, layout.Tag, destination, bound);
            return plaintext;
        }
        catch
        {
            plaintext.Dispose();
            throw;
        }
    }

    private static void Derive(WrappingKey wrappingKey, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> header, Span<byte> derived)
    {
        Span<byte> info = stackalloc byte[Label.Length + HeaderSize];
        Label.CopyTo(info);
        header.CopyTo(info[Label.Length..]);
        HKDF.DeriveKey(HashAlgorithmName.SHA256, wrappingKey.Secret.Span, derived, salt, info);
    }

    private static void WriteHeader(Span<byte> header, SealPurpose purpose, Guid wrappingKeyId)
    {
        header[0] = Format;
        header[1] = (byte)purpose;
        wrappingKeyId.TryWriteBytes(header[2..], bigEndian: true, out _);
    }

    private static byte[] Bind(ReadOnlySpan<byte> header, ReadOnlySpan<byte> associatedData) => [.. header, .. associatedData];

    private readonly ref struct Layout(Span<byte> bytes)
    {
        public Span<byte> Header { get; } = bytes[..HeaderSize];

        public Span<byte> Salt { get; } = bytes.Slice(HeaderSize, SaltSize);

        public Span<byte> Commitment { get; } = bytes.Slice(HeaderSize + SaltSize, CommitmentSize);

        public Span<byte> Ciphertext { get; } = bytes[(HeaderSize + SaltSize + CommitmentSize)..^TagSize];

        public Span<byte> Tag { get; } = bytes[^TagSize..];
    }
}
