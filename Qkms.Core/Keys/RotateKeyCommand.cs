using Qkms.Core.Algorithms;

namespace Qkms.Core.Keys;

/// <summary>A key to be rotated.</summary>
/// <param name="Algorithm">The algorithm.</param>
/// <param name="Spelling">How the caller spelled it.</param>
/// <param name="Use">The use.</param>
/// <param name="Name">The name.</param>
/// <param name="ExpectedVersion">The version that the caller takes for the active one; null = whichever it is.</param>
public sealed record RotateKeyCommand(KeyAlgorithm Algorithm, string Spelling, KeyUse Use, KeyName Name, int? ExpectedVersion);
