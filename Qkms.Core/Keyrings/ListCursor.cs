using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Qkms.Core.Sealing;

namespace Qkms.Core.Keyrings;

/// <summary>
/// The cursor of a list: the id or name of the last entry and HMAC-SHA-256 (RFC 2104) over list, tenant and that entry under the keyring's
/// cursor key, in base64url. A cursor that was made up, or is another tenant's or another list's, is refused.
/// </summary>
internal sealed class ListCursor(Keyring keyring)
{
    private const string Keys = "keys";
    private const byte Format = 1;
    private const int IdSize = 16;
    private const int Size = IdSize + HMACSHA256.HashSizeInBytes;

    // No text that anything is listed by is longer than some hundred characters.
    private const int MostText = 2048;

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
        Authenticate(keyring.CursorKey, list, tenantId, bytes[..IdSize], bytes[IdSize..]);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>The entry that a cursor of a list stands behind.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.Invalid"/>.</exception>
    public Guid Read(string list, TenantId tenantId, string cursor)
    {
        Span<byte> bytes = stackalloc byte[Size];
        if (cursor?.Length != TextLength
            || !Base64Url.IsValid(cursor)
            || !Base64Url.TryDecodeFromChars(cursor, bytes, out int written)
            || written != Size)
            throw Refusal();

        return IsGenuine(list, tenantId, bytes[..IdSize], bytes[IdSize..])
            ? new Guid(bytes[..IdSize], bigEndian: true)
            : throw Refusal();
    }

    /// <summary>The cursor behind an entry of a list whose entries are known by texts.</summary>
    public string WriteText(string list, TenantId tenantId, string last)
    {
        byte[] text = Encoding.UTF8.GetBytes(last);
        byte[] bytes = new byte[text.Length + HMACSHA256.HashSizeInBytes];
        text.CopyTo(bytes, 0);
        Authenticate(keyring.CursorKey, list, tenantId, text, bytes.AsSpan(text.Length));
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>The entry that a cursor of such a list stands behind; false when it is none of this list.</summary>
    public bool TryReadText(string list, TenantId tenantId, string cursor, [NotNullWhen(true)] out string? last)
    {
        last = null;
        if (cursor.Length > MostText || !Base64Url.IsValid(cursor))
            return false;

        byte[] bytes = Base64Url.DecodeFromChars(cursor);
        if (bytes.Length <= HMACSHA256.HashSizeInBytes)
            return false;

        ReadOnlySpan<byte> text = bytes.AsSpan(0, bytes.Length - HMACSHA256.HashSizeInBytes);
        if (!IsGenuine(list, tenantId, text, bytes.AsSpan(text.Length)))
            return false;

        last = Encoding.UTF8.GetString(text);
        return true;
    }

    // A page that was begun before the key was rotated goes on.
    private bool IsGenuine(string list, TenantId tenantId, ReadOnlySpan<byte> id, ReadOnlySpan<byte> mac)
    {
        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        bool isGenuine = false;
        foreach (WrappingKey key in keyring.CursorKeys)
        {
            Authenticate(key, list, tenantId, id, expected);
            isGenuine |= CryptographicOperations.FixedTimeEquals(expected, mac);
        }

        return isGenuine;
    }

    private static void Authenticate(WrappingKey key, string list, TenantId tenantId, ReadOnlySpan<byte> id, Span<byte> mac)
    {
        CanonicalWriter writer = new CanonicalWriter(Format).Add(list).Add(tenantId.Value).Add(id);
        HMACSHA256.HashData(key.Secret.Span, writer.Written, mac);
    }

    /// <summary>The refusal of a cursor that is none of this list.</summary>
    internal static KmsException Refusal() =>
        KmsErrors.Invalid.With(
            "The cursor does not come from this list.", new FieldError("cursor", "use next_cursor of the previous page"));
}
