using Qkms.Core.Keys;
using Qkms.Core.Store;

namespace Qkms.Core.Lifecycle;

/// <summary>The next version of a key, with all that is written with it.</summary>
/// <param name="Before">The key as it was when this was made: a row with another <see cref="Key.RowVersion"/> needs another plan.</param>
/// <param name="NewKey">The key's own row, without a version, when the key is new too.</param>
/// <param name="After">The key's row with the version in its active slot.</param>
/// <param name="Version">The version.</param>
/// <param name="Row">The same, sealed.</param>
/// <param name="Material">Its private key, wrapped.</param>
internal sealed record VersionPlan(Key Before, Sealed<Key>? NewKey, Sealed<Key> After, KeyVersion Version, Sealed<KeyVersion> Row, KeyMaterial Material);
