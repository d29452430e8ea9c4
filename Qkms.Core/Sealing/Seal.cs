namespace Qkms.Core.Sealing;

/// <summary>
/// The one way in which a key wraps another: <see cref="CommittingGcm"/> with the label <c>qkms/seal/v1</c> and
/// <code>
/// header = format 1 ‖ purpose ‖ id of the wrapping key (16)
/// sealed = header ‖ salt (32) ‖ commitment (32) ‖ ciphertext ‖ tag (16)
/// </code>
/// </summary>
internal static class Seal
{
    public const int Overhead = HeaderSize + CommittingGcm.Overhead;

    private const byte Format = 1;
    private const int HeaderSize = 1 + 1 + 16;

    private static ReadOnlySpan<byte> Label => "qkms/seal/v1"u8;

    public static byte[] Protect(SealPurpose purpose, WrappingKey wrappingKey, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext)
    {
        byte[] sealedBytes = new byte[Overhead + plaintext.Length];
        WriteHeader(sealedBytes, purpose, wrappingKey.Id);
        CommittingGcm.Protect(wrappingKey.Secret.Span, Label, HeaderSize, associatedData, plaintext, sealedBytes);
        return sealedBytes;
    }

    /// <summary>The secret, or null: one answer for a wrong key, a wrong purpose, other associated data, and any changed byte.</summary>
    public static SecretBytes? TryOpen(SealPurpose purpose, WrappingKey wrappingKey, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> sealedBytes)
    {
        if (sealedBytes.Length < Overhead)
            return null;

        Span<byte> header = stackalloc byte[HeaderSize];
        WriteHeader(header, purpose, wrappingKey.Id);
        if (!sealedBytes[..HeaderSize].SequenceEqual(header))
            return null;

        SecretBytes plaintext = SecretBytes.Allocate(sealedBytes.Length - Overhead, out Span<byte> destination);
        if (CommittingGcm.TryOpen(wrappingKey.Secret.Span, Label, HeaderSize, associatedData, sealedBytes, destination))
            return plaintext;

        plaintext.Dispose();
        return null;
    }

    private static void WriteHeader(Span<byte> header, SealPurpose purpose, Guid wrappingKeyId)
    {
        header[0] = Format;
        header[1] = (byte)purpose;
        wrappingKeyId.TryWriteBytes(header[2..], bigEndian: true, out _);
    }
}
