using System.Security.Cryptography;
using Qkms.Core.Sealing;

namespace Qkms.Core.ApiKeys;

/// <summary>The keyed hash of an API key: HMAC-SHA-256 (RFC 2104) over <c>id ‖ secret</c> under a key of the keyring.</summary>
internal static class ApiKeyHash
{
    public static void Compute(WrappingKey hashKey, ReadOnlySpan<byte> key, Span<byte> verifier)
    {
        Span<byte> text = stackalloc byte[ApiKeyFormat.IdLength + ApiKeyFormat.SecretLength];
        try
        {
            ApiKeyFormat.IdOf(key).CopyTo(text);
            ApiKeyFormat.SecretOf(key).CopyTo(text[ApiKeyFormat.IdLength..]);
            HMACSHA256.HashData(hashKey.Secret.Span, text, verifier);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }
}
