using Qkms.Core.Keys;

namespace Qkms.Core.Lifecycle;

/// <summary>A key to be made.</summary>
/// <param name="Key">Which.</param>
/// <param name="Spelling">How the caller spelled the algorithm.</param>
/// <param name="Kid">The caller's own kid; null = a fresh UUIDv7.</param>
/// <param name="OaepHash">The hash of OAEP, for RSA encryption keys; else null.</param>
public sealed record GenerateKeyCommand(KeySelector Key, string Spelling, Kid? Kid, string? OaepHash);
