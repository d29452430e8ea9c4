using Qkms.Core.Journal;
using Qkms.Core.Keys;
using Qkms.Core.Store;
using Qkms.Core.Tags;

namespace Qkms.Core.Lifecycle;

/// <summary>
/// All that a change of a key writes, ready and sealed, and the rows that it was made for. <see cref="KeyWriter"/> writes it, or finds that
/// it does not hold.
/// </summary>
internal sealed record KeyPlan
{
    /// <summary>The key as it was found, or is to be made.</summary>
    public required Key Key { get; init; }

    /// <summary>The first row of a new key, which is written; null when it was found.</summary>
    public Sealed<Key>? NewKey { get; init; }

    /// <summary>The version that changes or is looked at, as it was found.</summary>
    public KeyVersion? Version { get; init; }

    /// <summary>The same version as it will be; null when nothing of it changes.</summary>
    public Sealed<KeyVersion>? ChangedVersion { get; init; }

    /// <summary>A version to be added, with its wrapped private key.</summary>
    public (Sealed<KeyVersion> Row, KeyMaterial Material)? NewVersion { get; init; }

    /// <summary>
    /// The version that was the key's newest and is so no more, or goes on in another key: it is not rotated any more, and what it waits
    /// for is cancelled; or the newest of a key that is to be deleted. Null when there is none.
    /// </summary>
    public KeyVersion? Outdated { get; init; }

    /// <summary>Why what <see cref="Outdated"/> waits for is cancelled; null where its row says so.</summary>
    public string? OutdatedBecause { get; init; }

    /// <summary>The member of the request that names the kid of <see cref="NewVersion"/>.</summary>
    public string KidField { get; init; } = "kid";

    /// <summary>The counter of a version that gets a usage limit; null where none begins.</summary>
    public Sealed<KeyUsage>? NewUsage { get; init; }

    /// <summary>The tags that a new key begins with; null when it has none.</summary>
    public Sealed<KeyTags>? NewTags { get; init; }

    /// <summary>The key as it will be; null when nothing of it changes.</summary>
    public Sealed<Key>? ChangedKey { get; init; }

    /// <summary>The journal entries.</summary>
    public IReadOnlyList<JournalEvent> Events { get; init; } = [];
}
