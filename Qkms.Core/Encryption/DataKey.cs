using Qkms.Core.Secrets;
using Qkms.Core.Uses;

namespace Qkms.Core.Encryption;

/// <summary>A fresh data key, bare and wrapped.</summary>
/// <param name="Key">The key version that wraps it.</param>
/// <param name="Plaintext">The data key; it ends with this, and is stored nowhere.</param>
/// <param name="Ciphertext">The wrapped form, blob v1 of purpose 2.</param>
public sealed record DataKey(ChosenKey Key, SecretBytes Plaintext, byte[] Ciphertext) : IDisposable
{
    /// <summary>Zeroes the data key.</summary>
    public void Dispose() => Plaintext.Dispose();
}
