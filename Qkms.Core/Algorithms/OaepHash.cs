namespace Qkms.Core.Algorithms;

/// <summary>The hash of RSA-OAEP (RFC 8017, 7.1), also of its MGF1; fixed when an RSA encryption key is made.</summary>
public static class OaepHash
{
    /// <summary>The hash of a key whose caller names none.</summary>
    public const string Default = "SHA-256";

    /// <summary>The accepted names. SHA-1 is for deployments with old clients: OAEP does not lean on its collision resistance.</summary>
    public static IReadOnlyList<string> All { get; } = ["SHA-256", "SHA-384", "SHA-512", "SHA-1"];
}
