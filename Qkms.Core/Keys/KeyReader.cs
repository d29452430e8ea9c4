using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Keyrings;
using Qkms.Core.Store;

namespace Qkms.Core.Keys;

/// <summary>Answers questions about many versions at once, from the database: lists, chains, the public keys of a name.</summary>
internal sealed class KeyReader(
    IKmsStore store, IKeyRepository keys, RowSealer sealer, KeyRows rows, ListCursor cursors, TimeProvider time)
{
    /// <summary>
    /// The public keys of a name that somebody outside needs: of signature keys the versions that verify, of others the one to encrypt or
    /// encapsulate to. Of each key at most the newest <see cref="KeyRows.MaxReadable"/>.
    /// </summary>
    /// <param name="caller">Whose keys.</param>
    /// <param name="name">Their name.</param>
    /// <param name="algorithm">Only this algorithm; null = all that have public keys.</param>
    /// <param name="use">Only this use; null = all.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>: there is no such key, whatever its versions.</exception>
    public async Task<IReadOnlyList<KeyVersion>> ListPublicAsync(
        Caller caller, KeyName name, KeyAlgorithm? algorithm, KeyUse? use, CancellationToken cancellationToken)
    {
        caller.Asked = new AskedKey(null, Version: null, name, algorithm?.Name);
        if (!caller.Access.Covers(name))
            throw NoPublicKey(name);

        DateTimeOffset now = time.GetUtcMilliseconds();
        return await store.ReadAsync(
            async session =>
            {
                IReadOnlyList<Sealed<Key>> rowsOfName = await keys.ListKeysAsync(
                    session, caller.TenantId, name, MissingKeys.MostNamed);
                Key[] meant = [.. rowsOfName.Select(row => sealer.Open(row)).Where(IsMeant)];
                if (meant.Length == 0)
                    throw NoPublicKey(name);

                List<KeyVersion> found = [];
                foreach (Key key in meant)
                {
                    if (await rows.FindNewestAsync(session, key.Address) is { } newest)
                        found.AddRange(newest.Readable.Where(version => IsNeeded(new KeyAndVersion(newest.Key, version), now)));
                }

                return found;
            },
            cancellationToken);

        bool IsMeant(Key key) =>
            !key.Address.Algorithm.Family.IsSymmetric
            && (algorithm is null || key.Address.Algorithm == algorithm)
            && (use is null || key.Address.Use == use);
    }

    private static KmsException NoPublicKey(KeyName name) =>
        KmsErrors.KeyVersionNotFound.With($"There is no such key named '{name}' with a public key.");

    private static bool IsNeeded(KeyAndVersion version, DateTimeOffset now)
    {
        KeyOperation outside = version.Version.Use switch
        {
            KeyUse.Signature => KeyOperation.Verify,
            KeyUse.Encapsulation => KeyOperation.Encapsulate,
            _ => KeyOperation.Encrypt,
        };
        return KeyStateRules.Refusal(version, outside, now) is null;
    }

    /// <summary>
    /// One page of the versions that the caller may know of, newest first. A row whose seal is broken, or that is not the one that its
    /// key's row says is there, is named apart and hides no other.
    /// </summary>
    /// <param name="caller">Whose versions.</param>
    /// <param name="filter">Which of them.</param>
    /// <param name="cursor">Where the page before ended; null = from the newest.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.Invalid"/> for a cursor that is not this tenant's.</exception>
    public async Task<KeyPage> ListAsync(
        Caller caller, KeyListFilter filter, string? cursor, int limit, CancellationToken cancellationToken)
    {
        KeyVersionQuery query = new(
            caller.TenantId, filter.Algorithm, filter.Name, filter.Status, caller.Access.Scope, time.GetUtcMilliseconds());
        KeyVersionId? before = cursor is null ? null : cursors.Read(caller.TenantId, cursor);

        (IReadOnlyList<VersionWithKey> found, long total) = await store.ReadAsync(
            async session =>
                (await keys.ListVersionsAsync(session, query, before, limit + 1), await keys.CountVersionsAsync(session, query)),
            cancellationToken);

        VersionWithKey[] page = [.. found.Take(limit)];
        KeyVersion?[] opened = OpenPage(page);
        return new KeyPage(
            [.. opened.OfType<KeyVersion>()],
            [.. page.Where((_, i) => opened[i] is null).Select(row => row.Version.UnverifiedRow.Kid.Value)],
            total,
            found.Count > limit ? cursors.Write(caller.TenantId, page[^1].Version.UnverifiedRow.Id) : null);
    }

    /// <summary>
    /// One page of the rotation chain of a version: the version itself and then its successors one after the other, or its predecessors.
    /// </summary>
    /// <param name="caller">Whose version.</param>
    /// <param name="kid">The version.</param>
    /// <param name="isForward">From version to successor; else from version to predecessor.</param>
    /// <param name="cursor">Where the page before ended; null = from the version.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.KeyVersionNotFound"/>; <see cref="KmsErrors.Invalid"/> for a cursor that is not this list's.
    /// </exception>
    public async Task<ChainPage> GetChainAsync(
        Caller caller, Kid kid, bool isForward, string? cursor, int limit, CancellationToken cancellationToken)
    {
        string list = isForward ? "chain-next" : "chain-previous";
        KeyVersionId? last = cursor is null ? null : new KeyVersionId(cursors.Read(list, caller.TenantId, cursor));
        IReadOnlyList<KeyVersion> found = await store.ReadAsync(
            async session =>
            {
                KeyVersion start = (await rows.FindWithKeyAsync(session, caller, kid)).Version;
                Kid? first = last is { } id ? await NextAsync(session, start, id) : start.Kid;
                return first is { } from ? await rows.ListChainAsync(session, caller.TenantId, from, isForward, limit + 1) : [];
            },
            cancellationToken);
        KeyVersion[] page = [.. found.Take(limit)];
        return new ChainPage(page, found.Count > limit ? cursors.Write(list, caller.TenantId, page[^1].Id.Value) : null);

        // A chain keeps its name, whatever algorithm it goes over to: a cursor leads nobody to a key that he may not see.
        async Task<Kid?> NextAsync(IKmsSession session, KeyVersion start, KeyVersionId last) =>
            await rows.FindWithKeyAsync(session, caller.TenantId, last) is { Version: var before }
                && before.Address.Name == start.Address.Name
                ? isForward ? before.NextKid : before.PreviousKid
                : throw ListCursor.Refusal();
    }

    private KeyVersion?[] OpenPage(VersionWithKey[] page)
    {
        Dictionary<KeyId, Key?> opened = [];
        foreach (VersionWithKey row in page)
        {
            if (row.Key is { } key)
                opened[key.UnverifiedRow.Id] = row.IsNewest ? sealer.TryOpen(key) : null;
        }

        return Array.ConvertAll(page, row => rows.TryCheck(row.Version, opened.GetValueOrDefault(row.Version.UnverifiedRow.KeyId)));
    }
}
