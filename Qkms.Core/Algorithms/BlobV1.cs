using Qkms.Core.Sealing;

namespace Qkms.Core.Algorithms;

/// <summary>
/// What an AES-256 key encrypts, format 1 (docs/formats.md): <c>CommittingGcm</c> with the label <c>qkms/blob/v1</c> and
/// <code>
/// header = "QK" ‖ format 1 ‖ suite 1 ‖ purpose ‖ id of the key version (16, big-endian UUID)
/// blob   = header (21) ‖ salt (32) ‖ commitment (32) ‖ ciphertext ‖ tag (16)
/// </code>
/// The blob names the version that opens it. Suite 1 is HKDF-SHA256 with AES-256-GCM.
/// </summary>
internal static class BlobV1
{
    /// <summary>What a blob is longer than its plaintext, in bytes.</summary>
    public const int Overhead = HeaderSize + CommittingGcm.Overhead;

    private const byte Format = 1;
    private const byte Suite = 1;
    private const int PurposeOffset = 4;
    private const int VersionOffset = 5;
    private const int HeaderSize = VersionOffset + 16;
    private const int KeySize = 32;

    private static ReadOnlySpan<byte> Label => "qkms/blob/v1"u8;

    private static ReadOnlySpan<byte> MagicFormatSuite => [(byte)'Q', (byte)'K', Format, Suite];

    /// <summary>Encrypts.</summary>
    /// <param name="purpose">What for.</param>
    /// <param name="version">The key version that the key belongs to; it stands in the blob.</param>
    /// <param name="key">The AES-256 key, 32 bytes.</param>
    /// <param name="context">What has to be given again to decrypt.</param>
    /// <param name="plaintext">Any length, also none.</param>
    /// <returns>The blob: the plaintext's length and <see cref="Overhead"/> bytes.</returns>
    /// <exception cref="ArgumentException"><paramref name="key"/> has another length.</exception>
    public static byte[] Protect(
        BlobPurpose purpose, KeyVersionId version, ReadOnlySpan<byte> key, EncryptionContext context, ReadOnlySpan<byte> plaintext)
    {
        RequireLength(key);
        byte[] blob = new byte[Overhead + plaintext.Length];
        WriteHeader(blob, purpose, version);
        CommittingGcm.Protect(key, Label, HeaderSize, context.Canonical, plaintext, blob);
        return blob;
    }

    /// <summary>Reads who opens a blob. Nothing of it is authenticated before the blob opened.</summary>
    /// <param name="blob">Bytes from anybody.</param>
    /// <param name="purpose">What the blob is for.</param>
    /// <param name="version">The key version that it names.</param>
    /// <returns>False when it is too short, begins otherwise, or has a format, suite or purpose that does not exist.</returns>
    public static bool TryReadHeader(ReadOnlySpan<byte> blob, out BlobPurpose purpose, out KeyVersionId version)
    {
        (purpose, version) = (default, default);
        if (blob.Length < Overhead || !blob.StartsWith(MagicFormatSuite))
            return false;

        BlobPurpose read = (BlobPurpose)blob[PurposeOffset];
        if (read is not (BlobPurpose.Encryption or BlobPurpose.DataKey))
            return false;

        (purpose, version) = (read, new KeyVersionId(new Guid(blob[VersionOffset..HeaderSize], bigEndian: true)));
        return true;
    }

    /// <summary>Decrypts.</summary>
    /// <param name="purpose">What the blob has to be for.</param>
    /// <param name="version">The key version that the key belongs to.</param>
    /// <param name="key">The AES-256 key, 32 bytes.</param>
    /// <param name="context">What was given to encrypt.</param>
    /// <param name="blob">Bytes from anybody.</param>
    /// <returns>The plaintext, which the caller disposes; or null for every cause: another purpose, version, key or context, or
    /// any changed byte.</returns>
    /// <exception cref="ArgumentException"><paramref name="key"/> has another length.</exception>
    public static SecretBytes? TryOpen(
        BlobPurpose purpose, KeyVersionId version, ReadOnlySpan<byte> key, EncryptionContext context, ReadOnlySpan<byte> blob)
    {
        RequireLength(key);
        if (!TryReadHeader(blob, out BlobPurpose foundPurpose, out KeyVersionId foundVersion)
            || foundPurpose != purpose
            || foundVersion != version)
            return null;

        SecretBytes plaintext = SecretBytes.Allocate(blob.Length - Overhead, out Span<byte> destination);
        if (CommittingGcm.TryOpen(key, Label, HeaderSize, context.Canonical, blob, destination))
            return plaintext;

        plaintext.Dispose();
        return null;
    }

    private static void WriteHeader(Span<byte> header, BlobPurpose purpose, KeyVersionId version)
    {
        MagicFormatSuite.CopyTo(header);
        header[PurposeOffset] = (byte)purpose;
        version.Value.TryWriteBytes(header[VersionOffset..], bigEndian: true, out _);
    }

    private static void RequireLength(ReadOnlySpan<byte> key)
    {
        if (key.Length != KeySize)
            throw new ArgumentException("An AES-256 key has 32 bytes.", nameof(key));
    }
}

/// <summary>
/// What a blob of an AES-256 key is for. It is part of the key derivation, so that no blob opens as the other kind.
/// The numbers never change.
/// </summary>
internal enum BlobPurpose : byte
{
    /// <summary>Data that a caller encrypted.</summary>
    Encryption = 1,

    /// <summary>A data key in its wrapped form.</summary>
    DataKey = 2,
}
