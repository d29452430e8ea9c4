using System.Buffers;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Qkms.Core.Sealing;

/// <summary>
/// Encryption that opens under one key only, with a key and a nonce of its own for every message.
/// <code>
/// key (32) ‖ nonce (12) ‖ commitment (32) = HKDF-SHA256(IKM = long-lived key, salt (32, random), info = label ‖ header)   RFC 5869
/// message = header ‖ salt ‖ commitment ‖ ciphertext ‖ tag (16)
/// ciphertext, tag = AES-256-GCM(key, nonce, plaintext, AAD = header ‖ associated data)                                     SP 800-38D
/// </code>
/// Neither is there a nonce bound to count, nor can somebody who knows two keys make one message that opens under both.
/// <see cref="KeyWrap"/> and the blobs of AES-256 keys are this, each with a label and a header of its own.
/// </summary>
internal static class CommittingGcm
{
    /// <summary>What a message is longer than header and plaintext together, in bytes.</summary>
    public const int Overhead = SaltSize + CommitmentSize + TagSize;

    private const int SaltSize = 32;
    private const int CommitmentSize = 32;
    private const int KeySize = 32;
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private const int DerivedSize = KeySize + NonceSize + CommitmentSize;

    // Contexts are short as a rule; what is longer comes from the shared pool. Nothing that gets bound is secret.
    private const int MaxStackSize = 512;

    /// <summary>Writes the rest of a message behind its header.</summary>
    /// <param name="key">The long-lived key.</param>
    /// <param name="label">Separates one use of this construction from another.</param>
    /// <param name="headerSize">How many bytes of <paramref name="message"/> are written already, and bound as header.</param>
    /// <param name="associatedData">What has to be the same at opening.</param>
    /// <param name="plaintext">What gets encrypted.</param>
    /// <param name="message">header, and room for <see cref="Overhead"/> and the plaintext.</param>
    public static void Protect(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> label,
        int headerSize,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> plaintext,
        Span<byte> message)
    {
        ReadOnlySpan<byte> header = message[..headerSize];
        Span<byte> salt = message.Slice(headerSize, SaltSize);
        Span<byte> commitment = message.Slice(headerSize + SaltSize, CommitmentSize);
        Span<byte> ciphertext = message[(headerSize + SaltSize + CommitmentSize)..^TagSize];
        RandomNumberGenerator.Fill(salt);

        using Binding bound = new(header, associatedData, stackalloc byte[MaxStackSize]);
        Span<byte> derived = stackalloc byte[DerivedSize];
        try
        {
            Derive(key, salt, label, header, derived);
            derived[(KeySize + NonceSize)..].CopyTo(commitment);
            using AesGcm aes = new(derived[..KeySize], TagSize);
            aes.Encrypt(derived.Slice(KeySize, NonceSize), plaintext, ciphertext, message[^TagSize..], bound.Bytes);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(derived);
        }
    }

    /// <summary>
    /// Opens a message. The commitment is compared first, in constant time. A wrong one spoils the nonce, so that AES-GCM
    /// refuses too: every way to fail is the same instructions up to the same exception, and the time it takes does not tell a
    /// wrong key from a wrong context.
    /// </summary>
    /// <param name="key">The long-lived key.</param>
    /// <param name="label">As at protecting.</param>
    /// <param name="headerSize">Length of the header; that it is the one expected was looked at before.</param>
    /// <param name="associatedData">As at protecting.</param>
    /// <param name="message">At least <paramref name="headerSize"/> and <see cref="Overhead"/> bytes.</param>
    /// <param name="plaintext">As long as the message without header and <see cref="Overhead"/>; zeroed when the
    /// message does not open.</param>
    /// <returns>Whether it opened; no cause.</returns>
    public static bool TryOpen(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> label,
        int headerSize,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> message,
        Span<byte> plaintext)
    {
        ReadOnlySpan<byte> header = message[..headerSize];
        ReadOnlySpan<byte> salt = message.Slice(headerSize, SaltSize);
        ReadOnlySpan<byte> commitment = message.Slice(headerSize + SaltSize, CommitmentSize);
        ReadOnlySpan<byte> ciphertext = message[(headerSize + SaltSize + CommitmentSize)..^TagSize];

        using Binding bound = new(header, associatedData, stackalloc byte[MaxStackSize]);
        Span<byte> derived = stackalloc byte[DerivedSize];
        try
        {
            Derive(key, salt, label, header, derived);
            bool committed = CryptographicOperations.FixedTimeEquals(derived[(KeySize + NonceSize)..], commitment);
            Span<byte> nonce = derived.Slice(KeySize, NonceSize);
            SpoilUnless(committed, nonce);
            using AesGcm aes = new(derived[..KeySize], TagSize);
            aes.Decrypt(nonce, ciphertext, message[^TagSize..], plaintext, bound.Bytes);
            if (committed)
                return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            // Answered below.
        }
        finally
        {
            CryptographicOperations.ZeroMemory(derived);
        }

        CryptographicOperations.ZeroMemory(plaintext);
        return false;
    }

    // Without a branch: the mask is 0 when it is committed, else 255.
    private static void SpoilUnless(bool committed, Span<byte> nonce)
    {
        byte mask = unchecked((byte)(Unsafe.BitCast<bool, byte>(committed) - 1));
        foreach (ref byte one in nonce)
            one ^= mask;
    }

    private static void Derive(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> label, ReadOnlySpan<byte> header, Span<byte> derived)
    {
        Span<byte> info = stackalloc byte[label.Length + header.Length];
        label.CopyTo(info);
        header.CopyTo(info[label.Length..]);
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, derived, salt, info);
    }

    /// <summary>header ‖ associated data.</summary>
    private readonly ref struct Binding
    {
        private readonly byte[]? _rented;

        public Binding(ReadOnlySpan<byte> header, ReadOnlySpan<byte> associatedData, Span<byte> small)
        {
            int length = header.Length + associatedData.Length;
            Span<byte> bytes = length <= small.Length ? small : _rented = ArrayPool<byte>.Shared.Rent(length);
            header.CopyTo(bytes);
            associatedData.CopyTo(bytes[header.Length..]);
            Bytes = bytes[..length];
        }

        public ReadOnlySpan<byte> Bytes { get; }

        public void Dispose()
        {
            if (_rented is not null)
                ArrayPool<byte>.Shared.Return(_rented);
        }
    }
}
