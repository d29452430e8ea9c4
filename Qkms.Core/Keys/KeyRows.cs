using Qkms.Core.Callers;
using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Keys;

/// <summary>
/// Reads rows of keys with their seals checked, and notices what is missing: a key's row names its active version and counts its
/// versions, so a version that should be there and is not is a broken seal and not a "not found".
/// </summary>
internal sealed class KeyRows(IKeyRepository keys, RowSealer sealer)
{
    /// <summary>How many versions a name alone can mean where something is opened or checked.</summary>
    public const int MaxReadable = 20;

    /// <summary>How many of the newest versions are looked at to find those: the cost does not grow with the key.</summary>
    public const int MaxLookedAt = 100;

    /// <summary>The key at an address, or null.</summary>
    /// <exception cref="SealBrokenException">It has versions, and its own row is not there, or at another address.</exception>
    public async Task<Key?> FindKeyAsync(IKmsSession session, KeyAddress address)
    {
        if (Open(await keys.FindKeyAsync(session, address)) is { } key)
            return key;

        if (await keys.FindNewestKidAsync(session, address) is not { } kid)
            return null;

        // Keys are never deleted: it is there now if it was made between the two looks.
        return Open(await keys.FindKeyAsync(session, address)) ?? throw new SealBrokenException($"the key of key version {kid}");
    }

    /// <summary>The version that a kid names and its key.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>: there is none that the caller may know of.</exception>
    public async Task<KeyAndVersion> FindWithKeyAsync(IKmsSession session, Caller caller, Kid kid)
    {
        KeyVersion? found = await FindVersionAsync(session, caller.TenantId, kid);
        return found is not null && caller.Access.Covers(found.Address.Name)
            ? await WithKeyAsync(session, found)
            : throw KmsErrors.KeyVersionNotFound.Refusal();
    }

    /// <summary>The version with an internal id and its key; null when there is none.</summary>
    public async Task<KeyAndVersion?> FindWithKeyAsync(IKmsSession session, TenantId tenantId, KeyVersionId versionId) =>
        await FindVersionAsync(session, tenantId, versionId) is { } found ? await WithKeyAsync(session, found) : null;

    private async Task<KeyAndVersion> WithKeyAsync(IKmsSession session, KeyVersion version) =>
        new(Open(await keys.FindKeyAsync(session, version.TenantId, version.KeyId)) ?? throw Lost(version.Kid), version);

    /// <summary>The version that a kid names, or null.</summary>
    public async Task<KeyVersion?> FindVersionAsync(IKmsSession session, TenantId tenantId, Kid kid) =>
        Open(await keys.FindVersionAsync(session, tenantId, kid));

    /// <summary>The version with an internal id, or null.</summary>
    public async Task<KeyVersion?> FindVersionAsync(IKmsSession session, TenantId tenantId, KeyVersionId versionId) =>
        Open(await keys.FindVersionAsync(session, tenantId, versionId));

    /// <summary>The version with a number, or null when the key never had it.</summary>
    /// <exception cref="SealBrokenException">The key had it, and the row is not there or another key's.</exception>
    public async Task<KeyVersion?> FindVersionAsync(IKmsSession session, Key key, int number)
    {
        if (number >= key.NextVersion)
            return null;

        KeyVersion? version = Open(await keys.FindVersionAsync(session, key.Address, number));
        return version?.KeyId == key.Id ? version : throw new SealBrokenException($"version {number} of {key.LogName}");
    }

    /// <summary>The key at an address and the version in its active slot, expired or not, or null.</summary>
    /// <exception cref="SealBrokenException">The key says that there is one, and the row is not there or not active.</exception>
    public async Task<(Key Key, KeyVersion Active)?> FindActiveAsync(IKmsSession session, KeyAddress address)
    {
        Key? key = await FindKeyAsync(session, address);
        while (key?.ActiveKid is { } kid)
        {
            if (await TryFindActiveAsync(session, key, kid) is { } version)
                return (key, version);

            // The two rows are read one after the other: a change between them shows as a newer row of the key.
            Key? newer = await FindKeyAsync(session, address);
            if (newer?.RowVersion == key.RowVersion)
                throw Lost(kid);

            key = newer;
        }

        return null;
    }

    /// <summary>The key at an address and its newest versions, or null. At most <see cref="MaxLookedAt"/> are looked at.</summary>
    /// <exception cref="SealBrokenException">A version that the key must have is not there, or is another key's.</exception>
    public async Task<NewestVersions?> FindNewestAsync(IKmsSession session, KeyAddress address)
    {
        if (await FindKeyAsync(session, address) is not { NextVersion: > 1 } key)
            return null;

        KeyVersion? newest = null;
        List<KeyVersion> readable = [];
        int next = key.NextVersion - 1;
        int last = Math.Max(1, key.NextVersion - MaxLookedAt);
        while (next >= last && readable.Count < MaxReadable)
        {
            // Every number is given once and no row is ever deleted, so that one that is not there is noticed.
            int due = Math.Min(MaxReadable, next - last + 1);
            IReadOnlyList<Sealed<KeyVersion>> page = await keys.ListVersionsAsync(session, address, next, due);
            for (int i = 0; i < due; i++, next--)
            {
                KeyVersion? version = i < page.Count ? sealer.Open(page[i]) : null;
                if (version?.Version != next || version.KeyId != key.Id)
                    throw new SealBrokenException($"version {next} of {key.LogName}");

                newest ??= version;
                if (!KeyStateRules.IsOver(version) && readable.Count < MaxReadable)
                    readable.Add(version);
            }
        }

        return new NewestVersions(key, newest!, readable);
    }

    private async Task<KeyVersion?> TryFindActiveAsync(IKmsSession session, Key key, Kid kid)
    {
        KeyVersion? version = await FindVersionAsync(session, key.TenantId, kid);
        return version is { State: KeyState.Active } && version.KeyId == key.Id ? version : null;
    }

    private static SealBrokenException Lost(Kid kid) => new($"key version {kid}");

    private T? Open<T>(Sealed<T>? row)
        where T : class, ISealedRow => row is null ? null : sealer.Open(row);
}

/// <summary>A key and its newest versions.</summary>
/// <param name="Key">The key.</param>
/// <param name="Newest">Its newest version, of whatever state.</param>
/// <param name="Readable">Versions that are neither revoked nor destroyed nor wait for that, newest first.</param>
internal sealed record NewestVersions(Key Key, KeyVersion Newest, IReadOnlyList<KeyVersion> Readable);
