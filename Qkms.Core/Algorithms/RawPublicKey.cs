using System.Formats.Asn1;

namespace Qkms.Core.Algorithms;

/// <summary>SubjectPublicKeyInfo of algorithms whose identifier has no parameters and whose public key is a string of bytes.</summary>
internal static class RawPublicKey
{
    /// <summary>DER (RFC 5280, section 4.1.2.7): the identifier alone, and the raw key as a bit string.</summary>
    public static byte[] ToSubjectPublicKeyInfo(string objectIdentifier, ReadOnlySpan<byte> publicKey)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
                writer.WriteObjectIdentifier(objectIdentifier);

            writer.WriteBitString(publicKey);
        }

        return writer.Encode();
    }
}
