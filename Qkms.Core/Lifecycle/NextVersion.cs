namespace Qkms.Core.Lifecycle;

/// <summary>What decides about the next version of a key.</summary>
/// <param name="Id">Its internal id; greater than that of the version before it.</param>
/// <param name="Kid">The id by which callers know it.</param>
/// <param name="OaepHash">The hash of OAEP, for RSA encryption keys.</param>
/// <param name="PreviousKid">The version that it replaces.</param>
/// <param name="CreatedAt">The time.</param>
internal sealed record NextVersion(KeyVersionId Id, Kid Kid, string? OaepHash, Kid? PreviousKid, DateTimeOffset CreatedAt);
