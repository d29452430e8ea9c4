using Qkms.Core.Keys;

namespace Qkms.Core.Lifecycle;

/// <summary>A key to be made.</summary>
/// <param name="Key">Which.</param>
/// <param name="Spelling">How the caller spelled the algorithm.</param>
/// <param name="Kid">The caller's own kid; null = a fresh UUIDv7.</param>
/// <param name="OaepHash">The hash of OAEP, for RSA encryption keys; else null.</param>
/// <param name="Limits">Its limits, and how often the key rotates by itself: what is absent, a key that is there already keeps.</param>
internal sealed record GenerateKeyCommand(KeySelector Key, string Spelling, Kid? Kid, string? OaepHash, KeyLimitChanges Limits)
{
    /// <summary>The id of the key if it is new; null = a fresh one.</summary>
    public KeyId? Id { get; init; }

    /// <summary>A text for people, of a key that is new.</summary>
    public string? Description { get; init; }

    /// <summary>Tags of a key that is new; null = none.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }
}

/// <summary>A key to be rotated.</summary>
/// <param name="Key">Which.</param>
/// <param name="Spelling">How the caller spelled the algorithm.</param>
/// <param name="ExpectedVersion">The version that the caller takes for the active one; null = whichever it is.</param>
/// <param name="Limits">What the new version has otherwise than the old one.</param>
internal sealed record RotateKeyCommand(KeySelector Key, string Spelling, int? ExpectedVersion, KeyLimitChanges Limits);

/// <summary>A version to be retired.</summary>
/// <param name="Key">Of which key.</param>
/// <param name="Version">The version.</param>
/// <param name="AllowNoActive">Whether the key may be left without an active version.</param>
internal sealed record RetireKeyCommand(KeySelector Key, int Version, bool AllowNoActive);
