using System.Security.Cryptography;
using Qkms.Core.Cryptography;

namespace Qkms.Core.Algorithms;

/// <summary>
/// HMAC (FIPS 198-1) with SHA-2, by the platform: one secret key, as long as the hash (SP 800-107 Rev. 1, section 5.3.4), no public one.
/// </summary>
internal sealed class HmacFamily : KeyFamily
{
    private readonly Dictionary<KeyAlgorithm, SignatureHash> _hashes;

    public HmacFamily()
    {
        _hashes = new()
        {
            [Row("HMAC-256", AlgorithmStanding.Recommended)] = SignatureHash.Sha256,
            [Row("HMAC-384", AlgorithmStanding.Supported)] = SignatureHash.Sha384,
            [Row("HMAC-512", AlgorithmStanding.Supported)] = SignatureHash.Sha512,
        };
        Algorithms = [.. _hashes.Keys];
    }

    public override IReadOnlyList<KeyAlgorithm> Algorithms { get; }

    public override IReadOnlyList<KeyOperation> Operations { get; } = [KeyOperation.GenerateMac, KeyOperation.VerifyMac];

    public override bool IsSymmetric => true;

    public override string JwkKeyType => "oct";

    public override IEnumerable<string> JwkAlgorithms => [];

    internal override MaterialFormat Format => MaterialFormat.RawKey;

    internal override bool GeneratesAtOnce => true;

    internal override NewKeyMaterial Generate(KeyAlgorithm algorithm, KeyUse use, KeyMakers makers) =>
        new([], SecretBytes.Random(_hashes[algorithm].Length), Format);

    internal override LoadedKey Load(StoredKey key, SecretBytes secret, PqcEngine engine) => new HmacKey(secret, _hashes[key.Algorithm]);

    internal override byte[] ToSubjectPublicKeyInfo(KeyAlgorithm algorithm, byte[] publicKey) => throw NoPublicKey();

    internal override JwkPublicKey ToJwk(KeyAlgorithm algorithm, byte[] publicKey, string? oaepHash) => throw NoPublicKey();

    // RFC 7517, section 4.2: "sig" is the use of keys for MACs too.
    private KeyAlgorithm Row(string name, AlgorithmStanding standing) => new(name, this) { Uses = [KeyUse.Signature], Standing = standing };

    private static InvalidOperationException NoPublicKey() => new("A symmetric key has no public key.");
}

/// <summary>An HMAC key in memory.</summary>
/// <param name="secret">The key.</param>
/// <param name="hash">The hash function.</param>
internal sealed class HmacKey(SecretBytes secret, SignatureHash hash) : LoadedKey, IAuthenticate
{
    public override ReadOnlySpan<byte> PublicKey => default;

    public byte[] GenerateMac(ReadOnlySpan<byte> message)
    {
        byte[] mac = new byte[hash.Length];
        CryptographicOperations.HmacData(hash.PlatformName, secret.Span, message, mac);
        return mac;
    }

    public bool VerifyMac(ReadOnlySpan<byte> message, ReadOnlySpan<byte> mac)
    {
        Span<byte> expected = stackalloc byte[hash.Length];
        try
        {
            CryptographicOperations.HmacData(hash.PlatformName, secret.Span, message, expected);
            return CryptographicOperations.FixedTimeEquals(expected, mac);
        }
        finally
        {
            // The MAC of a message that somebody else made up is what they are after.
            CryptographicOperations.ZeroMemory(expected);
        }
    }

    public override void Dispose() => secret.Dispose();
}
