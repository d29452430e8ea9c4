using System.Diagnostics.CodeAnalysis;

namespace Qkms.Core.Algorithms;

/// <summary>One algorithm of the catalogue: its canonical name, the other spellings that mean it, and its public facts.</summary>
public sealed class KeyAlgorithm
{
    private KeyAlgorithm(string name, KeyAlgorithmFamily family) => (Name, Family) = (name, family);

    /// <summary>The canonical name, FIPS's where there is one: <c>ML-KEM-768</c>.</summary>
    public string Name { get; }

    /// <summary>The kind.</summary>
    public KeyAlgorithmFamily Family { get; }

    /// <summary>The other spelling that means the same, <c>Kyber768</c>, or null.</summary>
    public string? Alias { get; private init; }

    /// <summary>What its keys may be for, the default first.</summary>
    public IReadOnlyList<KeyUse> Uses { get; private init; } = [];

    /// <summary>The security category that NIST claims for it (FIPS 203 section 8, FIPS 204 section 4), or null.</summary>
    public int? NistLevel { get; private init; }

    /// <summary>Modulus length in bits, for RSA.</summary>
    public int? ModulusBits { get; private init; }

    /// <summary>Length of the raw public key in bytes, where it is fixed (FIPS 203 table 3, FIPS 204 table 2).</summary>
    public int? PublicKeySize { get; private init; }

    /// <summary>Length of a ciphertext of the bare primitive in bytes.</summary>
    public int? CiphertextSize { get; private init; }

    /// <summary>Length of a shared secret in bytes.</summary>
    public int? SharedSecretSize { get; private init; }

    /// <summary>Length of a signature in bytes.</summary>
    public int? SignatureSize { get; private init; }

    /// <summary>What Qkms advises.</summary>
    public AlgorithmStanding Standing { get; private init; }

    /// <summary>Whether it is believed to withstand a quantum computer.</summary>
    public bool IsQuantumSafe => Family != KeyAlgorithmFamily.Rsa;

    /// <summary>Whether there is one secret key, and no public key that could be shown.</summary>
    public bool IsSymmetric => Family == KeyAlgorithmFamily.Aes;

    /// <summary>The key type of a JWK: <c>AKP</c> for ML-KEM and ML-DSA, <c>RSA</c>, <c>oct</c> for AES.</summary>
    public string JwkKeyType => Family switch
    {
        KeyAlgorithmFamily.Rsa => "RSA",
        KeyAlgorithmFamily.Aes => "oct",
        _ => "AKP",
    };

    /// <summary>ML-KEM-768, the default of requests that encapsulate.</summary>
    public static KeyAlgorithm MLKem768 { get; } = Kem("ML-KEM-768", "Kyber768", level: 3, publicKey: 1184, ciphertext: 1088, AlgorithmStanding.Recommended);

    /// <summary>ML-DSA-65, the default of requests that sign.</summary>
    public static KeyAlgorithm MLDsa65 { get; } = Dsa("ML-DSA-65", "Dilithium3", level: 3, publicKey: 1952, signature: 3309, AlgorithmStanding.Recommended);

    /// <summary>AES-256, the default of requests that encrypt and of data keys: encrypts, and wraps data keys. Category 5 is by definition as hard to break as AES-256 (NIST's call for PQC proposals, 4.A.5).</summary>
    public static KeyAlgorithm Aes256 { get; } = new("AES-256", KeyAlgorithmFamily.Aes)
    {
        Uses = [KeyUse.Encryption],
        NistLevel = 5,
        Standing = AlgorithmStanding.Recommended,
    };

    /// <summary>The whole catalogue, in the order in which it is listed.</summary>
    public static IReadOnlyList<KeyAlgorithm> All { get; } =
    [
        Kem("ML-KEM-512", "Kyber512", level: 1, publicKey: 800, ciphertext: 768, AlgorithmStanding.Supported),
        MLKem768,
        Kem("ML-KEM-1024", "Kyber1024", level: 5, publicKey: 1568, ciphertext: 1568, AlgorithmStanding.Supported),
        Dsa("ML-DSA-44", "Dilithium2", level: 2, publicKey: 1312, signature: 2420, AlgorithmStanding.Supported),
        MLDsa65,
        Dsa("ML-DSA-87", "Dilithium5", level: 5, publicKey: 2592, signature: 4627, AlgorithmStanding.Supported),
        Rsa(2048),
        Rsa(3072),
        Rsa(4096),
        Aes256,
    ];

    private static readonly Dictionary<string, KeyAlgorithm> _bySpelling = All
        .SelectMany(a => a.Spellings.Select(spelling => (spelling, a)))
        .ToDictionary(pair => pair.spelling, pair => pair.a, StringComparer.Ordinal);

    /// <summary>Every accepted spelling.</summary>
    public static IReadOnlyList<string> AcceptedSpellings { get; } = [.. All.SelectMany(a => a.Spellings)];

    /// <summary>The spellings that mean this algorithm, the canonical one first.</summary>
    public IEnumerable<string> Spellings => Alias is null ? [Name] : [Name, Alias];

    /// <summary>The algorithm that <paramref name="spelling"/> means; spellings are exact.</summary>
    public static bool TryParse([NotNullWhen(true)] string? spelling, [NotNullWhen(true)] out KeyAlgorithm? algorithm)
    {
        algorithm = null;
        return spelling is not null && _bySpelling.TryGetValue(spelling, out algorithm);
    }

    /// <summary>An algorithm as it comes out of the database, by its canonical name; the row's seal holds it.</summary>
    /// <exception cref="InvalidOperationException">This version of Qkms does not know it.</exception>
    public static KeyAlgorithm FromStored(string name) =>
        TryParse(name, out KeyAlgorithm? algorithm) ? algorithm : throw new InvalidOperationException("The database names an algorithm that this version of Qkms does not know.");

    /// <summary>The canonical name.</summary>
    public override string ToString() => Name;

    private static KeyAlgorithm Kem(string name, string alias, int level, int publicKey, int ciphertext, AlgorithmStanding standing) =>
        new(name, KeyAlgorithmFamily.MLKem)
        {
            Alias = alias,
            Uses = [KeyUse.Encryption],
            NistLevel = level,
            PublicKeySize = publicKey,
            CiphertextSize = ciphertext,
            SharedSecretSize = 32,
            Standing = standing,
        };

    private static KeyAlgorithm Dsa(string name, string alias, int level, int publicKey, int signature, AlgorithmStanding standing) =>
        new(name, KeyAlgorithmFamily.MLDsa)
        {
            Alias = alias,
            Uses = [KeyUse.Signature],
            NistLevel = level,
            PublicKeySize = publicKey,
            SignatureSize = signature,
            Standing = standing,
        };

    private static KeyAlgorithm Rsa(int bits) =>
        new($"RSA-{bits}", KeyAlgorithmFamily.Rsa)
        {
            Uses = [KeyUse.Encryption, KeyUse.Signature],
            ModulusBits = bits,
            CiphertextSize = bits >> 3,
            SignatureSize = bits >> 3,
            Standing = AlgorithmStanding.Legacy,
        };
}
