using System.Security.Cryptography.X509Certificates;

namespace Qkms.Tests.Cryptography;

/// <summary>What the platform reads out of a container, whatever algorithm it holds.</summary>
internal static class Containers
{
    internal static string Oid(byte[] subjectPublicKeyInfo) =>
        PublicKey.CreateFromSubjectPublicKeyInfo(subjectPublicKeyInfo, out _).Oid.Value!;

    internal static byte[] Decode(string pem, string label)
    {
        PemFields fields = PemEncoding.Find(pem);
        pem[fields.Label].Should().Be(label);
        return Convert.FromBase64String(pem[fields.Base64Data]);
    }
}
