using System.Formats.Asn1;
using System.Security.Cryptography;
using Qkms.Core.Algorithms;
using Qkms.Core.Errors;

namespace Qkms.Core.Keys;

/// <summary>The published encodings of public keys. A symmetric key has none and is refused with <see cref="KmsErrors.WrongOperation"/>.</summary>
public static class PublicKeyEncoding
{
    /// <summary>
    /// SubjectPublicKeyInfo, DER (RFC 5280, 4.1.2.7): the algorithm's identifier without parameters and the raw key for ML-KEM
    /// (RFC 9935, section 4) and ML-DSA (RFC 9881, section 4); RSA keys are kept in this form.
    /// </summary>
    public static byte[] ToSubjectPublicKeyInfo(KeyVersion version)
    {
        byte[] publicKey = Raw(version);
        if (version.Algorithm.Family == KeyAlgorithmFamily.Rsa)
            return publicKey;

        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
                writer.WriteObjectIdentifier(ObjectIdentifier(version.Algorithm));

            writer.WriteBitString(publicKey);
        }

        return writer.Encode();
    }

    /// <summary>The public key as the row has it: the FIPS encoding, or SubjectPublicKeyInfo for RSA.</summary>
    public static byte[] Raw(KeyVersion version)
    {
        ArgumentNullException.ThrowIfNull(version);
        return version.Algorithm.IsSymmetric ? throw KmsErrors.WrongOperation.With($"{version.Algorithm} keys have no public key.") : version.PublicKey;
    }

    /// <summary>The same in PEM (RFC 7468, section 13), with a line end behind it.</summary>
    public static string ToPem(KeyVersion version) =>
        PemEncoding.WriteString("PUBLIC KEY", ToSubjectPublicKeyInfo(version)) + "\n";

    /// <summary>Modulus and exponent of an RSA key, big-endian without leading zeros, as a JWK wants them (RFC 7518, 6.3.1).</summary>
    public static (byte[] Modulus, byte[] Exponent) RsaNumbers(KeyVersion version)
    {
        ArgumentNullException.ThrowIfNull(version);
        using RSA rsa = RSA.Create();
        rsa.ImportSubjectPublicKeyInfo(version.PublicKey, out _);
        RSAParameters parameters = rsa.ExportParameters(includePrivateParameters: false);
        return (parameters.Modulus!, parameters.Exponent!);
    }

    // NIST's Computer Security Objects Register: kems 2.16.840.1.101.3.4.4, sigAlgs 2.16.840.1.101.3.4.3.
    private static string ObjectIdentifier(KeyAlgorithm algorithm) => algorithm.Name switch
    {
        "ML-KEM-512" => "2.16.840.1.101.3.4.4.1",
        "ML-KEM-768" => "2.16.840.1.101.3.4.4.2",
        "ML-KEM-1024" => "2.16.840.1.101.3.4.4.3",
        "ML-DSA-44" => "2.16.840.1.101.3.4.3.17",
        "ML-DSA-65" => "2.16.840.1.101.3.4.3.18",
        "ML-DSA-87" => "2.16.840.1.101.3.4.3.19",
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };
}
