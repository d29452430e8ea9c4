using Qkms.Core.Algorithms;
using Qkms.Core.Keys;

namespace Qkms.Core.Lifecycle;

/// <summary>What decides about the next version of a key.</summary>
/// <param name="Id">Its internal id; greater than that of the version before it.</param>
/// <param name="Kid">The id by which callers know it.</param>
/// <param name="Spelling">How the request spells the algorithm.</param>
/// <param name="OaepHash">The hash of OAEP, for RSA encryption keys.</param>
/// <param name="PreviousKid">The version that it replaces.</param>
/// <param name="CreatedAt">The time.</param>
/// <param name="Limits">Its limits.</param>
/// <param name="RotationPeriod">How often the key rotates by itself from now on.</param>
internal sealed record NextVersion(
    KeyVersionId Id,
    Kid Kid,
    string Spelling,
    string? OaepHash,
    Kid? PreviousKid,
    DateTimeOffset CreatedAt,
    KeyLimits Limits,
    TimeSpan? RotationPeriod)
{
    /// <summary>The labels of the version that it replaces, which it keeps.</summary>
    public KeyLabels Labels { get; init; }

    /// <summary>The version.</summary>
    /// <param name="key">Its key as it is before.</param>
    /// <param name="pair">Its key pair.</param>
    public KeyVersion Of(Key key, NewKeyMaterial pair) => new()
    {
        Id = Id,
        KeyId = key.Id,
        Address = key.Address,
        Kid = Kid,
        Version = key.NextVersion,
        Spelling = Spelling,
        State = KeyState.Active,
        OaepHash = OaepHash,
        PublicKey = pair.PublicKey,
        PreviousKid = PreviousKid,
        CreatedAt = CreatedAt,
        Limits = Limits,
        Labels = Labels,
        RotationPeriod = RotationPeriod,
        NextRotationAt = CreatedAt + RotationPeriod,
    };
}
