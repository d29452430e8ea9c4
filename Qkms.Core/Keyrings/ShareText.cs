using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Qkms.Core.Keyrings;

/// <summary>
/// The written form of a share: <c>qkms-share-</c> and base32 (RFC 4648, section 6) in small letters and groups of six, of 4 bytes that
/// name the root key, the share, and 4 bytes of SHA-256 over both, by which a mistyped one is told at once.
/// </summary>
internal static class ShareText
{
    /// <summary>What a share is longer than any line.</summary>
    public const int MaxLength = 256;

    private const int TagSize = 4;
    private const int CheckSize = 4;
    private const int BodySize = TagSize + RootKey.Size + 1;
    private const int Size = BodySize + CheckSize;
    private const int Digits = ((Size * 8) + 4) / 5;
    private const int GroupSize = 6;

    private static ReadOnlySpan<byte> Prefix => "qkms-share-"u8;

    /// <summary>The text of a share, without a newline.</summary>
    public static SecretBytes Write(string rootKeyId, ReadOnlySpan<byte> share)
    {
        using SecretBytes bytes = SecretBytes.Allocate(Size, out Span<byte> body);
        WriteTag(rootKeyId, body);
        share.CopyTo(body[TagSize..]);
        WriteCheck(body[..BodySize], body[BodySize..]);
        SecretBytes text = SecretBytes.Allocate(Prefix.Length + Digits + ((Digits - 1) / GroupSize), out Span<byte> destination);
        Prefix.CopyTo(destination);
        int at = Prefix.Length;
        for (int digit = 0; digit < Digits; digit++)
        {
            if (digit > 0 && digit % GroupSize == 0)
                destination[at++] = (byte)'-';

            destination[at++] = ToLetter(FiveBits(body, digit * 5));
        }

        return text;
    }

    /// <summary>The share of a text; null where it is none, or was mistyped.</summary>
    /// <param name="text">The text; blanks, dashes and large letters do not matter.</param>
    /// <param name="tag">Which root key it is of.</param>
    public static SecretBytes? TryRead(ReadOnlySpan<byte> text, out uint tag)
    {
        tag = 0;
        using SecretBytes bytes = SecretBytes.Allocate(Size, out Span<byte> body);
        using SecretBytes letters = SecretBytes.Allocate(text.Length, out Span<byte> plain);
        int length = 0;
        foreach (byte c in text)
        {
            if (c is not ((byte)' ' or (byte)'-' or (byte)'\t' or (byte)'\r' or (byte)'\n'))
                plain[length++] = (byte)(c | 0x20);
        }

        ReadOnlySpan<byte> digits = plain[..length];
        if (digits.StartsWith("qkmsshare"u8))
            digits = digits["qkmsshare".Length..];

        if (digits.Length != Digits || !TryDecode(digits, body))
            return null;

        Span<byte> check = stackalloc byte[CheckSize];
        WriteCheck(body[..BodySize], check);
        if (!CryptographicOperations.FixedTimeEquals(check, body[BodySize..]) || body[BodySize - 1] == 0)
            return null;

        tag = BinaryPrimitives.ReadUInt32BigEndian(body);
        return SecretBytes.CopyOf(body[TagSize..BodySize]);
    }

    /// <summary>What the shares of a root key begin with.</summary>
    public static uint TagOf(string rootKeyId)
    {
        Span<byte> tag = stackalloc byte[TagSize];
        WriteTag(rootKeyId, tag);
        return BinaryPrimitives.ReadUInt32BigEndian(tag);
    }

    // The id is random for whoever does not have the root key.
    private static void WriteTag(string rootKeyId, Span<byte> tag) => Convert.FromHexString(rootKeyId).AsSpan(0, TagSize).CopyTo(tag);

    private static void WriteCheck(ReadOnlySpan<byte> body, Span<byte> check)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body, hash);
        hash[..CheckSize].CopyTo(check);
        CryptographicOperations.ZeroMemory(hash);
    }

    // What lies behind the last byte is zero.
    private static int FiveBits(ReadOnlySpan<byte> bytes, int bit)
    {
        int first = bit >> 3;
        int pair = (bytes[first] << 8) | (first + 1 < bytes.Length ? bytes[first + 1] : 0);
        return (pair >> (11 - (bit & 7))) & 31;
    }

    // a to z, 2 to 7: by arithmetic, because a digit is part of a secret.
    private static byte ToLetter(int value) => (byte)('a' + value - (((25 - value) >> 31) & ('a' + 26 - '2')));

    private static bool TryDecode(ReadOnlySpan<byte> digits, Span<byte> bytes)
    {
        int bad = 0;
        int held = 0;
        int bits = 0;
        int at = 0;
        foreach (byte c in digits)
        {
            int letter = c - 'a';
            int number = c - '2';
            int isLetter = ~(letter >> 31) & ((letter - 26) >> 31);
            int isNumber = ~(number >> 31) & ((number - 6) >> 31);
            bad |= ~(isLetter | isNumber);
            held = (held << 5) | ((letter & isLetter) | ((number + 26) & isNumber & ~isLetter));
            bits += 5;
            if (bits < 8)
                continue;

            bits -= 8;
            bytes[at++] = (byte)(held >> bits);
            held &= (1 << bits) - 1;
        }

        return (bad | held) == 0;
    }
}
