using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Qkms.Core.Algorithms;

/// <summary>A hash function of signatures: of RSA (RFC 8017, 8.1), ECDSA (FIPS 186-5, 6.4) and HashML-DSA (FIPS 204, 5.4).</summary>
internal sealed class SignatureHash
{
    private SignatureHash(string name, HashAlgorithmName platformName, string oid, int length) =>
        (Name, PlatformName, ObjectIdentifier, Length) = (name, platformName, oid, length);

    /// <summary>SHA-256, FIPS 180-4.</summary>
    public static SignatureHash Sha256 { get; } = new("SHA-256", HashAlgorithmName.SHA256, "2.16.840.1.101.3.4.2.1", 32);

    /// <summary>SHA-384, FIPS 180-4.</summary>
    public static SignatureHash Sha384 { get; } = new("SHA-384", HashAlgorithmName.SHA384, "2.16.840.1.101.3.4.2.2", 48);

    /// <summary>SHA-512, FIPS 180-4.</summary>
    public static SignatureHash Sha512 { get; } = new("SHA-512", HashAlgorithmName.SHA512, "2.16.840.1.101.3.4.2.3", 64);

    /// <summary>Those that are accepted.</summary>
    public static IReadOnlyList<SignatureHash> All { get; } = [Sha256, Sha384, Sha512];

    /// <summary><c>SHA-256</c> and so on.</summary>
    public string Name { get; }

    /// <summary>Length of a hash in bytes.</summary>
    public int Length { get; }

    /// <summary>Bits of security against collisions: half the length of the hash (SP 800-107, 4.2).</summary>
    public int CollisionStrength => Length << 2;

    /// <summary>The platform's name for it.</summary>
    internal HashAlgorithmName PlatformName { get; }

    /// <summary>Its object identifier in NIST's register, which HashML-DSA signs with the hash.</summary>
    internal string ObjectIdentifier { get; }

    /// <summary>The function of a name, in any case.</summary>
    public static bool TryParse(string? name, [NotNullWhen(true)] out SignatureHash? hash)
    {
        hash = All.FirstOrDefault(known => string.Equals(known.Name, name, StringComparison.OrdinalIgnoreCase));
        return hash is not null;
    }

    public override string ToString() => Name;
}
