using System.Formats.Asn1;

namespace Qkms.Tests.Cryptography;

/// <summary>μ as a caller computes it who has the public key only, with the platform's SHAKE256 (FIPS 204, Algorithm 7, line 6).</summary>
internal static class ExternalMu
{
    internal static byte[] Of(byte[] publicKey, byte[] message, byte[] context) =>
        OfFormatted(publicKey, [0, (byte)context.Length, .. context, .. message]);

    /// <summary>μ of a hash (FIPS 204, Algorithm 4, line 23).</summary>
    internal static byte[] OfHash(byte[] publicKey, byte[] hash, string oid, byte[]? context = null)
    {
        context ??= [];
        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteObjectIdentifier(oid);
        return OfFormatted(publicKey, [1, (byte)context.Length, .. context, .. writer.Encode(), .. hash]);
    }

    /// <summary>μ of a message that is formatted already.</summary>
    internal static byte[] OfFormatted(byte[] publicKey, byte[] formatted) =>
        Shake256.HashData([.. Shake256.HashData(publicKey, 64), .. formatted], 64);
}
