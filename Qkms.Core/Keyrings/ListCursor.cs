using System.Buffers.Text;
using System.Security.Cryptography;
using Qkms.Core.Sealing;

namespace Qkms.Core.Keyrings;

/// <summary>
/// The cursor of a list: the id of the last entry and HMAC-SHA-256 (RFC 2104) over list, tenant and id under the keyring's cursor key, in
/// base64url. A cursor that was made up, or is another tenant's or another list's, is refused.
/// </summary>
internal sealed class ListCursor(Keyring keyring)
{
    private const string Keys = "keys";
    private const byte Format = 1;
    private const int IdSize = 16;
    private const int Size = IdSize + HMACSHA256.HashSizeInBytes;

    /// <summary>Length of a cursor, in characters.</summary>
    public const int TextLength = Size * 4 / 3;

    /// <summary>The cursor behind a version in the list of keys.</summary>
    public string Write(TenantId tenantId, KeyVersionId last) => Write(Keys, tenantId, last.Value);

    /// <summary>The version that a cursor of the list of keys stands behind.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.Invalid"/>.</exception>
    public KeyVersionId Read(TenantId tenantId, string cursor) => new(Read(Keys, tenantId, cursor));

    /// <summary>The cursor behind an entry of a list, which has a word of its own.</summary>
    public string Write(string list, TenantId tenantId, Guid last)
    {
        Span<byte> bytes = stackalloc byte[Size];
        last.TryWriteBytes(bytes, bigEndian: true, out _);
        Authenticate(list, tenantId, bytes[..IdSize], bytes[IdSize..]);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>The entry that a cursor of a list stands behind.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.Invalid"/>.</exception>
    public Guid Read(string list, TenantId tenantId, string cursor)
    {
        Span<byte> bytes = stackalloc byte[Size];
        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (cursor?.Length != TextLength
            || !Base64Url.IsValid(cursor)
            || !Base64Url.TryDecodeFromChars(cursor, bytes, out int written)
            || written != Size)
            throw Refusal();

        Authenticate(list, tenantId, bytes[..IdSize], expected);
        return CryptographicOperations.FixedTimeEquals(expected, bytes[IdSize..])
            ? new Guid(bytes[..IdSize], bigEndian: true)
            : throw Refusal();
    }

    private void Authenticate(string list, TenantId tenantId, ReadOnlySpan<byte> id, Span<byte> mac)
    {
        CanonicalWriter writer = new CanonicalWriter(Format).Add(list).Add(tenantId.Value).Add(id);
        HMACSHA256.HashData(keyring.CursorKey.Secret.Span, writer.Written, mac);
    }

    /// <summary>The refusal of a cursor that is none of this list.</summary>
    internal static KmsException Refusal() =>
        KmsErrors.Invalid.With(
            "The cursor does not come from this list.", new FieldError("cursor", "use next_cursor of the previous page"));
}
