using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Qkms.Core.Cryptography;

/// <summary>
/// The containers of ML-KEM and ML-DSA keys: SubjectPublicKeyInfo and PKCS #8 with an algorithm identifier without parameters, and inside
/// PKCS #8 the choice of seed, expanded key, or both (RFC 9935; RFC 9881).
/// </summary>
internal static class KeyFormats
{
    private static readonly Asn1Tag _seedTag = new(TagClass.ContextSpecific, 0);

    /// <summary>The three forms of the choice; an absent one is empty. Views of the input.</summary>
    internal readonly ref struct PrivateKey
    {
        internal required string Oid { get; init; }
        internal ReadOnlySpan<byte> Seed { get; init; }
        internal ReadOnlySpan<byte> Expanded { get; init; }
    }

    internal readonly ref struct PublicKey
    {
        internal required string Oid { get; init; }
        internal required ReadOnlySpan<byte> Key { get; init; }
    }

    /// <summary>Writes PKCS #8 with the seed only, the form that .NET and OpenSSL write: [0] IMPLICIT OCTET STRING.</summary>
    internal static bool TryWriteSeed(string oid, ReadOnlySpan<byte> seed, Span<byte> destination, out int bytesWritten) =>
        TryWrite(oid, seed, _seedTag, destination, out bytesWritten);

    /// <summary>Writes PKCS #8 with the expanded key only, for keys whose seed is not known.</summary>
    internal static bool TryWriteExpanded(string oid, ReadOnlySpan<byte> key, Span<byte> destination, out int bytesWritten) =>
        TryWrite(oid, key, Asn1Tag.PrimitiveOctetString, destination, out bytesWritten);

    /// <exception cref="CryptographicException">The bytes are not one DER PrivateKeyInfo of the expected shape.</exception>
    internal static PrivateKey ReadPrivateKey(ReadOnlySpan<byte> pkcs8)
    {
        try
        {
            // PrivateKeyInfo, or OneAsymmetricKey with attributes and a public key, which are read over (RFC 5958, section 2).
            ReadOnlySpan<byte> info = ReadSequence(ref pkcs8);
            RequireEnd(pkcs8);
            if (!AsnDecoder.TryReadInt32(info, AsnEncodingRules.DER, out int version, out int consumed) || version is not (0 or 1))
                throw new CryptographicException("The PKCS #8 version is not known.");
            info = info[consumed..];
            string oid = ReadAlgorithm(ref info);
            ReadOnlySpan<byte> choice = ReadOctets(ref info, Asn1Tag.PrimitiveOctetString);

            Asn1Tag tag = Asn1Tag.Decode(choice, out _);
            ReadOnlySpan<byte> seed = default;
            ReadOnlySpan<byte> expanded = default;
            if (tag.HasSameClassAndValue(_seedTag))
            {
                seed = ReadOctets(ref choice, _seedTag);
            }
            else if (tag.HasSameClassAndValue(Asn1Tag.PrimitiveOctetString))
            {
                expanded = ReadOctets(ref choice, Asn1Tag.PrimitiveOctetString);
            }
            else
            {
                ReadOnlySpan<byte> both = ReadSequence(ref choice);
                seed = ReadOctets(ref both, Asn1Tag.PrimitiveOctetString);
                expanded = ReadOctets(ref both, Asn1Tag.PrimitiveOctetString);
                RequireEnd(both);
            }

            RequireEnd(choice);
            return new PrivateKey { Oid = oid, Seed = seed, Expanded = expanded };
        }
        catch (AsnContentException exception)
        {
            throw new CryptographicException("The PKCS #8 structure is not valid DER.", exception);
        }
    }

    /// <exception cref="CryptographicException">The bytes are not one DER SubjectPublicKeyInfo of the expected shape.</exception>
    internal static PublicKey ReadPublicKey(ReadOnlySpan<byte> spki)
    {
        try
        {
            ReadOnlySpan<byte> info = ReadSequence(ref spki);
            RequireEnd(spki);
            string oid = ReadAlgorithm(ref info);
            if (!AsnDecoder.TryReadPrimitiveBitString(info, AsnEncodingRules.DER, out int unusedBits, out ReadOnlySpan<byte> key, out int consumed) || unusedBits != 0)
                throw new CryptographicException("The public key is not a string of whole bytes.");
            RequireEnd(info[consumed..]);
            return new PublicKey { Oid = oid, Key = key };
        }
        catch (AsnContentException exception)
        {
            throw new CryptographicException("The SubjectPublicKeyInfo structure is not valid DER.", exception);
        }
    }

    private static bool TryWrite(string oid, ReadOnlySpan<byte> key, Asn1Tag tag, Span<byte> destination, out int bytesWritten)
    {
        // Room for everything from the start: a buffer that grew would leave a copy of the key behind. Reset zeroes what was written.
        const int Headers = 64;
        var inner = new AsnWriter(AsnEncodingRules.DER, key.Length + Headers);
        var outer = new AsnWriter(AsnEncodingRules.DER, key.Length + (2 * Headers));
        try
        {
            inner.WriteOctetString(key, tag);
            using (outer.PushSequence())
            {
                outer.WriteInteger(0);
                using (outer.PushSequence())
                    outer.WriteObjectIdentifier(oid);
                using (outer.PushOctetString())
                    inner.CopyTo(outer);
            }

            return outer.TryEncode(destination, out bytesWritten);
        }
        finally
        {
            inner.Reset();
            outer.Reset();
        }
    }

    private static ReadOnlySpan<byte> ReadSequence(scoped ref ReadOnlySpan<byte> source)
    {
        AsnDecoder.ReadSequence(source, AsnEncodingRules.DER, out int offset, out int length, out int consumed);
        ReadOnlySpan<byte> content = source.Slice(offset, length);
        source = source[consumed..];
        return content;
    }

    private static string ReadAlgorithm(scoped ref ReadOnlySpan<byte> source)
    {
        ReadOnlySpan<byte> identifier = ReadSequence(ref source);
        string oid = AsnDecoder.ReadObjectIdentifier(identifier, AsnEncodingRules.DER, out int consumed);
        if (consumed != identifier.Length)
            throw new CryptographicException("The algorithm identifier has parameters, which these algorithms do not allow.");
        return oid;
    }

    private static ReadOnlySpan<byte> ReadOctets(scoped ref ReadOnlySpan<byte> source, Asn1Tag tag)
    {
        if (!AsnDecoder.TryReadPrimitiveOctetString(source, AsnEncodingRules.DER, out ReadOnlySpan<byte> content, out int consumed, tag))
            throw new CryptographicException("A byte string is not in the primitive form that DER asks for.");
        source = source[consumed..];
        return content;
    }

    private static void RequireEnd(ReadOnlySpan<byte> rest)
    {
        if (!rest.IsEmpty)
            throw new CryptographicException("There are bytes after the end of a structure.");
    }
}
