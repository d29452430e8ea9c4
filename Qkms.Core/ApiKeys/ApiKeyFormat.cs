using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Qkms.Core.Sealing;

namespace Qkms.Core.ApiKeys;

/// <summary>
/// The text of an API key: <c>prefix_id_secret-and-checksum</c>. The id (12 characters) is visible and finds the row; the secret
/// (43 characters of base 62, 256 bits) proves; the checksum (6 characters, <see cref="ApiKeyChecksum"/>) lets a typing error, and what
/// somebody made up, be refused without a look into the database.
/// </summary>
internal static partial class ApiKeyFormat
{
    public const int IdLength = 12;
    public const int SecretLength = 43;
    public const int MaxPrefixLength = 32;

    public const int MaxLength = MaxPrefixLength + TailLength;

    private const int TailLength = 1 + IdLength + 1 + SecretLength + ApiKeyChecksum.Length;

    /// <summary>Whether a prefix can be issued: letters, digits and <c>_</c>, so that a double click selects the whole key.</summary>
    public static bool IsPrefix(string prefix) => PrefixShape().IsMatch(prefix);

    /// <summary>The length in bytes of a key with a prefix.</summary>
    public static int LengthOf(string prefix) => prefix.Length + TailLength;

    /// <summary>Writes a fresh key as ASCII.</summary>
    /// <param name="prefix">What it begins with.</param>
    /// <param name="hashKey">The key of the checksum.</param>
    /// <param name="destination">Room for <see cref="LengthOf"/> bytes.</param>
    public static void WriteNew(string prefix, WrappingKey hashKey, Span<byte> destination)
    {
        Encoding.ASCII.GetBytes(prefix, destination);
        Span<byte> tail = destination[prefix.Length..];
        tail[0] = (byte)'_';
        Base62.FillRandom(tail.Slice(1, IdLength));
        tail[1 + IdLength] = (byte)'_';
        Base62.FillRandom(tail.Slice(2 + IdLength, SecretLength));
        ApiKeyChecksum.WriteKeyed(hashKey, TextOf(destination), destination[^ApiKeyChecksum.Length..]);
    }

    /// <summary>Whether bytes have the shape of a key. Says nothing about the checksum.</summary>
    public static bool HasShape(ReadOnlySpan<byte> key) =>
        key.Length is > TailLength and <= MaxLength
        && key[^TailLength] == '_'
        && key[^(SecretLength + ApiKeyChecksum.Length + 1)] == '_';

    /// <summary>Whether the checksum of a well-formed key is one that only this installation can write.</summary>
    public static bool HasKeyedChecksum(ReadOnlySpan<byte> key, WrappingKey hashKey)
    {
        Span<byte> checksum = stackalloc byte[ApiKeyChecksum.Length];
        ApiKeyChecksum.WriteKeyed(hashKey, TextOf(key), checksum);
        return CryptographicOperations.FixedTimeEquals(checksum, ChecksumOf(key));
    }

    /// <summary>Whether the checksum of a well-formed key is one that everybody can write, as API keys issued earlier have.</summary>
    public static bool HasPublicChecksum(ReadOnlySpan<byte> key)
    {
        Span<byte> checksum = stackalloc byte[ApiKeyChecksum.Length];
        ApiKeyChecksum.WritePublic(TextOf(key), checksum);
        return CryptographicOperations.FixedTimeEquals(checksum, ChecksumOf(key));
    }

    /// <summary>The visible id of a well-formed key, ASCII.</summary>
    public static ReadOnlySpan<byte> IdOf(ReadOnlySpan<byte> key) => key[^(TailLength - 1)..][..IdLength];

    /// <summary>The secret of a well-formed key.</summary>
    public static ReadOnlySpan<byte> SecretOf(ReadOnlySpan<byte> key) =>
        key[^(SecretLength + ApiKeyChecksum.Length)..^ApiKeyChecksum.Length];

    private static ReadOnlySpan<byte> TextOf(ReadOnlySpan<byte> key) => key[..^ApiKeyChecksum.Length];

    private static ReadOnlySpan<byte> ChecksumOf(ReadOnlySpan<byte> key) => key[^ApiKeyChecksum.Length..];

    [GeneratedRegex("^[A-Za-z0-9_]{1,32}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex PrefixShape();
}
