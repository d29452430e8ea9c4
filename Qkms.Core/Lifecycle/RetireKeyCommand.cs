using Qkms.Core.Keys;

namespace Qkms.Core.Lifecycle;

/// <summary>A version to be retired.</summary>
/// <param name="Key">Of which key.</param>
/// <param name="Version">The version.</param>
/// <param name="AllowNoActive">Whether the key may be left without an active version.</param>
public sealed record RetireKeyCommand(KeySelector Key, int Version, bool AllowNoActive);
