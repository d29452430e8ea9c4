using System.Security.Cryptography;
using Qkms.Core.Algorithms;

namespace Qkms.Core.Keys;

/// <summary>
/// The published encodings of public keys. A symmetric key has none and is refused with <see cref="KmsErrors.WrongOperation"/>.
/// </summary>
internal static class PublicKeyEncoding
{
    /// <summary>SubjectPublicKeyInfo, DER (RFC 5280, section 4.1.2.7).</summary>
    public static byte[] ToSubjectPublicKeyInfo(KeyVersion version)
    {
        RequirePublicKey(version);
        return version.Algorithm.Family.ToSubjectPublicKeyInfo(version.Algorithm, version.PublicKey);
    }

    /// <summary>The same in PEM (RFC 7468, section 13), with a line end behind it.</summary>
    public static string ToPem(KeyVersion version) => PemEncoding.WriteString("PUBLIC KEY", ToSubjectPublicKeyInfo(version)) + "\n";

    /// <summary>The members of a JWK (RFC 7517) that depend on the algorithm.</summary>
    public static JwkPublicKey ToJwk(KeyVersion version)
    {
        RequirePublicKey(version);
        return version.Algorithm.Family.ToJwk(version.Algorithm, version.PublicKey, version.OaepHash);
    }

    private static void RequirePublicKey(KeyVersion version)
    {
        if (version.Algorithm.Family.IsSymmetric)
            throw KmsErrors.WrongOperation.With($"{version.Algorithm} keys have no public key.");
    }
}
