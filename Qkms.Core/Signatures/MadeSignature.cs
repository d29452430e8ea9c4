using Qkms.Core.Uses;

namespace Qkms.Core.Signatures;

/// <summary>A signature and the key that made it.</summary>
/// <param name="Key">The key version used.</param>
/// <param name="Signature">As FIPS 204 or RFC 8017 encode it.</param>
/// <param name="Warnings">What the caller should know; usually nothing.</param>
public sealed record MadeSignature(ChosenKey Key, byte[] Signature, IReadOnlyList<string> Warnings);
