using Qkms.Core.Uses;

namespace Qkms.Core.Signatures;

/// <summary>The verdict on a signature.</summary>
/// <param name="Key">The key version used.</param>
/// <param name="IsValid">Whether the signature is the key's for the message.</param>
/// <param name="Warnings">What the caller should know; usually nothing.</param>
public sealed record Verified(ChosenKey Key, bool IsValid, IReadOnlyList<string> Warnings);
