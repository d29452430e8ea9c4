using Qkms.Core.Uses;

namespace Qkms.Core.Encryption;

/// <summary>A ciphertext and the key that made it.</summary>
/// <param name="Key">The key version used.</param>
/// <param name="Ciphertext">In the format of the key's algorithm.</param>
public sealed record Encrypted(ChosenKey Key, byte[] Ciphertext);
