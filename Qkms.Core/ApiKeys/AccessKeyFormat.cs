using System.Security.Cryptography;
using System.Text;
using Qkms.Core.Sealing;

namespace Qkms.Core.ApiKeys;

/// <summary>
/// The two texts of an access key, in the form of AWS: an id of 20 capitals and digits, which is not secret, and a secret of 40 letters and
/// digits (238 bits). The last six characters of the id are keyed: only this installation can write them, so that an id that somebody made
/// up is refused before the database is asked.
/// </summary>
internal static class AccessKeyFormat
{
    public const int IdLength = 20;
    public const int SecretLength = 40;

    private const string Prefix = "AKIA";
    private const string Base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    private const int ChecksumLength = 6;

    private static ReadOnlySpan<byte> Label => "qkms/access-key-id/v1\0"u8;

    /// <summary>A fresh id.</summary>
    /// <param name="hashKey">The key of the checksum.</param>
    public static string NewId(WrappingKey hashKey)
    {
        string id = Prefix + RandomNumberGenerator.GetString(Base32, IdLength - Prefix.Length - ChecksumLength);
        return id + Checksum(id, hashKey);
    }

    /// <summary>A fresh secret, ASCII.</summary>
    public static SecretBytes NewSecret()
    {
        SecretBytes secret = SecretBytes.Allocate(SecretLength, out Span<byte> destination);
        Base62.FillRandom(destination);
        return secret;
    }

    /// <summary>Whether a text is an id that this installation issued.</summary>
    public static bool IsIssued(string id, IEnumerable<WrappingKey> hashKeys) =>
        id.Length == IdLength
        && id.StartsWith(Prefix, StringComparison.Ordinal)
        && hashKeys.Any(key => id.EndsWith(Checksum(id[..^ChecksumLength], key), StringComparison.Ordinal));

    // Not secret, and told to whoever is given the id: a table will do.
    private static string Checksum(string text, WrappingKey hashKey)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(hashKey.Secret.Span, [.. Label, .. Encoding.UTF8.GetBytes(text)], hash);
        Span<char> checksum = stackalloc char[ChecksumLength];
        for (int i = 0; i < checksum.Length; i++)
            checksum[i] = Base32[hash[i] & 31];

        return new string(checksum);
    }
}
