using System.Security.Cryptography.X509Certificates;

namespace Qkms.Tests.Certificates;

/// <summary>Certificates of 127.0.0.1 in files, as operators have them.</summary>
internal static class TestCertificates
{
    public static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    /// <summary>A self-signed certificate that is valid for as many days.</summary>
    public static X509Certificate2 Make(double days = 90, bool isRsa = false, X509Certificate2? issuer = null, bool isAuthority = false)
    {
        using RSA rsa = RSA.Create(2048);
        using ECDsa ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string name = $"CN=qkms-{RandomNumberGenerator.GetHexString(16)}";
        CertificateRequest request = isRsa
            ? new CertificateRequest(name, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(name, ecdsa, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, critical: true));
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset from = Now.AddDays(Math.Min(days, 0) - 1);
        if (issuer is null)
            return request.CreateSelfSigned(from, Now.AddDays(days));

        using X509Certificate2 signed = request.Create(
            issuer.SubjectName, X509SignatureGenerator.CreateForECDsa(issuer.GetECDsaPrivateKey()!), from, Now.AddDays(days), [1, 2, 3, 4]);
        return isRsa ? signed.CopyWithPrivateKey(rsa) : signed.CopyWithPrivateKey(ecdsa);
    }

    /// <summary>Its private key in PKCS #8, encrypted when there is a password.</summary>
    public static string KeyPem(this X509Certificate2 certificate, string? password = null)
    {
        AsymmetricAlgorithm key = (AsymmetricAlgorithm?)certificate.GetRSAPrivateKey() ?? certificate.GetECDsaPrivateKey()!;
        return password is null
            ? key.ExportPkcs8PrivateKeyPem()
            : key.ExportEncryptedPkcs8PrivateKeyPem(
                password, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000));
    }

    /// <summary>Writes certificate and key as the files <c>NAME.pem</c> and <c>NAME.key</c> of a directory.</summary>
    public static void Write(this X509Certificate2 certificate, TemporaryDirectory directory, string name, string? password = null)
    {
        File.WriteAllText(directory.File($"{name}.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(directory.File($"{name}.key"), certificate.KeyPem(password));
    }
}
