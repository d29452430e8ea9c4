using System.Collections.Concurrent;
using Qkms.Core.Keys;
using Qkms.Core.Store;

namespace Qkms.Core.Uses;

/// <summary>
/// The state of key versions as their use asks for it: from memory while it is no older than <see cref="FreshnessLimit.MaxAge"/>, else
/// from the database with its seals checked. A write on this node drops what it changed at once, so the next request sees it.
/// </summary>
internal sealed class KeyStateCache
{
    private const int Capacity = 10_000;
    private const int MostCounted = 100_000;

    private readonly IKmsStore _store;
    private readonly IKeyRepository _keys;
    private readonly KeyRows _rows;
    private readonly FreshCache<(TenantId Tenant, Kid Kid), KeyAndVersion> _byKid;
    private readonly FreshCache<(TenantId Tenant, KeyVersionId Id), KeyAndVersion> _byId;
    private readonly FreshCache<(KeyAddress Key, int Number), KeyAndVersion> _byNumber;
    private readonly FreshCache<KeyAddress, KeyAndVersion> _active;

    private readonly FreshCache<(TenantId Tenant, KeyVersionId Id), ChainRun> _runs;

    // What this node has counted of late. Uses are many, and drop nothing: the version is the same after them. They only rise.
    private readonly ConcurrentDictionary<KeyVersionId, SeenUses> _uses = new();

    // Each holds up to KeyRows.MaxReadable versions.
    private readonly FreshCache<KeyAddress, NewestVersions> _newest;

    /// <summary>Remembers nothing yet.</summary>
    public KeyStateCache(IKmsStore store, IKeyRepository keys, KeyRows rows, TimeProvider time)
    {
        (_store, _keys, _rows) = (store, keys, rows);
        (_byKid, _byId) = (new(time, Capacity), new(time, Capacity));
        (_byNumber, _active) = (new(time, Capacity), new(time, Capacity));
        _runs = new(time, Capacity);
        _newest = new(time, Capacity / KeyRows.MaxReadable);
        store.WhenServerChanges(ForgetAll);
    }

    /// <summary>The version that a kid names, or null.</summary>
    public ValueTask<KeyAndVersion?> FindAsync(TenantId tenantId, Kid kid, CancellationToken cancellationToken) => _byKid.GetAsync(
        (tenantId, kid),
        this,
        static (wanted, self) => self.ReadAsync(session => self.Rows.FindWithKeyAsync(session, wanted.Tenant, wanted.Kid)),
        cancellationToken);

    /// <summary>The version with an internal id, or null.</summary>
    public ValueTask<KeyAndVersion?> FindAsync(
        TenantId tenantId, KeyVersionId versionId, CancellationToken cancellationToken) => _byId.GetAsync(
        (tenantId, versionId),
        this,
        static (wanted, self) => self.ReadAsync(session => self.Rows.FindWithKeyAsync(session, wanted.Tenant, wanted.Id)),
        cancellationToken);

    /// <summary>The version with a number of the key at an address, or null.</summary>
    public ValueTask<KeyAndVersion?> FindAsync(KeyAddress address, int number, CancellationToken cancellationToken) => _byNumber.GetAsync(
        (address, number),
        this,
        static (wanted, self) => self.ReadAsync(session => self.Rows.FindWithKeyAsync(session, wanted.Key, wanted.Number)),
        cancellationToken);

    /// <summary>The version in the active slot of the key at an address, expired or not, or null.</summary>
    public ValueTask<KeyAndVersion?> FindActiveAsync(KeyAddress address, CancellationToken cancellationToken) => _active.GetAsync(
        address,
        this,
        static (wanted, self) => self.ReadAsync(session => self.Rows.FindActiveAsync(session, wanted)),
        cancellationToken);

    /// <summary>The newest versions of the key at an address, or null.</summary>
    public ValueTask<NewestVersions?> FindNewestAsync(KeyAddress address, CancellationToken cancellationToken) => _newest.GetAsync(
        address,
        this,
        static (wanted, self) => self.Store.ReadAsync(session => self.Rows.FindNewestAsync(session, wanted), CancellationToken.None),
        cancellationToken);

    /// <summary>
    /// The key at an address, as it stands beside its active version, or its newest where none is active; null when there is none.
    /// </summary>
    public async ValueTask<Key?> FindKeyAsync(KeyAddress address, CancellationToken cancellationToken) =>
        await FindActiveAsync(address, cancellationToken) is { Key: var ofActive } ? ofActive
        : await FindNewestAsync(address, cancellationToken) is { Key: var ofNewest } ? ofNewest
        : null;

    /// <summary>The newest versions of the key at an address, if they are remembered; nothing is read.</summary>
    public NewestVersions? RecallNewest(KeyAddress address) => _newest.Recall(address);

    /// <summary>How far the chain of a version can have come within its key.</summary>
    public async ValueTask<ChainRun> FindRunAsync(KeyVersion version, CancellationToken cancellationToken) => (await _runs.GetAsync(
        (version.TenantId, version.Id),
        (Self: this, Version: version),
        static async (_, of) => new ChainRun(await of.Self.Store.ReadAsync(
            session => of.Self._keys.FindNextChainStartAsync(session, of.Version), CancellationToken.None)),
        cancellationToken))!;

    /// <summary>Drops what is remembered of a version that was written; to be called when the write is committed.</summary>
    public void Forget(KeyVersion version)
    {
        _byKid.Forget((version.TenantId, version.Kid));
        _byId.Forget((version.TenantId, version.Id));
        _byNumber.Forget((version.Address, version.Version));
        _active.Forget(version.Address);
        _newest.Forget(version.Address);

        // Another chain begins in its key: that of every version before it has ended there.
        if (version.PreviousKid is null)
            _runs.ForgetAll();
    }

    /// <summary>Takes note of uses that were counted here; to be called when that is committed.</summary>
    /// <param name="versionId">The version.</param>
    /// <param name="used">How many it has now.</param>
    /// <param name="at">When the newest was counted.</param>
    public void NoteUses(KeyVersionId versionId, long used, DateTimeOffset at)
    {
        // Whoever is forgotten here is shown as the database says, at the latest when what is remembered of it is too old.
        if (_uses.Count >= MostCounted)
            _uses.Clear();

        _uses[versionId] = new SeenUses(used, at);
    }

    /// <summary>A version with the uses that were counted here since it was read.</summary>
    public KeyVersion WithUses(KeyVersion version) => _uses.TryGetValue(version.Id, out SeenUses seen) && seen.Used > version.Used
        ? version with { Used = seen.Used, LastUsedAt = seen.At }
        : version;

    /// <summary>
    /// Drops all; also for a change of what the key's row says of each of its versions, which are more than are worth finding.
    /// </summary>
    public void ForgetAll()
    {
        _uses.Clear();
        _byKid.ForgetAll();
        _byId.ForgetAll();
        _byNumber.ForgetAll();
        _active.ForgetAll();
        _newest.ForgetAll();
        _runs.ForgetAll();
    }

    private readonly record struct SeenUses(long Used, DateTimeOffset At);

    private KeyRows Rows => _rows;

    private IKmsStore Store => _store;

    // Others may wait for the same read, so that no single caller ends it.
    private Task<KeyAndVersion?> ReadAsync(Func<IKmsSession, Task<KeyAndVersion?>> work) => _store.ReadAsync(work, CancellationToken.None);
}

/// <summary>How far a rotation chain can have come within a key.</summary>
/// <param name="NextStart">The number of the first later version with which another chain begins; null when none does.</param>
internal sealed record ChainRun(int? NextStart);
