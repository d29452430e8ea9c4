using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Qkms.Core.Cryptography.Rfc9180;

/// <summary>
/// The key schedule of base mode (RFC 9180, section 5.1) with HKDF-SHA256 and AES-256-GCM, for any KEM: what differs is in the suite id.
/// </summary>
internal static class KeySchedule
{
    /// <summary>Nk of AES-256-GCM, in bytes (section 7.3).</summary>
    internal const int KeySize = 32;

    /// <summary>Nn of AES-256-GCM, in bytes (section 7.3).</summary>
    internal const int NonceSize = 12;

    /// <summary>Length of key_schedule_context, in bytes.</summary>
    internal const int ContextSize = 1 + (2 * HashSize);

    /// <summary>Length of suite_id, in bytes.</summary>
    internal const int SuiteIdSize = 10;

    private const byte ModeBase = 0x00;
    private const int HashSize = 32;

    // The longest that is put together here: length ‖ version ‖ suite id ‖ "base_nonce" ‖ key_schedule_context ‖ the counter of HKDF.
    private const int MaxLabeledSize = 2 + 7 + SuiteIdSize + 10 + ContextSize + 1;

    private static ReadOnlySpan<byte> VersionLabel => "HPKE-v1"u8;

    /// <summary>suite_id = "HPKE" ‖ kem_id ‖ kdf_id ‖ aead_id (section 5.1).</summary>
    /// <param name="kemId">The KEM's number at IANA.</param>
    /// <param name="suiteId">10 bytes.</param>
    internal static void WriteSuiteId(ushort kemId, Span<byte> suiteId)
    {
        const ushort HkdfSha256 = 0x0001;
        const ushort Aes256Gcm = 0x0002;

        "HPKE"u8.CopyTo(suiteId);
        BinaryPrimitives.WriteUInt16BigEndian(suiteId[4..], kemId);
        BinaryPrimitives.WriteUInt16BigEndian(suiteId[6..], HkdfSha256);
        BinaryPrimitives.WriteUInt16BigEndian(suiteId[8..], Aes256Gcm);
    }

    /// <summary>key_schedule_context = mode ‖ psk_id_hash ‖ info_hash, with the empty psk_id of base mode. It is public.</summary>
    /// <param name="suiteId">From <see cref="WriteSuiteId"/>.</param>
    /// <param name="info">The application's info.</param>
    /// <param name="context"><see cref="ContextSize"/> bytes.</param>
    internal static void WriteContext(ReadOnlySpan<byte> suiteId, ReadOnlySpan<byte> info, Span<byte> context)
    {
        context[0] = ModeBase;
        LabeledExtract(suiteId, salt: [], "psk_id_hash"u8, ikm: [], context.Slice(1, HashSize));
        LabeledExtract(suiteId, salt: [], "info_hash"u8, info, context[(1 + HashSize)..]);
    }

    /// <summary>secret = LabeledExtract(shared_secret, "secret", psk = ""), and from it key and base_nonce.</summary>
    /// <param name="suiteId">From <see cref="WriteSuiteId"/>.</param>
    /// <param name="context">From <see cref="WriteContext"/>.</param>
    /// <param name="sharedSecret">The KEM's shared secret.</param>
    /// <param name="key"><see cref="KeySize"/> bytes.</param>
    /// <param name="nonce"><see cref="NonceSize"/> bytes.</param>
    [TouchesSecrets]
    internal static void Derive(
        ReadOnlySpan<byte> suiteId, ReadOnlySpan<byte> context, ReadOnlySpan<byte> sharedSecret, Span<byte> key, Span<byte> nonce)
    {
        Span<byte> secret = stackalloc byte[HashSize];
        try
        {
            LabeledExtract(suiteId, sharedSecret, "secret"u8, ikm: [], secret);
            LabeledExpand(suiteId, secret, "key"u8, context, key);
            LabeledExpand(suiteId, secret, "base_nonce"u8, context, nonce);
        }
        finally
        {
            Erase.Memory(secret);
        }
    }

    /// <summary>LabeledExtract of section 4, over HKDF-Extract(salt, IKM) = HMAC(salt, IKM) of RFC 5869, section 2.2.</summary>
    [TouchesSecrets]
    private static void LabeledExtract(
        ReadOnlySpan<byte> suiteId, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> label, ReadOnlySpan<byte> ikm, Span<byte> prk)
    {
        // Only info, which is public, can be long.
        int length = VersionLabel.Length + SuiteIdSize + label.Length + ikm.Length;
        Span<byte> labeled = length <= MaxLabeledSize ? stackalloc byte[MaxLabeledSize] : new byte[length];
        Span<byte> rest = Append(labeled, VersionLabel);
        rest = Append(rest, suiteId);
        rest = Append(rest, label);
        Append(rest, ikm);
        HMACSHA256.HashData(salt, labeled[..length], prk);
    }

    /// <summary>
    /// LabeledExpand of section 4, for at most one block: HKDF-Expand(PRK, info, L) is then the first L bytes of HMAC(PRK, info ‖ 0x01)
    /// (RFC 5869, section 2.3).
    /// </summary>
    [TouchesSecrets]
    private static void LabeledExpand(
        ReadOnlySpan<byte> suiteId, ReadOnlySpan<byte> prk, ReadOnlySpan<byte> label, ReadOnlySpan<byte> info, Span<byte> output)
    {
        Span<byte> labeled = stackalloc byte[MaxLabeledSize];
        BinaryPrimitives.WriteUInt16BigEndian(labeled, (ushort)output.Length);
        Span<byte> rest = Append(labeled[2..], VersionLabel);
        rest = Append(rest, suiteId);
        rest = Append(rest, label);
        rest = Append(rest, info);
        rest[0] = 0x01;

        Span<byte> block = stackalloc byte[HashSize];
        try
        {
            HMACSHA256.HashData(prk, labeled[..(labeled.Length - rest.Length + 1)], block);
            block[..output.Length].CopyTo(output);
        }
        finally
        {
            Erase.Memory(block);
        }
    }

    private static Span<byte> Append(Span<byte> destination, ReadOnlySpan<byte> part)
    {
        part.CopyTo(destination);
        return destination[part.Length..];
    }
}
