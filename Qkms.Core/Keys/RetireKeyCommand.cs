using Qkms.Core.Algorithms;

namespace Qkms.Core.Keys;

/// <summary>A version to be retired.</summary>
/// <param name="Algorithm">The algorithm.</param>
/// <param name="Use">The use.</param>
/// <param name="Name">The name.</param>
/// <param name="Version">The version.</param>
/// <param name="AllowNoActive">Whether the key may be left without an active version.</param>
public sealed record RetireKeyCommand(KeyAlgorithm Algorithm, KeyUse Use, KeyName Name, int Version, bool AllowNoActive);
