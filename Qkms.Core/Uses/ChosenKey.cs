using Qkms.Core.Keys;

namespace Qkms.Core.Uses;

/// <summary>The key version that an operation uses.</summary>
/// <param name="Version">The version.</param>
/// <param name="RequestedKid">The kid that the request named, when its successor is used instead; else null.</param>
public sealed record ChosenKey(KeyVersion Version, Kid? RequestedKid);
