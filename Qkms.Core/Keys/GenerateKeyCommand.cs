using Qkms.Core.Algorithms;

namespace Qkms.Core.Keys;

/// <summary>A key to be made.</summary>
/// <param name="Algorithm">The algorithm.</param>
/// <param name="Spelling">How the caller spelled it.</param>
/// <param name="Use">The use.</param>
/// <param name="Name">The name.</param>
/// <param name="Kid">The caller's own kid; null = a fresh UUIDv7.</param>
/// <param name="OaepHash">The hash of OAEP, for RSA encryption keys; else null.</param>
public sealed record GenerateKeyCommand(KeyAlgorithm Algorithm, string Spelling, KeyUse Use, KeyName Name, Kid? Kid, string? OaepHash);
