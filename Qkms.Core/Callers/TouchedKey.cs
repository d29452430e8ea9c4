namespace Qkms.Core.Callers;

/// <summary>The key that a request is about, as far as it is known: for the log of requests, and nothing else.</summary>
/// <param name="Kid">The version, once it was found; null before. Never a kid that only the caller says.</param>
/// <param name="Algorithm">The algorithm's name in the catalogue.</param>
/// <param name="Use">What the key is for, as callers spell it; null when it is not known yet.</param>
internal sealed record TouchedKey(Kid? Kid, string Algorithm, string? Use);
