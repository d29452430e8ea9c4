using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;

namespace Qkms.Core.Journal;

/// <summary>
/// The cursor of a page of events: the position that the next page begins at, and HMAC-SHA-256 (RFC 2104) over tenant, stream, order and
/// position under the keyring's cursor key, in base64url. One that was made up, or is another tenant's or list's, is refused.
/// </summary>
internal sealed class JournalCursor(Keyring keyring)
{
    private const byte Format = 1;
    private const int PositionSize = sizeof(long);
    private const int Size = PositionSize + HMACSHA256.HashSizeInBytes;

    /// <summary>Length of a cursor, in characters.</summary>
    public const int TextLength = ((Size * 8) + 5) / 6;

    /// <summary>The cursor of a position.</summary>
    public string Write(TenantId tenantId, JournalQuery query, long position)
    {
        Span<byte> bytes = stackalloc byte[Size];
        BinaryPrimitives.WriteInt64BigEndian(bytes, position);
        Authenticate(keyring.CursorKey, tenantId, query, position, bytes[PositionSize..]);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>The position of a cursor.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.Invalid"/>.</exception>
    public long Read(TenantId tenantId, JournalQuery query, string cursor)
    {
        Span<byte> bytes = stackalloc byte[Size];
        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (cursor.Length != TextLength
            || !Base64Url.IsValid(cursor)
            || !Base64Url.TryDecodeFromChars(cursor, bytes, out int written)
            || written != Size)
            throw Refusal();

        long position = BinaryPrimitives.ReadInt64BigEndian(bytes);
        bool isGenuine = false;
        foreach (WrappingKey key in keyring.CursorKeys)
        {
            Authenticate(key, tenantId, query, position, expected);
            isGenuine |= CryptographicOperations.FixedTimeEquals(expected, bytes[PositionSize..]);
        }

        return isGenuine ? position : throw Refusal();
    }

    private static void Authenticate(WrappingKey key, TenantId tenantId, JournalQuery query, long position, Span<byte> mac)
    {
        CanonicalWriter writer = new CanonicalWriter(Format)
            .Add("events").Add(tenantId.Value).Add((long)query.Stream).Add(query.OldestFirst).Add(position);
        HMACSHA256.HashData(key.Secret.Span, writer.Written, mac);
    }

    private static KmsException Refusal() =>
        KmsErrors.Invalid.With(
            "The cursor does not come from this list.", new FieldError("cursor", "use next_cursor of the previous page"));
}
