using System.Formats.Asn1;

namespace Qkms.Core.Algorithms;

/// <summary>
/// PKCS #8 of algorithms whose identifier has no parameters and whose private key is a short string of bytes. Put together by hand: a
/// writer of ASN.1 would leave a copy of the key in memory that nobody zeroes.
/// </summary>
internal static class RawPrivateKey
{
    /// <summary>The tag of an octet string.</summary>
    public const byte OctetString = 0x04;

    /// <summary>The tag [0] of a seed (RFC 9935, section 6).</summary>
    public const byte Seed = 0x80;

    private const byte Sequence = 0x30;

    // Lengths up to it are one byte (X.690, section 8.1.3.4).
    private const int LongestShort = 127;

    // INTEGER 0: version 1 (RFC 5958, section 2).
    private static ReadOnlySpan<byte> Version => [0x02, 0x01, 0x00];

    /// <summary>OneAsymmetricKey without attributes and public key, DER (RFC 5958, section 2).</summary>
    /// <param name="objectIdentifier">The algorithm.</param>
    /// <param name="tag">What the key is inside the octet string.</param>
    /// <param name="privateKey">The key.</param>
    public static SecretBytes ToPkcs8(string objectIdentifier, byte tag, ReadOnlySpan<byte> privateKey)
    {
        byte[] algorithm = AlgorithmOf(objectIdentifier);
        int content = Version.Length + algorithm.Length + 4 + privateKey.Length;
        if (content > LongestShort)
            throw new ArgumentException("The key is too long for lengths of one byte.", nameof(privateKey));

        SecretBytes encoded = SecretBytes.Allocate(2 + content, out Span<byte> rest);
        ReadOnlySpan<byte> head = [Sequence, (byte)content];
        ReadOnlySpan<byte> shell = [OctetString, (byte)(privateKey.Length + 2), tag, (byte)privateKey.Length];
        rest = Put(rest, head);
        rest = Put(rest, Version);
        rest = Put(rest, algorithm);
        rest = Put(rest, shell);
        privateKey.CopyTo(rest);
        return encoded;
    }

    private static Span<byte> Put(Span<byte> destination, scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(destination);
        return destination[bytes.Length..];
    }

    private static byte[] AlgorithmOf(string objectIdentifier)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
            writer.WriteObjectIdentifier(objectIdentifier);

        return writer.Encode();
    }
}
