using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Qkms.Core.ApiKeys;

/// <summary>
/// The text of an API key: <c>prefix_id_secret-and-checksum</c>. The id (12 characters) is visible and finds the row; the secret
/// (43 characters of base 62, 256 bits) proves; the checksum (6 characters, from SHA-256 of all before it) lets a typing error be
/// refused without a look into the database.
/// </summary>
internal static partial class ApiKeyFormat
{
    public const int IdLength = 12;
    public const int SecretLength = 43;
    public const int ChecksumLength = 6;
    public const int MaxPrefixLength = 32;

    public const int MaxLength = MaxPrefixLength + TailLength;

    private const int TailLength = 1 + IdLength + 1 + SecretLength + ChecksumLength;

    /// <summary>Whether a prefix can be issued: letters, digits and <c>_</c>, so that a double click selects the whole key.</summary>
    public static bool IsPrefix(string prefix) => PrefixShape().IsMatch(prefix);

    /// <summary>The length in bytes of a key with a prefix.</summary>
    public static int LengthOf(string prefix) => prefix.Length + TailLength;

    /// <summary>Writes a fresh key as ASCII.</summary>
    public static void WriteNew(string prefix, Span<byte> destination)
    {
        Encoding.ASCII.GetBytes(prefix, destination);
        Span<byte> tail = destination[prefix.Length..];
        tail[0] = (byte)'_';
        Base62.FillRandom(tail.Slice(1, IdLength));
        tail[1 + IdLength] = (byte)'_';
        Base62.FillRandom(tail.Slice(2 + IdLength, SecretLength));
        WriteChecksum(destination[..^ChecksumLength], destination[^ChecksumLength..]);
    }

    /// <summary>Whether ASCII bytes are a key by shape and checksum. Says nothing about whether it exists.</summary>
    public static bool IsWellFormed(ReadOnlySpan<byte> key)
    {
        if (key.Length is <= TailLength or > TailLength + MaxPrefixLength
            || key[^TailLength] != '_'
            || key[^(SecretLength + ChecksumLength + 1)] != '_')
            return false;

        Span<byte> checksum = stackalloc byte[ChecksumLength];
        WriteChecksum(key[..^ChecksumLength], checksum);
        return CryptographicOperations.FixedTimeEquals(checksum, key[^ChecksumLength..]);
    }

    /// <summary>The visible id of a well-formed key, ASCII.</summary>
    public static ReadOnlySpan<byte> IdOf(ReadOnlySpan<byte> key) => key[^(TailLength - 1)..][..IdLength];

    /// <summary>The secret of a well-formed key.</summary>
    public static ReadOnlySpan<byte> SecretOf(ReadOnlySpan<byte> key) => key[^(SecretLength + ChecksumLength)..^ChecksumLength];

    private static void WriteChecksum(ReadOnlySpan<byte> text, Span<byte> checksum)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text, hash);
        for (int i = 0; i < checksum.Length; i++)
            checksum[i] = Base62.ToCharacter((hash[i] * 62) >> 8);
    }

    [GeneratedRegex("^[A-Za-z0-9_]{1,32}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex PrefixShape();
}
