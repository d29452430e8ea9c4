using Qkms.Core.Keys;

namespace Qkms.Core.Lifecycle;

/// <summary>A key to be rotated.</summary>
/// <param name="Key">Which.</param>
/// <param name="Spelling">How the caller spelled the algorithm.</param>
/// <param name="ExpectedVersion">The version that the caller takes for the active one; null = whichever it is.</param>
public sealed record RotateKeyCommand(KeySelector Key, string Spelling, int? ExpectedVersion);
