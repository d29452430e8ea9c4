using System.Net.Security;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Qkms.Api.Certificates;

/// <summary>Where the configuration says that a TLS certificate and its private key are: PEM in two files, or PKCS #12 in one.</summary>
/// <param name="section">The section of the configuration, for messages.</param>
/// <param name="path">The certificate, with the certificates above it if the file has them; or both in PKCS #12.</param>
/// <param name="keyPath">The private key in PEM; null when <paramref name="path"/> has it.</param>
/// <param name="password">What the private key is encrypted with, or null.</param>
internal sealed class CertificateFiles(string section, string path, string? keyPath, string? password)
{
    private const string EncryptedKey = "ENCRYPTED PRIVATE KEY";

    // PEM as OpenSSL encrypted it before PKCS #8 (RFC 1421, 4.6.1.1).
    private const string EncryptedByHeader = "Proc-Type: 4,ENCRYPTED";

    /// <summary>The certificate's file.</summary>
    public string Path => path;

    /// <summary>The default certificate, those of endpoints, and those by server name: what Kestrel reads, where it is a file.</summary>
    public static IReadOnlyList<CertificateFiles> In(IConfiguration configuration, string contentRoot)
    {
        IConfigurationSection kestrel = configuration.GetSection("Kestrel");
        IConfigurationSection[] sections =
        [
            kestrel.GetSection("Certificates:Default"),
            .. kestrel.GetSection("Endpoints").GetChildren().SelectMany(IEnumerable<IConfigurationSection> (endpoint) =>
            [
                endpoint.GetSection("Certificate"),
                .. endpoint.GetSection("Sni").GetChildren().Select(name => name.GetSection("Certificate")),
            ]),
        ];
        return [.. sections.Where(section => !string.IsNullOrEmpty(section["Path"])).Select(From)];

        CertificateFiles From(IConfigurationSection section) => new(
            section.Path,
            System.IO.Path.Combine(contentRoot, section["Path"]!),
            section["KeyPath"] is { } keyPath ? System.IO.Path.Combine(contentRoot, keyPath) : null,
            section["Password"]);
    }

    /// <summary>Reads certificate and private key.</summary>
    /// <exception cref="CertificateException">They cannot be used; the message names the file.</exception>
    public SslStreamCertificateContext Load()
    {
        try
        {
            X509Certificate2Collection all = keyPath is null ? LoadPkcs12() : [];
            X509Certificate2 certificate = keyPath is null ? WithPrivateKey(all) : LoadPem(keyPath, all);
            if (all.Contains(certificate))
                all.Remove(certificate);

            // Offline: a certificate that is missing in the file is not looked for on the network while a client waits.
            return SslStreamCertificateContext.Create(certificate, all, offline: true);
        }
        catch (Exception e) when (e is not CertificateException)
        {
            throw new CertificateException($"The certificate in {path} cannot be used: {e.Message}");
        }
    }

    /// <summary>Changes when a file is written or another one takes its place, be it behind links.</summary>
    /// <exception cref="CertificateException">A file is not there or cannot be opened.</exception>
    public (DateTime CertificateTime, long CertificateLength, DateTime KeyTime, long KeyLength) Stamp()
    {
        (DateTime certificateTime, long certificateLength) = StampOf(path);
        (DateTime keyTime, long keyLength) = StampOf(keyPath ?? path);
        return (certificateTime, certificateLength, keyTime, keyLength);

        static (DateTime Time, long Length) StampOf(string file)
        {
            using SafeFileHandle handle = Open(file, () => File.OpenHandle(file));
            return (File.GetLastWriteTimeUtc(handle), RandomAccess.GetLength(handle));
        }
    }

    private X509Certificate2Collection LoadPkcs12()
    {
        byte[] content = Open(path, () => File.ReadAllBytes(path));
        if (X509Certificate2.GetCertContentType(content) == X509ContentType.Cert)
            throw new CertificateException($"The certificate in {path} has no private key: name its file in {section}:KeyPath.");

        try
        {
            return X509CertificateLoader.LoadPkcs12Collection(content, password);
        }
        catch (CryptographicException)
        {
            throw new CertificateException(
                $"{path} cannot be opened: it is damaged, or {section}:Password is {(password is null ? "missing" : "not its password")}.");
        }
    }

    private X509Certificate2 WithPrivateKey(X509Certificate2Collection all) =>
        all.FirstOrDefault(certificate => certificate.HasPrivateKey)
            ?? throw new CertificateException($"{path} has no private key.");

    private X509Certificate2 LoadPem(string keyFile, X509Certificate2Collection all)
    {
        byte[] content = Open(path, () => File.ReadAllBytes(path));
        X509Certificate2 certificate;
        try
        {
            // PEM or DER; of several in PEM the first is the server's.
            certificate = X509CertificateLoader.LoadCertificate(content);
            all.ImportFromPem(Encoding.Latin1.GetString(content));
        }
        catch (CryptographicException)
        {
            throw new CertificateException($"{path} has no certificate in PEM or DER.");
        }

        char[] key = ReadSecretText(keyFile);
        try
        {
            return Join(certificate, keyFile, key);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(key.AsSpan()));
        }
    }

    private X509Certificate2 Join(X509Certificate2 certificate, string keyFile, ReadOnlySpan<char> text)
    {
        if (!TryFindPrivateKey(text, out ReadOnlySpan<char> key, out bool isEncrypted))
        {
            throw text.Contains(EncryptedByHeader, StringComparison.Ordinal)
                ? new CertificateException(
                    $"The private key in {keyFile} is encrypted in an old form: convert it with 'openssl pkcs8 -topk8'.")
                : new CertificateException($"{keyFile} has no private key in PEM.");
        }

        if (isEncrypted && password is null)
            throw new CertificateException($"The private key in {keyFile} is encrypted: set {section}:Password.");

        ReadOnlySpan<char> certificatePem = certificate.ExportCertificatePem();
        try
        {
            return isEncrypted
                ? X509Certificate2.CreateFromEncryptedPem(certificatePem, key, password)
                : X509Certificate2.CreateFromPem(certificatePem, key);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new CertificateException(
                $"The private key in {keyFile} does not belong to the certificate in {path}, or is damaged"
                + (isEncrypted ? $", or {section}:Password is not its password." : "."));
        }
    }

    // It need not stand first: 'openssl ecparam -genkey' writes the curve before it, and some files hold the certificates too.
    private static bool TryFindPrivateKey(ReadOnlySpan<char> text, out ReadOnlySpan<char> key, out bool isEncrypted)
    {
        while (PemEncoding.TryFind(text, out PemFields found))
        {
            key = text[found.Location];
            ReadOnlySpan<char> label = text[found.Label];
            isEncrypted = label.SequenceEqual(EncryptedKey);
            if (label.EndsWith("PRIVATE KEY", StringComparison.Ordinal))
                return true;

            text = text[found.Location.End..];
        }

        key = default;
        isEncrypted = false;
        return false;
    }

    private static char[] ReadSecretText(string file)
    {
        byte[] bytes = Open(file, () => File.ReadAllBytes(file));
        try
        {
            return Encoding.Latin1.GetChars(bytes);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private static T Open<T>(string file, Func<T> open)
    {
        try
        {
            return open();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CertificateException($"{file} does not exist.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CertificateException($"{file} cannot be read: {e.Message}");
        }
    }
}

/// <summary>A certificate or its private key cannot be used: which file, and why. Never their content.</summary>
internal sealed class CertificateException(string message) : Exception(message);
