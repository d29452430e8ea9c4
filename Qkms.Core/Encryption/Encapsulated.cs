using Qkms.Core.Secrets;
using Qkms.Core.Uses;

namespace Qkms.Core.Encryption;

/// <summary>A shared secret, and the ciphertext from which the key recovers it.</summary>
/// <param name="Key">The key version used.</param>
/// <param name="Ciphertext">c of FIPS 203.</param>
/// <param name="SharedSecret">K of FIPS 203, 32 bytes; it ends with this.</param>
public sealed record Encapsulated(ChosenKey Key, byte[] Ciphertext, SecretBytes SharedSecret) : IDisposable
{
    /// <summary>Zeroes the shared secret.</summary>
    public void Dispose() => SharedSecret.Dispose();
}
