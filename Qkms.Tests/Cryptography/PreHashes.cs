namespace Qkms.Tests.Cryptography;

/// <summary>
/// The hash functions of HashML-DSA (FIPS 204, section 5.4.1), by the collision strength that a parameter set asks for;
/// 0 where no set takes it.
/// </summary>
internal static class PreHashes
{
    private static readonly (string Oid, int Length, int Strength)[] _all =
    [
        ("1.2.840.113549.2.5", 16, 0), // MD5, broken
        ("1.3.14.3.2.26", 20, 0), // SHA-1, broken
        ("2.16.840.1.101.3.4.2.4", 28, 0), // SHA-224, too weak for every set
        ("2.16.840.1.101.3.4.2.6", 32, 0), // SHA-512/256, which .NET does not know
        ("2.16.840.1.101.3.4.2.1", 32, 128), // SHA-256
        ("2.16.840.1.101.3.4.2.2", 48, 192), // SHA-384
        ("2.16.840.1.101.3.4.2.3", 64, 256), // SHA-512
        ("2.16.840.1.101.3.4.2.8", 32, 128), // SHA3-256
        ("2.16.840.1.101.3.4.2.9", 48, 192), // SHA3-384
        ("2.16.840.1.101.3.4.2.10", 64, 256), // SHA3-512
        ("2.16.840.1.101.3.4.2.11", 32, 128), // SHAKE128
        ("2.16.840.1.101.3.4.2.12", 64, 256), // SHAKE256
    ];

    internal static (string Oid, int Length)[] Of(string set) =>
        [.. _all.Where(hash => hash.Strength >= StrengthOf(set)).Select(hash => (hash.Oid, hash.Length))];

    /// <summary>The functions that the platform's base class refuses for every engine.</summary>
    internal static (string Oid, int Length)[] RefusedFor(string set) =>
        [.. _all.Where(hash => hash.Strength < StrengthOf(set)).Select(hash => (hash.Oid, hash.Length))];

    private static int StrengthOf(string set) => set switch
    {
        "ML-DSA-44" => 128,
        "ML-DSA-65" => 192,
        _ => 256,
    };
}
