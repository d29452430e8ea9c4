using Qkms.Core.Keys;

namespace Qkms.Core.Crypto;

/// <summary>A ciphertext and the key that made it.</summary>
/// <param name="Key">The key version used.</param>
/// <param name="Ciphertext">In the format of the key's algorithm.</param>
public sealed record Encrypted(ChosenKey Key, byte[] Ciphertext);
