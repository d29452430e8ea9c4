using System.Security.Cryptography;

namespace Qkms.Core.Cryptography.Rfc9180;

/// <summary>
/// HPKE (RFC 9180) in base mode, single-shot (section 6.1), with ML-KEM as KEM (draft-ietf-hpke-pq, ids 0x0040 to 0x0042), HKDF-SHA256
/// (0x0001) and AES-256-GCM (0x0002). The shared secret of ML-KEM is the KEM's shared secret, without a derivation between.
/// </summary>
/// <remarks>
/// A single message per key schedule: the sequence number of section 5.2 is 0, so that the nonce is the base nonce, and neither it nor the
/// exporter secret is kept.
/// </remarks>
public static class Hpke
{
    private const int SharedSecretSize = 32;
    private const int TagSize = 16;

    /// <summary>What a ciphertext is longer than its plaintext: enc (the ML-KEM ciphertext) and the tag.</summary>
    /// <param name="algorithm">The parameter set.</param>
    /// <returns>Bytes.</returns>
    public static int Overhead(MLKemAlgorithm algorithm)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        return algorithm.CiphertextSizeInBytes + TagSize;
    }

    /// <summary>SealBase(pkR, info, aad, pt) of RFC 9180, section 6.1.</summary>
    /// <param name="recipient">The recipient's key; its public half is used.</param>
    /// <param name="info">Separates uses of one key from each other.</param>
    /// <param name="aad">What has to be given again to open.</param>
    /// <param name="plaintext">Any length, also none.</param>
    /// <returns>enc ‖ ct: the plaintext's length and <see cref="Overhead"/> bytes.</returns>
    /// <exception cref="CryptographicException">The random source failed.</exception>
    [TouchesSecrets]
    public static byte[] Seal(MLKem recipient, ReadOnlySpan<byte> info, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> plaintext)
    {
        ArgumentNullException.ThrowIfNull(recipient);
        byte[] sealedBytes = new byte[Overhead(recipient.Algorithm) + plaintext.Length];
        Span<byte> enc = sealedBytes.AsSpan(0, recipient.Algorithm.CiphertextSizeInBytes);
        Span<byte> ct = sealedBytes.AsSpan(enc.Length);

        Span<byte> sharedSecret = stackalloc byte[SharedSecretSize];
        Span<byte> key = stackalloc byte[KeySchedule.KeySize];
        Span<byte> nonce = stackalloc byte[KeySchedule.NonceSize];
        try
        {
            recipient.Encapsulate(enc, sharedSecret);
            Suite.Of(recipient.Algorithm).Derive(sharedSecret, info, key, nonce);
            using AesGcm aes = new(key, TagSize);
            aes.Encrypt(nonce, plaintext, ct[..^TagSize], ct[^TagSize..], aad);
            return sealedBytes;
        }
        finally
        {
            Erase.Memory(sharedSecret);
            Erase.Memory(key);
            Erase.Memory(nonce);
        }
    }

    /// <summary>OpenBase(enc, skR, info, aad, ct) of RFC 9180, section 6.1.</summary>
    /// <param name="key">The recipient's key.</param>
    /// <param name="info">As at sealing.</param>
    /// <param name="aad">As at sealing.</param>
    /// <param name="ciphertext">enc ‖ ct, from anybody.</param>
    /// <param name="plaintext">As long as the ciphertext without <see cref="Overhead"/>; zeroed when it does not open.</param>
    /// <returns>False for every cause: too short, another key, info or aad, or any changed byte.</returns>
    /// <exception cref="ArgumentException"><paramref name="plaintext"/> has another length.</exception>
    /// <exception cref="CryptographicException"><paramref name="key"/> has no private half.</exception>
    [TouchesSecrets]
    public static bool TryOpen(
        MLKem key, ReadOnlySpan<byte> info, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> ciphertext, Span<byte> plaintext)
    {
        ArgumentNullException.ThrowIfNull(key);
        int overhead = Overhead(key.Algorithm);
        if (ciphertext.Length < overhead)
        {
            Erase.Memory(plaintext);
            return false;
        }

        if (plaintext.Length != ciphertext.Length - overhead)
            throw new ArgumentException($"The plaintext of this ciphertext has {ciphertext.Length - overhead} bytes.", nameof(plaintext));

        ReadOnlySpan<byte> enc = ciphertext[..key.Algorithm.CiphertextSizeInBytes];
        ReadOnlySpan<byte> ct = ciphertext[enc.Length..];
        Span<byte> sharedSecret = stackalloc byte[SharedSecretSize];
        Span<byte> aesKey = stackalloc byte[KeySchedule.KeySize];
        Span<byte> nonce = stackalloc byte[KeySchedule.NonceSize];
        try
        {
            // An enc that nobody made gives a secret of its own (implicit rejection), which the tag then refuses: one way to fail.
            key.Decapsulate(enc, sharedSecret);
            Suite.Of(key.Algorithm).Derive(sharedSecret, info, aesKey, nonce);
            using AesGcm aes = new(aesKey, TagSize);
            aes.Decrypt(nonce, ct[..^TagSize], ct[^TagSize..], plaintext, aad);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            Erase.Memory(plaintext);
            return false;
        }
        finally
        {
            Erase.Memory(sharedSecret);
            Erase.Memory(aesKey);
            Erase.Memory(nonce);
        }
    }
}
