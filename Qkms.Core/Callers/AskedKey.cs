namespace Qkms.Core.Callers;

/// <summary>
/// The key that a request asks for, as far as the request names it, whether it is there or not: for the journal of refusals. Each part has
/// the shape of its kind; nothing else that a caller sends is ever in it.
/// </summary>
/// <param name="Kid">The version by its kid: asked for or, where it was asked for otherwise, found; null for none.</param>
/// <param name="Version">Its number; null where it is not known.</param>
/// <param name="Name">The key by its name; null where a kid is asked for.</param>
/// <param name="Algorithm">Its algorithm's name in the catalogue; null where that is left open.</param>
internal readonly record struct AskedKey(Kid? Kid, int? Version = null, KeyName? Name = null, string? Algorithm = null);

/// <summary>A refusal of one item, in a request that was not refused.</summary>
/// <param name="Error">Why.</param>
/// <param name="Asked">The key that the item asks for.</param>
internal readonly record struct RefusedItem(KmsError Error, AskedKey? Asked);
