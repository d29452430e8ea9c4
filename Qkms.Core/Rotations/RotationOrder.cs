using Qkms.Core.Algorithms;
using Qkms.Core.Keys;

namespace Qkms.Core.Rotations;

/// <summary>A version to be rotated, and what its successor is to be other than it.</summary>
/// <param name="Kid">The version.</param>
/// <param name="NewKid">The kid of the successor; null = a fresh UUIDv7.</param>
/// <param name="Algorithm">The algorithm of the successor; null = the same.</param>
/// <param name="Spelling">How the caller spelled that algorithm; null = as the version's own.</param>
/// <param name="AllowAlgorithmChange">Whether the algorithm may be another one.</param>
/// <param name="Limits">What the successor has otherwise than the version, and how often its key rotates by itself.</param>
internal sealed record RotationOrder(
    Kid Kid, Kid? NewKid, KeyAlgorithm? Algorithm, string? Spelling, bool AllowAlgorithmChange, KeyLimitChanges Limits);
