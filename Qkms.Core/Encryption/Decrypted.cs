using Qkms.Core.Secrets;
using Qkms.Core.Uses;

namespace Qkms.Core.Encryption;

/// <summary>A plaintext and the key that opened it.</summary>
/// <param name="Key">The key version used.</param>
/// <param name="Plaintext">The plaintext; it ends with this.</param>
public sealed record Decrypted(ChosenKey Key, SecretBytes Plaintext) : IDisposable
{
    /// <summary>Zeroes the plaintext.</summary>
    public void Dispose() => Plaintext.Dispose();
}
