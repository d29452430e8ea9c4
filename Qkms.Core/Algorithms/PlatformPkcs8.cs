using System.Security.Cryptography;

namespace Qkms.Core.Algorithms;

/// <summary>Private keys of the platform as PKCS #8 (RFC 5958), which is how they are stored.</summary>
internal static class PlatformPkcs8
{
    /// <summary>Loads a private key into an empty key; that one is disposed of when it does not load.</summary>
    public static T Import<T>(T key, ReadOnlySpan<byte> pkcs8)
        where T : AsymmetricAlgorithm
    {
        try
        {
            key.ImportPkcs8PrivateKey(pkcs8, out _);
            return key;
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <summary>The private key, for the caller to dispose of.</summary>
    /// <param name="key">The key.</param>
    /// <param name="longest">More bytes than it has, at most a few thousand.</param>
    public static SecretBytes Export(AsymmetricAlgorithm key, int longest)
    {
        Span<byte> buffer = stackalloc byte[longest];
        try
        {
            return key.TryExportPkcs8PrivateKey(buffer, out int written)
                ? SecretBytes.CopyOf(buffer[..written])
                : throw new CryptographicException("The platform's PKCS #8 export is longer than it can be.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }
}
