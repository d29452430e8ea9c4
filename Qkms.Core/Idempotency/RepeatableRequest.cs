using System.Security.Cryptography;
using Qkms.Core.Sealing;

namespace Qkms.Core.Idempotency;

/// <summary>A request that its sender may send again: however often it arrives, it is done once.</summary>
/// <param name="Key">By what its sender knows it; unique in the tenant.</param>
/// <param name="Fingerprint">By what it is known to be the same request: <see cref="FingerprintOf"/>.</param>
internal sealed record RepeatableRequest(string Key, byte[] Fingerprint)
{
    /// <summary>The longest key, in characters.</summary>
    public const int MaxKeyLength = 255;

    /// <summary>How long a result is kept.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    private const byte Format = 1;

    /// <summary>SHA-256 over all that makes a request the one it is.</summary>
    /// <param name="apiKey">Who sends it: another API key of the tenant may be allowed less, and is not shown this one's results.</param>
    /// <param name="operation">What is to be done, and to what.</param>
    /// <param name="content">What else was said, in a form that is the same whenever the same was said.</param>
    public static byte[] FingerprintOf(CredentialId apiKey, string operation, ReadOnlySpan<byte> content) =>
        SHA256.HashData(new CanonicalWriter(Format).Add(apiKey.Value).Add(operation).Add(content).Written);
}
