using System.Security.Cryptography;
using Qkms.Core.Sealing;

namespace Qkms.Core.Journal;

/// <summary>
/// Events of the builds before the chain: they have no position and no HMAC, and their canonical bytes, formats 1 and 2, are stored beside
/// them. The first event of the tenant's stream says how many there were and what they hashed to.
/// </summary>
internal static class FormerEvents
{
    /// <summary>The bytes that such an event was hashed by. Format 1 had no <see cref="JournalEvent.ServerRequestId"/>.</summary>
    /// <param name="format">1 or 2.</param>
    /// <param name="happened">The event.</param>
    public static byte[] ToCanonicalBytes(byte format, JournalEvent happened)
    {
        CanonicalWriter writer = new CanonicalWriter(format)
            .Add(happened.Id).Add(happened.TenantId.Value).Add(happened.Time)
            .Add(happened.Action).Add(happened.ActorKind).Add(happened.ActorId)
            .Add(happened.KeyId?.Value).Add(happened.Kid?.Value).Add((long?)happened.KeyVersion)
            .Add(happened.From).Add(happened.To).Add(happened.Reason).Add(happened.RequestId);
        return (format == 1 ? writer : writer.Add(happened.ServerRequestId)).Written.ToArray();
    }

    /// <summary>What the first event of a stream says as its reason of the events before it.</summary>
    /// <param name="count">How many there were.</param>
    /// <param name="hash">SHA-256 over their leaf hashes, by rising id.</param>
    public static string Describe(long count, ReadOnlySpan<byte> hash) => $"{count} events; {Convert.ToHexStringLower(hash)}";

    /// <summary>SHA-256 over leaf hashes that are added one by one.</summary>
    public static IncrementalHash BeginHash() => IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
}
