namespace Qkms.Core.Keys;

/// <summary>A version together with its logical key: what decides whether it may be used.</summary>
/// <param name="Key">The logical key.</param>
/// <param name="Version">The version.</param>
public sealed record KeyAndVersion(Key Key, KeyVersion Version);
