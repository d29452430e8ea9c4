using System.Security.Cryptography;
using Qkms.Core.Sealing;

namespace Qkms.Core.ApiKeys;

/// <summary>
/// The last six characters of an API key. They are keyed: only this installation can write them, so that an API key that somebody made up
/// is refused before the database is asked. API keys issued earlier end in a checksum that everybody can compute, and keep working.
/// </summary>
internal static class ApiKeyChecksum
{
    public const int Length = 6;

    /// <summary>
    /// Six characters of HMAC-SHA-256 (RFC 2104) over the label and <paramref name="text"/>. The key also hashes <c>id ‖ secret</c>
    /// (<see cref="ApiKeyHash"/>); the label makes this input longer than that one ever is, so that neither says anything of the other.
    /// </summary>
    /// <param name="hashKey">A key of the keyring.</param>
    /// <param name="text">All of the API key that stands before the checksum.</param>
    /// <param name="checksum">Room for <see cref="Length"/> characters.</param>
    public static void WriteKeyed(WrappingKey hashKey, ReadOnlySpan<byte> text, Span<byte> checksum)
    {
        Span<byte> input = stackalloc byte[Label.Length + ApiKeyFormat.MaxLength];
        input = input[..(Label.Length + text.Length)];
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        try
        {
            Label.CopyTo(input);
            text.CopyTo(input[Label.Length..]);
            HMACSHA256.HashData(hashKey.Secret.Span, input, hash);
            WriteCharacters(hash, checksum);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(input);
        }
    }

    /// <summary>Six characters of SHA-256 of <paramref name="text"/>: the checksum of API keys issued earlier.</summary>
    public static void WritePublic(ReadOnlySpan<byte> text, Span<byte> checksum)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text, hash);
        WriteCharacters(hash, checksum);
    }

    private static ReadOnlySpan<byte> Label => "qkms/api-key-checksum/v1\0"u8;

    private static void WriteCharacters(ReadOnlySpan<byte> hash, Span<byte> checksum)
    {
        for (int i = 0; i < checksum.Length; i++)
            checksum[i] = Base62.ToCharacter((hash[i] * 62) >> 8);
    }
}
