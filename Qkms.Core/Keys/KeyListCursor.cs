using System.Buffers.Text;
using System.Security.Cryptography;
using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;

namespace Qkms.Core.Keys;

/// <summary>
/// The cursor of a list: the last version's id and HMAC-SHA-256 (RFC 2104) over tenant and id under the keyring's cursor key, in
/// base64url. A cursor that was made up, or is another tenant's, is refused.
/// </summary>
internal sealed class KeyListCursor(Keyring keyring)
{
    private const byte Format = 1;
    private const int IdSize = 16;
    private const int Size = IdSize + HMACSHA256.HashSizeInBytes;

    /// <summary>Length of a cursor, in characters.</summary>
    public const int TextLength = Size * 4 / 3;

    /// <summary>The cursor behind a version.</summary>
    public string Write(TenantId tenantId, KeyVersionId last)
    {
        Span<byte> bytes = stackalloc byte[Size];
        last.Value.TryWriteBytes(bytes, bigEndian: true, out _);
        Authenticate(tenantId, bytes[..IdSize], bytes[IdSize..]);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>The version that a cursor stands behind.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.Invalid"/>.</exception>
    public KeyVersionId Read(TenantId tenantId, string cursor)
    {
        Span<byte> bytes = stackalloc byte[Size];
        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (cursor?.Length != TextLength
            || !Base64Url.IsValid(cursor)
            || !Base64Url.TryDecodeFromChars(cursor, bytes, out int written)
            || written != Size)
            throw Refusal();

        Authenticate(tenantId, bytes[..IdSize], expected);
        return CryptographicOperations.FixedTimeEquals(expected, bytes[IdSize..])
            ? new KeyVersionId(new Guid(bytes[..IdSize], bigEndian: true))
            : throw Refusal();
    }

    private void Authenticate(TenantId tenantId, ReadOnlySpan<byte> id, Span<byte> mac)
    {
        CanonicalWriter writer = new CanonicalWriter(Format).Add("keys").Add(tenantId.Value).Add(id);
        HMACSHA256.HashData(keyring.CursorKey.Secret.Span, writer.Written, mac);
    }

    private static KmsException Refusal() =>
        KmsErrors.Invalid.With(
            "The cursor does not come from this list.", new FieldError("cursor", "use next_cursor of the previous page"));
}
