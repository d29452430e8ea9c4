using System.Security.Cryptography;

namespace Qkms.Core.Algorithms;

/// <summary>The hash of RSA-OAEP (RFC 8017, section 7.1) and of its MGF1; fixed when an RSA encryption key is made.</summary>
internal static class OaepHash
{
    /// <summary>The hash of a key whose caller names none.</summary>
    public const string Default = "SHA-256";

    private static readonly (string Name, int Length, RSAEncryptionPadding Padding)[] _known =
    [
        ("SHA-256", 32, RSAEncryptionPadding.OaepSHA256),
        ("SHA-384", 48, RSAEncryptionPadding.OaepSHA384),
        ("SHA-512", 64, RSAEncryptionPadding.OaepSHA512),
        ("SHA-1", 20, RSAEncryptionPadding.OaepSHA1),
    ];

    /// <summary>The accepted names. SHA-1 is for deployments with old clients: OAEP does not rely on its collision resistance.</summary>
    public static IReadOnlyList<string> All { get; } = [.. _known.Select(hash => hash.Name)];

    /// <summary>The name as it is stored of what a text means, in any case; null when it is no such hash.</summary>
    public static string? Parse(string? text) =>
        All.FirstOrDefault(known => string.Equals(known, text, StringComparison.OrdinalIgnoreCase));

    /// <summary>The padding of a hash, and the hash's length in bytes.</summary>
    /// <exception cref="InvalidOperationException">This version of Qkms does not know the hash.</exception>
    internal static (RSAEncryptionPadding Padding, int Length) Find(string? name)
    {
        foreach ((string known, int length, RSAEncryptionPadding padding) in _known)
        {
            if (known == name)
                return (padding, length);
        }

        throw new InvalidOperationException("A key has a hash for OAEP that this version of Qkms does not know.");
    }
}
