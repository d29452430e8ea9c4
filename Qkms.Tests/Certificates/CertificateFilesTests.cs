using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Qkms.Api.Certificates;

namespace Qkms.Tests.Certificates;

/// <summary>F-43: certificates as operators have them are taken, and what cannot be used is refused by the name of its file.</summary>
public sealed class CertificateFilesTests : IDisposable
{
    private const string Section = "Kestrel:Certificates:Default";

    private readonly TemporaryDirectory _directory = new();

    public CertificateFilesTests()
    {
        TestCertificates.Make().Write(_directory, "ec");
        TestCertificates.Make(isRsa: true).Write(_directory, "rsa");
        TestCertificates.Make().Write(_directory, "encrypted", "right");
        X509Certificate2 pkcs12 = TestCertificates.Make();
        File.WriteAllBytes(_directory.File("ec.pfx"), pkcs12.Export(X509ContentType.Pkcs12, "right"));
        byte[] der = X509CertificateLoader.LoadCertificateFromFile(_directory.File("ec.pem")).RawData;
        File.WriteAllBytes(_directory.File("der.pem"), der);
        File.WriteAllText(_directory.File("junk"), "-----BEGIN JUNK-----\nAAAA\n-----END JUNK-----\n");
        File.WriteAllText(_directory.File("empty"), "");
        File.WriteAllText(
            _directory.File("old.key"),
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n");

        // As 'openssl ecparam -name prime256v1 -genkey' begins, and as HAProxy wants its files.
        string key = File.ReadAllText(_directory.File("ec.key"));
        File.WriteAllText(
            _directory.File("curve.key"), $"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{key}");
        File.WriteAllText(_directory.File("both"), $"{File.ReadAllText(_directory.File("ec.pem"))}\n{key}");
    }

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("ec.pem", "ec.key", null)]
    [InlineData("rsa.pem", "rsa.key", null)]
    [InlineData("rsa.pem", "rsa.key", "not needed")]
    [InlineData("encrypted.pem", "encrypted.key", "right")]
    [InlineData("der.pem", "ec.key", null)]
    [InlineData("ec.pem", "curve.key", null)]
    [InlineData("both", "both", null)]
    [InlineData("ec.pfx", null, "right")]
    public void F43_certificate_with_its_key_is_taken(string path, string? keyPath, string? password)
    {
        SslStreamCertificateContext context = Files(path, keyPath, password).Load();

        context.TargetCertificate.HasPrivateKey.Should().BeTrue();
    }

    [Theory]
    [InlineData("none.pem", "ec.key", null, "none.pem does not exist.")]
    [InlineData("none/none.pem", "ec.key", null, "none.pem does not exist.")]
    [InlineData("ec.pem", "none.key", null, "none.key does not exist.")]
    [InlineData("ec.pem", null, null, "ec.pem has no private key: name its file in Kestrel:Certificates:Default:KeyPath.")]
    [InlineData("ec.pem", "rsa.key", null, "rsa.key does not belong to the certificate in *ec.pem, or is damaged.")]
    [InlineData("rsa.pem", "encrypted.key", "right", "encrypted.key does not belong to the certificate in *rsa.pem, or is damaged, or *")]
    [InlineData("encrypted.pem", "encrypted.key", null, "encrypted.key is encrypted: set Kestrel:Certificates:Default:Password.")]
    [InlineData("encrypted.pem", "encrypted.key", "wrong", "encrypted.key does not belong *:Password is not its password.")]
    [InlineData("rsa.pem", "old.key", null, "old.key is encrypted in an old form: convert it with 'openssl pkcs8 -topk8'.")]
    [InlineData("ec.pfx", null, null, "ec.pfx cannot be opened: it is damaged, or Kestrel:Certificates:Default:Password is missing.")]
    [InlineData("ec.pfx", null, "wrong", "ec.pfx cannot be opened: *Password is not its password.")]
    [InlineData("junk", "ec.key", null, "junk has no certificate in PEM or DER.")]
    [InlineData("empty", "ec.key", null, "empty has no certificate in PEM or DER.")]
    [InlineData("empty", null, null, "empty cannot be *")]
    [InlineData("ec.pem", "junk", null, "junk has no private key in PEM.")]
    [InlineData("ec.pem", "ec.pem", null, "ec.pem has no private key in PEM.")]
    [InlineData("", "ec.key", null, " cannot be read: *")]
    public void F43_what_cannot_be_used_is_refused_by_its_file(string path, string? keyPath, string? password, string message)
    {
        Action load = () => Files(path, keyPath, password).Load();

        load.Should().Throw<CertificateException>().WithMessage($"*{message}").Which.Message.Should().NotContain("BEGIN");
    }

    private CertificateFiles Files(string path, string? keyPath, string? password) =>
        new(Section, _directory.File(path), keyPath is null ? null : _directory.File(keyPath), password);
}
