using Qkms.Core.Keys;

namespace Qkms.Core.Lifecycle;

/// <summary>What a rotation left behind.</summary>
/// <param name="Active">The new version.</param>
/// <param name="Retired">The version it replaced.</param>
public sealed record KeyRotation(KeyVersion Active, KeyVersion Retired);
