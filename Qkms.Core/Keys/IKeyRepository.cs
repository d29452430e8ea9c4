using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Store;

namespace Qkms.Core.Keys;

/// <summary>Keys, key versions and material in the database. Every statement carries the tenant.</summary>
internal interface IKeyRepository
{
    /// <summary>The kid of the newest version that says of itself that it belongs to the key at an address, or null.</summary>
    Task<Kid?> FindNewestKidAsync(IKmsSession session, KeyAddress address);

    /// <summary>A logical key by its id, and whether it is the row that the newest event about it left behind; or null.</summary>
    Task<(Sealed<Key> Key, bool IsNewest)?> FindKeyAsync(IKmsSession session, TenantId tenantId, KeyId keyId);

    /// <summary>A logical key by its id, or null, held until the unit ends: whoever else wants it waits.</summary>
    Task<Sealed<Key>?> LockKeyAsync(IKmsSession session, TenantId tenantId, KeyId keyId);

    /// <summary>Adds a logical key; false when its address is taken.</summary>
    Task<bool> InsertKeyAsync(IKmsSession session, Sealed<Key> key);

    /// <summary>
    /// Writes a logical key whose <see cref="Key.RowVersion"/> was raised by one; false when the row is not the one that was read.
    /// </summary>
    Task<bool> UpdateKeyAsync(IKmsSession session, Sealed<Key> key);

    /// <summary>The version with an internal id, of whatever owner, or null.</summary>
    Task<Sealed<KeyVersion>?> FindVersionAsync(IKmsSession session, TenantId tenantId, KeyVersionId versionId);

    /// <summary>The version that a kid names, of whatever owner, and the key that it says it belongs to; null when there is none.</summary>
    Task<VersionWithKey?> FindWithKeyAsync(IKmsSession session, TenantId tenantId, Kid kid);

    /// <summary>The same by its internal id.</summary>
    Task<VersionWithKey?> FindWithKeyAsync(IKmsSession session, TenantId tenantId, KeyVersionId versionId);

    /// <summary>
    /// Holds the keys of versions until the unit ends, in the order of their ids: nobody changes them or their versions meanwhile. To be
    /// called before they are read.
    /// </summary>
    Task LockKeysAsync(IKmsSession session, IEnumerable<KeyVersion> versions);

    /// <summary>The seals of a version and its key, as they are stored; null when one of them is not there.</summary>
    Task<RowSeals?> FindSealsAsync(IKmsSession session, TenantId tenantId, KeyVersionId versionId);

    /// <summary>The key at an address and its version with a number; null when there is no key.</summary>
    Task<KeyWithVersion?> FindWithVersionAsync(IKmsSession session, KeyAddress address, int version);

    /// <summary>The key at an address and the version that it says is active; null when there is no key.</summary>
    Task<KeyWithVersion?> FindWithActiveAsync(IKmsSession session, KeyAddress address);

    /// <summary>The key at an address and its version with the greatest number; null when there is no key.</summary>
    Task<KeyWithVersion?> FindWithNewestAsync(IKmsSession session, KeyAddress address);

    /// <summary>
    /// The key at an address with its versions by falling number, from <paramref name="newest"/> on, at most so many; one without a version
    /// when there is none, and nothing when there is no key.
    /// </summary>
    Task<IReadOnlyList<KeyWithVersion>> ListVersionsAsync(IKmsSession session, KeyAddress address, int newest, int limit);

    /// <summary>The tenant's own keys with a name, at most so many, by their ids; whatever algorithm and use.</summary>
    Task<IReadOnlyList<Sealed<Key>>> ListKeysAsync(IKmsSession session, TenantId tenantId, KeyName name, int limit);

    /// <summary>
    /// The tenant's own keys that have a version that is not destroyed, by their ids, at most so many; a scope leaves names out.
    /// </summary>
    Task<IReadOnlyList<Sealed<Key>>> ListKeysAsync(IKmsSession session, TenantId tenantId, KeyScope scope, KeyId? after, int limit);

    /// <summary>Versions of the tenant's own keys, newest first, each key beside the first of its versions.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="query">Which.</param>
    /// <param name="before">Only those older than this version; null = from the newest.</param>
    /// <param name="limit">At most so many.</param>
    Task<IReadOnlyList<VersionWithKey>> ListVersionsAsync(IKmsSession session, KeyVersionQuery query, KeyVersionId? before, int limit);

    /// <summary>The versions of a rotation chain from one of them on, each with its key; at most so many.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="first">The first of them.</param>
    /// <param name="isForward">From version to successor; else from version to predecessor.</param>
    /// <param name="limit">At most so many.</param>
    Task<IReadOnlyList<VersionWithKey>> ListChainAsync(IKmsSession session, TenantId tenantId, Kid first, bool isForward, int limit);

    /// <summary>
    /// The number of the first version of a key after this one with which a rotation chain begins; null when none does. The versions of a
    /// key follow each other in the order of their numbers, so that this one's chain has ended, or left the key, before it.
    /// </summary>
    Task<int?> FindNextChainStartAsync(IKmsSession session, KeyVersion version);

    /// <summary>
    /// How many versions a query has: from counters; with a status row by row, and then at most <see cref="KeyVersionQuery.MaxCounted"/>.
    /// </summary>
    Task<long> CountVersionsAsync(IKmsSession session, KeyVersionQuery query);

    /// <summary>Whether so many versions of the tenant's own keys were generated after a time, whatever became of them.</summary>
    Task<bool> HasGeneratedAsync(IKmsSession session, TenantId tenantId, DateTimeOffset after, int atLeast);

    /// <summary>
    /// Adds a version, its material, and its uses if it has any; false when a unique index refuses it (the kid, the number, or
    /// the active slot is taken).
    /// </summary>
    Task<bool> InsertVersionAsync(IKmsSession session, Sealed<KeyVersion> version, KeyMaterial material);

    /// <summary>Writes what may change of a version: state, limits, next kid and times. False when it is not there.</summary>
    Task<bool> UpdateVersionAsync(IKmsSession session, Sealed<KeyVersion> version);

    /// <summary>The wrapped private key, or null when it is destroyed.</summary>
    Task<KeyMaterial?> FindMaterialAsync(IKmsSession session, TenantId tenantId, KeyVersionId versionId);

    /// <summary>Writes zeros over a wrapped private key; false when it does not stand there as it was found.</summary>
    Task<bool> EraseMaterialAsync(IKmsSession session, KeyMaterial found);

    /// <summary>Versions of every tenant whose time of destruction has come, by their rows alone: nothing of them is checked.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="now">The time.</param>
    /// <param name="after">Only those with a greater stored id than this; null = from the smallest.</param>
    /// <param name="limit">At most so many, ordered by id.</param>
    Task<IReadOnlyList<DueVersion>> ListDueForDestructionAsync(IKmsSession session, DateTimeOffset now, byte[]? after, int limit);

    /// <summary>
    /// Versions that are not destroyed of every tenant's keys whose time of deletion has come, by their rows alone: as above.
    /// </summary>
    Task<IReadOnlyList<DueVersion>> ListDueForDeletionAsync(IKmsSession session, DateTimeOffset now, byte[]? after, int limit);

    /// <summary>Whether any version or key of any tenant waits for its destruction.</summary>
    Task<bool> AnyWaitsForDestructionAsync(IKmsSession session);
}

/// <summary>A version whose row says that it is due for destruction.</summary>
/// <param name="StoredId">Its id as it stands in the row, whatever that is.</param>
/// <param name="Ids">Whose it is, and its id; null when the row holds something that is no id.</param>
internal sealed record DueVersion(byte[] StoredId, (TenantId TenantId, KeyVersionId VersionId)? Ids);

/// <summary>Which versions a list shows; null = all.</summary>
/// <param name="Algorithm">Only this algorithm.</param>
/// <param name="Name">Only this name.</param>
/// <param name="Status">Only this status.</param>
internal sealed record KeyListFilter(KeyAlgorithm? Algorithm, KeyName? Name, KeyStatus? Status);

/// <summary>One page of a list of key versions.</summary>
/// <param name="Versions">The versions, newest first.</param>
/// <param name="Unreadable">The kids of rows whose seal does not hold. They belong to the page and are shown as
/// damaged, not as absent.</param>
/// <param name="Total">How many versions the whole list has.</param>
/// <param name="NextCursor">Where the next page begins; null = this is the last.</param>
internal sealed record KeyPage(IReadOnlyList<KeyVersion> Versions, IReadOnlyList<string> Unreadable, long Total, string? NextCursor);

/// <summary>One page of a rotation chain.</summary>
/// <param name="Versions">The versions, each the neighbour of the one before.</param>
/// <param name="NextCursor">Where the next page begins; null = the chain ends here.</param>
internal sealed record ChainPage(IReadOnlyList<KeyVersion> Versions, string? NextCursor);

/// <summary>Which versions of a tenant's own keys to list.</summary>
/// <param name="TenantId">The tenant.</param>
/// <param name="Algorithm">Only this algorithm; null = all.</param>
/// <param name="Name">Only this name; null = all.</param>
/// <param name="Status">Only this status; null = all.</param>
/// <param name="Scope">Only these names.</param>
/// <param name="Now">The moment that decides which versions are expired.</param>
internal sealed record KeyVersionQuery(
    TenantId TenantId, KeyAlgorithm? Algorithm, KeyName? Name, KeyStatus? Status, KeyScope Scope, DateTimeOffset Now)
{
    /// <summary>How far versions with a status are counted: as many as the longest page has.</summary>
    public const int MaxCounted = 1000;
}

/// <summary>A version as the database holds it, and its logical key; both of one moment.</summary>
/// <param name="Version">The version.</param>
/// <param name="Key">The key; null when it is not there.</param>
/// <param name="IsNewest">Whether that is the row that the newest event about the key left behind.</param>
internal sealed record VersionWithKey(Sealed<KeyVersion> Version, Sealed<Key>? Key, bool IsNewest);

/// <summary>A logical key as the database holds it, and one of its versions; both of one moment.</summary>
/// <param name="Key">The key.</param>
/// <param name="Version">The version; null when it is not there.</param>
/// <param name="IsNewest">Whether the key is the row that the newest event about it left behind.</param>
internal sealed record KeyWithVersion(Sealed<Key> Key, Sealed<KeyVersion>? Version, bool IsNewest);

/// <summary>A version together with its logical key: what decides whether it may be used.</summary>
/// <param name="Key">The logical key.</param>
/// <param name="Version">The version.</param>
internal sealed record KeyAndVersion(Key Key, KeyVersion Version);

/// <summary>The seals of a version's row and its key's, which tell whether either was written since.</summary>
internal sealed class RowSeals(byte[] version, byte[] key)
{
    private readonly byte[] _version = version;
    private readonly byte[] _key = key;

    /// <summary>Whether neither was written in between.</summary>
    public bool AreThoseOf(RowSeals other) => _version.AsSpan().SequenceEqual(other._version) && _key.AsSpan().SequenceEqual(other._key);
}
