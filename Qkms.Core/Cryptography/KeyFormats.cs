using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Qkms.Core.Cryptography;

/// <summary>
/// The containers of ML-KEM and ML-DSA keys: SubjectPublicKeyInfo and PKCS #8 with an algorithm identifier without parameters, and inside
/// PKCS #8 the choice of seed, expanded key, or both (RFC 9935; RFC 9881). The service itself writes seeds and reads none of it back.
/// </summary>
internal static class KeyFormats
{
    private static readonly Asn1Tag _seedTag = new(TagClass.ContextSpecific, 0);
    private static readonly Asn1Tag _attributesTag = new(TagClass.ContextSpecific, 0);
    private static readonly Asn1Tag _publicKeyTag = new(TagClass.ContextSpecific, 1);

    /// <summary>The three forms of the choice, and the public key beside it; an absent one is empty. Views of the input.</summary>
    internal readonly ref struct PrivateKey
    {
        internal required string Oid { get; init; }
        internal ReadOnlySpan<byte> Seed { get; init; }
        internal ReadOnlySpan<byte> Expanded { get; init; }
        internal ReadOnlySpan<byte> PublicKey { get; init; }

        /// <summary>Whether the structure names this public key, or none.</summary>
        internal bool BelongsTo(ReadOnlySpan<byte> publicKey) => PublicKey.IsEmpty || PublicKey.SequenceEqual(publicKey);
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

    /// <summary>
    /// Reads a OneAsymmetricKey in DER (RFC 5958, section 2): version, algorithm, private key, attributes, public key, and nothing after
    /// them. The version is 1 where there is a public key, else 0. Attributes are well formed or refused, and not kept.
    /// </summary>
    /// <exception cref="CryptographicException">The bytes are not one DER OneAsymmetricKey of the expected shape.</exception>
    internal static PrivateKey ReadPrivateKey(ReadOnlySpan<byte> pkcs8)
    {
        try
        {
            ReadOnlySpan<byte> info = ReadSequence(ref pkcs8);
            RequireEnd(pkcs8);
            if (!AsnDecoder.TryReadInt32(info, AsnEncodingRules.DER, out int version, out int consumed))
                throw new CryptographicException("The PKCS #8 version is not known.");
            info = info[consumed..];
            string oid = ReadAlgorithm(ref info);
            ReadOnlySpan<byte> choice = ReadOctets(ref info, Asn1Tag.PrimitiveOctetString);
            if (StartsWith(info, _attributesTag))
                SkipAttributes(ref info);
            ReadOnlySpan<byte> publicKey = StartsWith(info, _publicKeyTag) ? ReadBits(ref info, _publicKeyTag) : default;
            RequireEnd(info);
            if (version != (publicKey.IsEmpty ? 0 : 1))
                throw new CryptographicException("The PKCS #8 version is not that of the structure.");

            ReadOnlySpan<byte> seed = default;
            ReadOnlySpan<byte> expanded = default;
            if (StartsWith(choice, _seedTag))
            {
                seed = ReadOctets(ref choice, _seedTag);
            }
            else if (StartsWith(choice, Asn1Tag.PrimitiveOctetString))
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
            return new PrivateKey { Oid = oid, Seed = seed, Expanded = expanded, PublicKey = publicKey };
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
            ReadOnlySpan<byte> key = ReadBits(ref info, Asn1Tag.PrimitiveBitString);
            RequireEnd(info);
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

    /// <summary>
    /// Attributes ::= SET OF SEQUENCE { type OBJECT IDENTIFIER, values SET SIZE (1..MAX) OF ANY }; values may be anything.
    /// </summary>
    private static void SkipAttributes(scoped ref ReadOnlySpan<byte> source)
    {
        ReadOnlySpan<byte> attributes = ReadSet(ref source, _attributesTag);
        while (!attributes.IsEmpty)
        {
            ReadOnlySpan<byte> attribute = ReadSequence(ref attributes);
            AsnDecoder.ReadObjectIdentifier(attribute, AsnEncodingRules.DER, out int consumed);
            attribute = attribute[consumed..];
            if (ReadSet(ref attribute, Asn1Tag.SetOf).IsEmpty)
                throw new CryptographicException("An attribute has no value.");
            RequireEnd(attribute);
        }
    }

    private static ReadOnlySpan<byte> ReadSet(scoped ref ReadOnlySpan<byte> source, Asn1Tag tag)
    {
        AsnDecoder.ReadSetOf(source, AsnEncodingRules.DER, out int offset, out int length, out int consumed, expectedTag: tag);
        ReadOnlySpan<byte> content = source.Slice(offset, length);
        source = source[consumed..];
        return content;
    }

    /// <summary>Reads a key or part of one, which is never empty.</summary>
    private static ReadOnlySpan<byte> ReadOctets(scoped ref ReadOnlySpan<byte> source, Asn1Tag tag)
    {
        if (!AsnDecoder.TryReadPrimitiveOctetString(source, AsnEncodingRules.DER, out ReadOnlySpan<byte> content, out int consumed, tag)
            || content.IsEmpty)
        {
            throw new CryptographicException("A key is not a string of bytes in the primitive form that DER asks for.");
        }

        source = source[consumed..];
        return content;
    }

    /// <inheritdoc cref="ReadOctets"/>
    private static ReadOnlySpan<byte> ReadBits(scoped ref ReadOnlySpan<byte> source, Asn1Tag tag)
    {
        const AsnEncodingRules Rules = AsnEncodingRules.DER;
        if (!AsnDecoder.TryReadPrimitiveBitString(source, Rules, out int unusedBits, out ReadOnlySpan<byte> content, out int consumed, tag)
            || unusedBits != 0 || content.IsEmpty)
        {
            throw new CryptographicException("The public key is not a string of whole bytes.");
        }

        source = source[consumed..];
        return content;
    }

    private static bool StartsWith(ReadOnlySpan<byte> source, Asn1Tag tag) =>
        !source.IsEmpty && Asn1Tag.Decode(source, out _).HasSameClassAndValue(tag);

    private static void RequireEnd(ReadOnlySpan<byte> rest)
    {
        if (!rest.IsEmpty)
            throw new CryptographicException("There are bytes after the end of a structure.");
    }
}
