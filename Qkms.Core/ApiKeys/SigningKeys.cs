using System.Security.Cryptography;
using System.Text;

namespace Qkms.Core.ApiKeys;

/// <summary>
/// Signing keys of AWS Signature Version 4: HMAC-SHA-256 (RFC 2104) over day, region, service and terminator, beginning with the secret.
/// Those that have proven themselves are remembered for their day, and zeroed with it.
/// </summary>
internal sealed class SigningKeys : IDisposable
{
    public const int Size = HMACSHA256.HashSizeInBytes;

    private const int MostRemembered = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<(CredentialId Credential, string Date, string Region), byte[]> _keys = [];

    /// <summary>Computes a signing key.</summary>
    /// <param name="secret">The secret of the access key.</param>
    /// <param name="date">The day.</param>
    /// <param name="region">The region.</param>
    /// <param name="key">Room for <see cref="Size"/> bytes.</param>
    public static void Derive(ReadOnlySpan<byte> secret, string date, string region, Span<byte> key)
    {
        Span<byte> first = stackalloc byte[4 + AccessKeyFormat.SecretLength];
        first = first[..(4 + secret.Length)];
        try
        {
            "AWS4"u8.CopyTo(first);
            secret.CopyTo(first[4..]);
            HMACSHA256.HashData(first, Encoding.ASCII.GetBytes(date), key);
            HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(region), key);
            HMACSHA256.HashData(key, "kms"u8, key);
            HMACSHA256.HashData(key, "aws4_request"u8, key);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(first);
        }
    }

    /// <summary>Copies the remembered key; false when there is none.</summary>
    public bool TryRecall(CredentialId credential, string date, string region, Span<byte> key)
    {
        lock (_lock)
        {
            if (!_keys.TryGetValue((credential, date, region), out byte[]? remembered))
                return false;

            remembered.CopyTo(key);
            return true;
        }
    }

    /// <summary>Remembers a key whose signature was right.</summary>
    public void Remember(CredentialId credential, string date, string region, ReadOnlySpan<byte> key)
    {
        lock (_lock)
        {
            if (_keys.Count >= MostRemembered || _keys.Keys.Any(name => name.Date != date))
                ForgetLocked();

            if (!_keys.ContainsKey((credential, date, region)))
                _keys[(credential, date, region)] = key.ToArray();
        }
    }

    /// <summary>Zeroes every key.</summary>
    public void Forget()
    {
        lock (_lock)
            ForgetLocked();
    }

    public void Dispose() => Forget();

    private void ForgetLocked()
    {
        foreach (byte[] key in _keys.Values)
            CryptographicOperations.ZeroMemory(key);

        _keys.Clear();
    }
}
