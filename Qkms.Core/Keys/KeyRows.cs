using Qkms.Core.Callers;
using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Keys;

/// <summary>
/// Reads versions with their keys, both of one moment, checks their seals, and holds one against the other: a key's row says which versions
/// there are and in what state, so that a version that is missing, or whose row is an older one, is a broken seal and neither a
/// "not found" nor a state. The key's row in turn has to be the one that the newest event of the journal about it left behind: whoever puts
/// an older one back, which says that the key is not disabled, is noticed.
/// </summary>
internal sealed class KeyRows(IKeyRepository keys, RowSealer sealer)
{
    /// <summary>How many versions a name alone can mean where something is opened or checked.</summary>
    public const int MaxReadable = 20;

    /// <summary>How many of the newest versions are looked at to find those: the cost does not grow with the key.</summary>
    public const int MaxLookedAt = 100;

    /// <summary>The version that a kid names, or null.</summary>
    /// <exception cref="SealBrokenException">Its row or its key's does not match, or one does not match the other.</exception>
    public async Task<KeyAndVersion?> FindWithKeyAsync(IKmsSession session, TenantId tenantId, Kid kid) =>
        Check(await keys.FindWithKeyAsync(session, tenantId, kid));

    /// <summary>The version with an internal id, or null.</summary>
    /// <exception cref="SealBrokenException">As above.</exception>
    public async Task<KeyAndVersion?> FindWithKeyAsync(IKmsSession session, TenantId tenantId, KeyVersionId versionId) =>
        Check(await keys.FindWithKeyAsync(session, tenantId, versionId));

    /// <summary>A version that is known to be there, as it is now.</summary>
    /// <exception cref="SealBrokenException">As above, or it is not there.</exception>
    public async Task<KeyAndVersion> FindAgainAsync(IKmsSession session, KeyVersion version) =>
        await FindWithKeyAsync(session, version.TenantId, version.Id) ?? throw Lost(version.Kid);

    /// <summary>Holds the keys of versions, as <see cref="IKeyRepository.LockKeysAsync"/>.</summary>
    public Task LockKeysAsync(IKmsSession session, IEnumerable<KeyVersion> versions) => keys.LockKeysAsync(session, versions);

    /// <summary>The version of the tenant's own that a kid names.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>: there is none that the caller may know of.</exception>
    /// <exception cref="SealBrokenException">As above.</exception>
    public Task<KeyAndVersion> FindWithKeyAsync(IKmsSession session, Caller caller, Kid kid) =>
        FindWithKeyAsync(session, caller, KeyOwner.Tenant, kid);

    /// <summary>The version of an owner's that a kid names.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>: there is none that the caller may know of.</exception>
    /// <exception cref="SealBrokenException">As above.</exception>
    public async Task<KeyAndVersion> FindWithKeyAsync(IKmsSession session, Caller caller, KeyOwner owner, Kid kid)
    {
        // A kid says nothing of its name, so one outside the API key's narrowing is as absent as one that does not exist.
        caller.Asked = new AskedKey(kid);
        KeyAndVersion? found = await FindWithKeyAsync(session, caller.TenantId, kid);
        if (found is null || found.Version.Address.Owner != owner || !caller.Access.Covers(found.Version.Address.Name))
            throw KmsErrors.KeyVersionNotFound.Refusal();

        caller.Touch(found.Version);
        return found;
    }

    /// <summary>The version with a number, or null when the key never had it.</summary>
    /// <exception cref="SealBrokenException">As above, or the key had it, and the row is not there.</exception>
    public async Task<KeyAndVersion?> FindWithKeyAsync(IKmsSession session, KeyAddress address, int number)
    {
        if (await OpenKeyAsync(session, address, () => keys.FindWithVersionAsync(session, address, number)) is not { } found)
            return null;

        if (found.Row is { } row)
            return Check(row, found.Key);

        return number >= found.Key.NextVersion ? null : throw new SealBrokenException($"version {number} of {found.Key.LogName}");
    }

    /// <summary>The key at an address and the version in its active slot, expired or not; null when there is none.</summary>
    /// <exception cref="SealBrokenException">As above, or the key says that there is one, and the row is not there.</exception>
    public async Task<KeyAndVersion?> FindActiveAsync(IKmsSession session, KeyAddress address) =>
        await OpenKeyAsync(session, address, () => keys.FindWithActiveAsync(session, address)) is { Key.ActiveKid: { } kid } found
            ? Check(found.Row ?? throw Lost(kid), found.Key)
            : null;

    /// <summary>The key at an address and its newest version; null when there is no key.</summary>
    /// <exception cref="SealBrokenException">
    /// As above, or the newest version is not there, or there is a newer one than the key has given a number to.
    /// </exception>
    public async Task<KeyAndVersion?> FindWithNewestAsync(IKmsSession session, KeyAddress address)
    {
        if (await OpenKeyAsync(session, address, () => keys.FindWithNewestAsync(session, address)) is not { } found)
            return null;

        int newest = found.Key.NextVersion - 1;
        KeyAndVersion? checkedRow = found.Row is { } row ? Check(row, found.Key) : null;
        return checkedRow?.Version.Version == newest
            ? checkedRow
            : throw new SealBrokenException($"version {newest} of {found.Key.LogName}");
    }

    /// <summary>A key of the tenant's own by its id, and its active version, or the newest where none is active.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>: there is none that the caller may know of.</exception>
    /// <exception cref="SealBrokenException">As above.</exception>
    public async Task<KeyAndVersion> FindCurrentAsync(IKmsSession session, Caller caller, KeyId id)
    {
        KeyAddress? address = (await FindKeyAsync(session, caller.TenantId, id))?.Address;
        if (address is null || address.Owner != KeyOwner.Tenant || !caller.Access.Covers(address.Name))
            throw KmsErrors.KeyVersionNotFound.Refusal();

        return await FindActiveAsync(session, address)
            ?? await FindWithNewestAsync(session, address)
            ?? throw new SealBrokenException($"key {id}");
    }

    /// <summary>The versions of a key from one number to another, by rising number; the key must have given them all.</summary>
    /// <exception cref="SealBrokenException">As above, or one of them is not there.</exception>
    public async Task<IReadOnlyList<KeyVersion>> ListAsync(IKmsSession session, KeyAddress address, int first, int last)
    {
        KeyVersion[] versions =
        [
            .. (await keys.ListVersionsAsync(session, address, last, last - first + 1))
                .Where(row => row.Version is not null)
                .Select(row => Check(row.Version!, sealer.Open(row.Key)).Version)
                .Reverse(),
        ];

        // Every number is given once and no row is ever deleted, so that one that is not there is noticed.
        for (int number = first; number <= last; number++)
        {
            if (versions.ElementAtOrDefault(number - first)?.Version != number)
                throw new SealBrokenException($"version {number} of the key named {address.Name}");
        }

        return versions;
    }

    /// <summary>The versions of a rotation chain from one of them on; at most so many.</summary>
    /// <param name="session">Reads.</param>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="first">The first of them.</param>
    /// <param name="isForward">From version to successor; else from version to predecessor.</param>
    /// <param name="limit">At most so many.</param>
    /// <exception cref="SealBrokenException">As above, or a version that its neighbour names is not there or names another one.</exception>
    public async Task<IReadOnlyList<KeyVersion>> ListChainAsync(
        IKmsSession session, TenantId tenantId, Kid first, bool isForward, int limit)
    {
        List<KeyVersion> chain = [];
        Kid? due = first;
        foreach (VersionWithKey row in await keys.ListChainAsync(session, tenantId, first, isForward, limit))
        {
            KeyVersion version = Check(row)!.Version;
            bool isDue = version.Kid == due && (chain is not [.., var before] || NextTo(version, !isForward) == before.Kid);
            if (!isDue)
                throw Lost(version.Kid);

            chain.Add(version);
            due = NextTo(version, isForward);
        }

        return due is not { } lost || chain.Count == limit ? chain : throw Lost(lost);
    }

    private static Kid? NextTo(KeyVersion version, bool isForward) => isForward ? version.NextKid : version.PreviousKid;

    /// <summary>The row of a version, if its seal holds and the key's row says the same of it; null where not, for lists.</summary>
    public KeyVersion? TryCheck(Sealed<KeyVersion> version, Key? key) =>
        sealer.TryOpen(version) is { } opened && key?.Vouches(opened) == true ? opened.Of(key) : null;

    private async Task<(Key Key, Sealed<KeyVersion>? Row)?> OpenKeyAsync(
        IKmsSession session, KeyAddress address, Func<Task<KeyWithVersion?>> find)
    {
        KeyWithVersion? found = await find();
        if (found is null)
        {
            if (await keys.FindNewestKidAsync(session, address) is not { } kid)
                return null;

            // Keys are never deleted: it is there now if it was made between the two looks.
            found = await find() ?? throw new SealBrokenException($"the key of key version {kid}");
        }

        Key key = sealer.Open(found.Key);
        return found.IsNewest ? (key, found.Version)
            : throw (found.Version is { } version ? Lost(version.UnverifiedRow.Kid) : new SealBrokenException(key.LogName));
    }

    /// <summary>The key with an id, or null.</summary>
    /// <exception cref="SealBrokenException">Its row does not match its seal, or is an older one.</exception>
    public async Task<Key?> FindKeyAsync(IKmsSession session, TenantId tenantId, KeyId id)
    {
        if (await keys.FindKeyAsync(session, tenantId, id) is not { } found)
            return null;

        Key key = sealer.Open(found.Key);
        return found.IsNewest ? key : throw new SealBrokenException(key.LogName);
    }

    /// <summary>The key at an address and its newest versions, or null. At most <see cref="MaxLookedAt"/> are looked at.</summary>
    /// <exception cref="SealBrokenException">As above, or a version that the key must have is not there.</exception>
    public async Task<NewestVersions?> FindNewestAsync(IKmsSession session, KeyAddress address)
    {
        KeyAndVersion? newest = null;
        List<KeyVersion> readable = [];
        int last = 1;
        int next = int.MaxValue;
        do
        {
            // The key stands beside its versions on each page, and both are of one moment: it may have changed since the page before.
            IReadOnlyList<KeyWithVersion> page = [];
            if (await OpenKeyAsync(session, address, FirstOfPageAsync) is not { Key: var key })
                return null;

            if (newest is null)
                (next, last) = (key.NextVersion - 1, Math.Max(1, key.NextVersion - MaxLookedAt));

            // Every number is given once and no row is ever deleted, so that one that is not there is noticed.
            int due = Math.Min(MaxReadable, next - last + 1);
            for (int i = 0; i < due; i++, next--)
            {
                KeyAndVersion? found = i < page.Count && page[i].Version is { } row ? Check(row, key) : null;
                if (found?.Version.Version != next)
                    throw new SealBrokenException($"version {next} of {key.LogName}");

                newest ??= found;
                if (!KeyStateRules.IsOver(found.Version) && readable.Count < MaxReadable)
                    readable.Add(found.Version);
            }

            async Task<KeyWithVersion?> FirstOfPageAsync() =>
                (page = await keys.ListVersionsAsync(session, address, next, MaxReadable)) is [var first, ..] ? first : null;
        }
        while (next >= last && readable.Count < MaxReadable);

        return newest is null ? null : new NewestVersions(newest.Key, newest.Version, readable);
    }

    private KeyAndVersion? Check(VersionWithKey? found)
    {
        if (found is null)
            return null;

        KeyVersion version = sealer.Open(found.Version);
        Key key = sealer.Open(found.Key ?? throw Lost(version.Kid));
        return found.IsNewest ? Check(version, key) : throw Lost(version.Kid);
    }

    private KeyAndVersion Check(Sealed<KeyVersion> row, Key key) => Check(sealer.Open(row), key);

    private static KeyAndVersion Check(KeyVersion version, Key key) =>
        key.Vouches(version) ? new KeyAndVersion(key, version.Of(key)) : throw Lost(version.Kid);

    private static SealBrokenException Lost(Kid kid) => new($"key version {kid}");
}

/// <summary>A key and its newest versions.</summary>
/// <param name="Key">The key.</param>
/// <param name="Newest">Its newest version, of whatever state.</param>
/// <param name="Readable">Versions that are neither revoked nor destroyed nor wait for that, newest first.</param>
internal sealed record NewestVersions(Key Key, KeyVersion Newest, IReadOnlyList<KeyVersion> Readable);
