namespace Qkms.Core.Sealing;

/// <summary>
/// The one way in which a key wraps another: <see cref="CommittingGcm"/> with the label <c>qkms/seal/v1</c> and
/// <code>
/// header = format 1 ‖ purpose ‖ id of the wrapping key (16)
/// sealed = header ‖ salt (32) ‖ commitment (32) ‖ ciphertext ‖ tag (16)
/// </code>
/// </summary>
internal static class KeyWrap
{
    public const int Overhead = HeaderSize + CommittingGcm.Overhead;

    private const byte Format = 1;
    private const int HeaderSize = 1 + 1 + 16;

    private static ReadOnlySpan<byte> Label => "qkms/seal/v1"u8;

    public static byte[] Protect(
        KeyWrapPurpose purpose, WrappingKey wrappingKey, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext)
    {
        byte[] sealedBytes = new byte[Overhead + plaintext.Length];
        WriteHeader(sealedBytes, purpose, wrappingKey.Id);
        CommittingGcm.Protect(wrappingKey.Secret.Span, Label, HeaderSize, associatedData, plaintext, sealedBytes);
        return sealedBytes;
    }

    /// <summary>The secret, or null: one answer for a wrong key, a wrong purpose, other associated data, and any changed byte.</summary>
    public static SecretBytes? TryOpen(
        KeyWrapPurpose purpose, WrappingKey wrappingKey, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> sealedBytes)
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

    private static void WriteHeader(Span<byte> header, KeyWrapPurpose purpose, Guid wrappingKeyId)
    {
        header[0] = Format;
        header[1] = (byte)purpose;
        wrappingKeyId.TryWriteBytes(header[2..], bigEndian: true, out _);
    }
}

/// <summary>
/// What a sealed blob holds. It is part of the key derivation, so that no blob opens as another kind. The numbers never change.
/// </summary>
internal enum KeyWrapPurpose : byte
{
    /// <summary>The master key, under the root key.</summary>
    MasterKey = 1,

    /// <summary>A key of the keyring, under the master key.</summary>
    KeyringKey = 2,

    /// <summary>A private key, under a tenant key.</summary>
    PrivateKey = 3,

    /// <summary>The result of a request that may be sent again, under a tenant key.</summary>
    KeptResult = 4,

    /// <summary>The secret of a credential that needs it again, under a key of the keyring.</summary>
    CredentialSecret = 5,
}

/// <summary>
/// Something from the database does not open or does not match its seal: it was damaged, moved, or written by somebody else.
/// The message names the thing by its identifiers; callers of the API see an internal error only.
/// </summary>
internal sealed class SealBrokenException : Exception
{
    /// <summary>Names what is broken.</summary>
    public SealBrokenException(string what)
        : base($"The protection of {what} does not hold: the stored data was changed, moved or damaged.") => What = what;

    /// <summary>The broken thing, by its identifiers.</summary>
    public string What { get; }
}
