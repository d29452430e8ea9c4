using System.Security.Cryptography;
using Qkms.Core.Cryptography;
using Qkms.Core.Cryptography.BouncyCastle;

namespace Qkms.Core.Algorithms;

/// <summary>
/// RSA (RFC 8017): RSAES-OAEP for encryption, with the hash that the key was made with and an empty label; RSASSA-PSS for signatures, with
/// MGF1 of the same hash and a salt as long as the hash, or RSASSA-PKCS1-v1_5 where the request says so. Keys are stored as PKCS #8, and
/// their public keys as SubjectPublicKeyInfo.
/// </summary>
internal sealed class RsaFamily : KeyFamily
{
    // The names of IANA's JOSE registry, by the hash of OAEP. PSS keys sign with any of three hashes, so none is named for them.
    private static readonly Dictionary<string, string> _jwkAlgorithms = new()
    {
        ["SHA-1"] = "RSA-OAEP",
        ["SHA-256"] = "RSA-OAEP-256",
        ["SHA-384"] = "RSA-OAEP-384",
        ["SHA-512"] = "RSA-OAEP-512",
    };

    public RsaFamily() => Algorithms = [Row(2048), Row(3072), Row(4096)];

    public override IReadOnlyList<KeyAlgorithm> Algorithms { get; }

    public override IReadOnlyList<KeyOperation> Operations { get; } =
        [KeyOperation.Encrypt, KeyOperation.Decrypt, KeyOperation.Sign, KeyOperation.Verify];

    public override bool SignsHashes => true;

    public override bool IsQuantumSafe => false;

    public override string JwkKeyType => "RSA";

    public override IEnumerable<string> JwkAlgorithms => _jwkAlgorithms.Values;

    internal override MaterialFormat Format => MaterialFormat.Pkcs8;

    public override SignaturePadding? DefaultSignaturePadding => SignaturePadding.Pss;

    public override bool TakesOaepHash(KeyUse use) => use == KeyUse.Encryption;

    internal override bool WaitsForTurn(KeyOperation operation) => operation is KeyOperation.Decrypt or KeyOperation.Sign;

    // 0.4, 2.0 and 5.2 ms with the private key, by openssl speed.
    internal override int CostOf(KeyAlgorithm algorithm, KeyOperation operation) => !WaitsForTurn(operation) ? 2
        : algorithm.ModulusBits switch
        {
            <= 2048 => 10,
            <= 3072 => 40,
            _ => 100,
        };

    internal override int GenerationCostOf(KeyAlgorithm algorithm) => algorithm.ModulusBits switch
    {
        <= 2048 => 100,
        <= 3072 => 200,
        _ => 400,
    };

    internal override NewKeyMaterial Generate(KeyAlgorithm algorithm, KeyUse use, KeyMakers makers)
    {
        using RSA generated = makers.NewRsa(algorithm.ModulusBits!.Value);
        byte[] publicKey = generated.ExportSubjectPublicKeyInfo();
        return NewKeyMaterial.Confirmed(ExportPkcs8(generated), Format, privateKey =>
        {
            using RSA stored = Import(privateKey.Span);
            if (!stored.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(publicKey))
                throw new EngineFaultException($"{algorithm} by the platform, which loads another key than it stored");

            RsaOpinion.Confirm(stored, encrypts: use == KeyUse.Encryption);
            return publicKey;
        });
    }

    internal override LoadedKey Load(StoredKey key, SecretBytes secret, PqcEngine engine)
    {
        using (secret)
            return new RsaKey(key.Algorithm, Import(secret.Span), key.OaepHash);
    }

    internal override byte[] ToSubjectPublicKeyInfo(KeyAlgorithm algorithm, byte[] publicKey) => publicKey;

    internal override JwkPublicKey ToJwk(KeyAlgorithm algorithm, byte[] publicKey, string? oaepHash)
    {
        using RSA rsa = RSA.Create();
        rsa.ImportSubjectPublicKeyInfo(publicKey, out _);
        RSAParameters parameters = rsa.ExportParameters(includePrivateParameters: false);
        return new JwkPublicKey
        {
            Algorithm = oaepHash is null ? null : _jwkAlgorithms[oaepHash],
            Modulus = parameters.Modulus,
            Exponent = parameters.Exponent
        };
    }

    private KeyAlgorithm Row(int bits) => new($"RSA-{bits}", this)
    {
        Uses = [KeyUse.Encryption, KeyUse.Signature],
        ModulusBits = bits,
        CiphertextSize = bits >> 3,
        SignatureSize = bits >> 3,
        SignatureHash = SignatureHash.Sha256,
        Standing = AlgorithmStanding.Legacy,
    };

    private static RSA Import(ReadOnlySpan<byte> pkcs8) => PlatformPkcs8.Import(RSA.Create(), pkcs8);

    // n and d of full length, p, q, dp, dq and qInv of half the length (RFC 8017, A.1.2), and less than 128 bytes
    // of structure around them.
    private static SecretBytes ExportPkcs8(RSA key) => PlatformPkcs8.Export(key, 128 + (5 * (key.KeySize >> 3)));
}

/// <summary>An RSA key in memory.</summary>
/// <param name="algorithm">Its algorithm.</param>
/// <param name="key">The platform's key.</param>
/// <param name="oaepHash">The hash of OAEP, if it is for encryption.</param>
internal sealed class RsaKey(KeyAlgorithm algorithm, RSA key, string? oaepHash) : LoadedKey, IEncrypt, ISign, ISignHash
{
    public override ReadOnlySpan<byte> PublicKey => key.ExportSubjectPublicKeyInfo();

    private int ModulusSize => algorithm.ModulusBits!.Value >> 3;

    public byte[] Encrypt(EncryptionContext context, ReadOnlySpan<byte> plaintext)
    {
        RefuseContext(context);
        (RSAEncryptionPadding padding, int hashLength) = OaepHash.Find(oaepHash);

        // k − 2hLen − 2 (RFC 8017, section 7.1.1).
        int longest = ModulusSize - (2 * hashLength) - 2;
        return plaintext.Length <= longest
            ? key.Encrypt(plaintext, padding)
            : throw KmsErrors.Invalid.With(
                $"'plaintext' is too long for {algorithm} with OAEP and {oaepHash}.",
                new FieldError("plaintext", $"must be at most {longest} bytes for this key; encrypt a data key instead"));
    }

    public SecretBytes? TryDecrypt(EncryptionContext context, ReadOnlySpan<byte> ciphertext)
    {
        RefuseContext(context);
        RSAEncryptionPadding padding = OaepHash.Find(oaepHash).Padding;

        // OpenSSL decrypts into a buffer of the modulus' length; what it holds is copied out and the rest zeroed.
        using SecretBytes buffer = SecretBytes.Allocate(ModulusSize, out Span<byte> destination);
        try
        {
            return key.TryDecrypt(ciphertext, destination, padding, out int length) ? SecretBytes.CopyOf(destination[..length]) : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    // Each of the accepted hashes is strong enough for each modulus.
    public string? Weakness(SignatureParameters parameters)
    {
        RefuseContext(parameters.Context);
        return null;
    }

    public byte[] Sign(ReadOnlySpan<byte> message, SignatureParameters parameters) =>
        key.SignData(message, HashOf(parameters), PaddingOf(parameters.Padding));

    public bool Verify(ReadOnlySpan<byte> message, SignatureParameters parameters, ReadOnlySpan<byte> signature) =>
        key.VerifyData(message, signature, HashOf(parameters), PaddingOf(parameters.Padding));

    public string? Weakness(HashParameters parameters)
    {
        RefuseContext(parameters.Context);
        return null;
    }

    public byte[] SignHash(ReadOnlySpan<byte> hash, HashParameters parameters) =>
        key.SignHash(hash, parameters.Function.PlatformName, PaddingOf(parameters.Padding));

    public bool VerifyHash(ReadOnlySpan<byte> hash, HashParameters parameters, ReadOnlySpan<byte> signature) =>
        key.VerifyHash(hash, signature, parameters.Function.PlatformName, PaddingOf(parameters.Padding));

    public override void Dispose() => key.Dispose();

    private HashAlgorithmName HashOf(SignatureParameters parameters) =>
        (parameters.Hash ?? algorithm.SignatureHash!).PlatformName;

    private static RSASignaturePadding PaddingOf(SignaturePadding? padding) =>
        padding == SignaturePadding.Pkcs1 ? RSASignaturePadding.Pkcs1 : RSASignaturePadding.Pss;

    private static void RefuseContext(EncryptionContext context)
    {
        if (!context.Canonical.SequenceEqual(EncryptionContext.Empty.Canonical))
            throw KmsErrors.Invalid.With(
                "'context' must be absent for RSA keys: RSA-OAEP cannot authenticate one.",
                new FieldError("context", "must be absent for RSA keys"));
    }

    private static void RefuseContext(byte[] context)
    {
        if (context.Length > 0)
            throw KmsErrors.Invalid.With(
                "'signature_context' must be absent for RSA keys: RSA-PSS has none.",
                new FieldError("signature_context", "must be absent for RSA keys"));
    }
}
