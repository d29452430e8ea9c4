using System.Diagnostics.CodeAnalysis;

namespace Qkms.Core.Algorithms;

/// <summary>
/// One algorithm of the catalogue: its canonical name, the other spelling that means it, and its public facts. Its family makes it.
/// </summary>
internal sealed class KeyAlgorithm
{
    internal KeyAlgorithm(string name, KeyFamily family) => (Name, Family) = (name, family);

    /// <summary>The canonical name, FIPS's where there is one: <c>ML-KEM-768</c>.</summary>
    public string Name { get; }

    /// <summary>What knows how to work with it.</summary>
    public KeyFamily Family { get; }

    /// <summary>The other spelling that means the same, <c>Kyber768</c>, or null.</summary>
    public string? Alias { get; internal init; }

    /// <summary>What its keys may be for, the default first.</summary>
    public IReadOnlyList<KeyUse> Uses { get; internal init; } = [];

    /// <summary>The security category that NIST claims for it (FIPS 203 section 8, FIPS 204 section 4), or null.</summary>
    public int? NistLevel { get; internal init; }

    /// <summary>Modulus length in bits, for RSA.</summary>
    public int? ModulusBits { get; internal init; }

    /// <summary>Length of the public key as it is stored, in bytes, where it is fixed (FIPS 203 table 3, FIPS 204 table 2).</summary>
    public int? PublicKeySize { get; internal init; }

    /// <summary>Length of a ciphertext of the bare primitive in bytes.</summary>
    public int? CiphertextSize { get; internal init; }

    /// <summary>Length of a shared secret in bytes.</summary>
    public int? SharedSecretSize { get; internal init; }

    /// <summary>Length of a signature in bytes; the most, where it varies.</summary>
    public int? SignatureSize { get; internal init; }

    /// <summary>The hash with which its keys sign a message whose caller names none; null where there is no choice.</summary>
    public SignatureHash? SignatureHash { get; internal init; }

    /// <summary>What Qkms advises.</summary>
    public AlgorithmStanding Standing { get; internal init; }

    /// <summary>ML-KEM-768, the default of requests that encapsulate.</summary>
    public static KeyAlgorithm MLKem768 => Catalogue.MLKem768;

    /// <summary>ML-DSA-65, the default of requests that sign.</summary>
    public static KeyAlgorithm MLDsa65 => Catalogue.MLDsa65;

    /// <summary>AES-256, the default of requests that encrypt and of data keys.</summary>
    public static KeyAlgorithm Aes256 => Catalogue.Aes256;

    /// <summary>HMAC-256, the default of requests for MACs.</summary>
    public static KeyAlgorithm Hmac256 => Catalogue.Hmac256;

    /// <summary>RSA-2048, the default of devices' keys: every client can encrypt to it.</summary>
    public static KeyAlgorithm Rsa2048 => Catalogue.Rsa2048;

    /// <summary>The whole catalogue, in the order in which it is listed.</summary>
    public static IReadOnlyList<KeyAlgorithm> All => Catalogue.All;

    public static IReadOnlyList<string> AcceptedSpellings => Catalogue.AcceptedSpellings;

    /// <summary>The spellings that mean this algorithm, the canonical one first.</summary>
    public IEnumerable<string> Spellings => Alias is null ? [Name] : [Name, Alias];

    /// <summary>The algorithm that a text means, in any case.</summary>
    /// <param name="text">A spelling, such as <c>ML-KEM-768</c> or <c>kyber768</c>.</param>
    /// <param name="algorithm">The algorithm.</param>
    /// <param name="spelling">The spelling as the catalogue writes it: <c>Kyber768</c>.</param>
    public static bool TryParse(
        [NotNullWhen(true)] string? text, [NotNullWhen(true)] out KeyAlgorithm? algorithm, [NotNullWhen(true)] out string? spelling)
    {
        (spelling, algorithm) = text is not null && Catalogue.BySpelling.TryGetValue(text, out (string, KeyAlgorithm) found)
            ? found
            : default;
        return algorithm is not null;
    }

    /// <summary>The algorithm of a canonical name, as what is stored has it; exact.</summary>
    public static bool TryParseName([NotNullWhen(true)] string? name, [NotNullWhen(true)] out KeyAlgorithm? algorithm)
    {
        if (TryParse(name, out algorithm, out _) && algorithm.Name == name)
            return true;

        algorithm = null;
        return false;
    }

    /// <summary>An algorithm as it comes out of the database, by its canonical name; the row's seal holds it.</summary>
    /// <exception cref="InvalidOperationException">This version of Qkms does not know it.</exception>
    public static KeyAlgorithm FromStored(string name) =>
        TryParseName(name, out KeyAlgorithm? algorithm)
            ? algorithm
            : throw new InvalidOperationException("The database names an algorithm that this version of Qkms does not know.");

    public override string ToString() => Name;

    // A class of its own, because families make algorithms: their rows must be there before the catalogue is.
    private static class Catalogue
    {
        public static readonly IReadOnlyList<KeyAlgorithm> All = [.. KeyFamily.All.SelectMany(family => family.Algorithms)];

        public static readonly Dictionary<string, (string Spelling, KeyAlgorithm Algorithm)> BySpelling = All
            .SelectMany(algorithm => algorithm.Spellings.Select(spelling => (spelling, algorithm)))
            .ToDictionary(pair => pair.spelling, StringComparer.OrdinalIgnoreCase);

        public static readonly KeyAlgorithm MLKem768 = BySpelling["ML-KEM-768"].Algorithm;

        public static readonly KeyAlgorithm MLDsa65 = BySpelling["ML-DSA-65"].Algorithm;

        public static readonly KeyAlgorithm Aes256 = BySpelling["AES-256"].Algorithm;

        public static readonly KeyAlgorithm Hmac256 = BySpelling["HMAC-256"].Algorithm;

        public static readonly KeyAlgorithm Rsa2048 = BySpelling["RSA-2048"].Algorithm;

        public static readonly IReadOnlyList<string> AcceptedSpellings = [.. All.SelectMany(algorithm => algorithm.Spellings)];
    }
}

/// <summary>What Qkms advises about an algorithm.</summary>
internal enum AlgorithmStanding
{
    /// <summary>The choice for new keys.</summary>
    Recommended,

    /// <summary>Sound, for those who need it.</summary>
    Supported,

    /// <summary>For compatibility: it does not withstand a quantum computer.</summary>
    Legacy,
}
