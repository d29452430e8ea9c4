using Qkms.Core.Aliases;
using Qkms.Core.Callers;
using Qkms.Core.Idempotency;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Tags;

/// <summary>Sets, removes and lists the tags of keys.</summary>
internal sealed class TagChanges(
    IKmsStore store,
    IKeyTagRepository repository,
    NamedKeys keys,
    Changes changes,
    JournalWriter journal,
    RowSealer sealer,
    ListCursor cursors,
    IdGenerator ids,
    TimeProvider time)
{
    private const string List = "tags";

    /// <summary>Adds tags, or gives those that are there other values.</summary>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.KeyVersionNotFound"/>, <see cref="KmsErrors.KeyDestroyed"/> for a key that waits for its deletion,
    /// <see cref="KmsErrors.QuotaExceeded"/>: there would be more than <see cref="KeyTags.Most"/>.
    /// </exception>
    /// <exception cref="SealBrokenException">The row of the key, or of its tags, does not match its seal.</exception>
    public Task SetAsync(
        Caller caller, KeyId keyId, IReadOnlyDictionary<string, string> tags, CancellationToken cancellationToken) => ChangeAsync(
            caller,
            keyId,
            all =>
            {
                foreach ((string key, string value) in tags)
                    all[key] = value;

                if (all.Count > KeyTags.Most)
                    throw KmsErrors.QuotaExceeded.With($"A key has at most {KeyTags.Most} tags.");
            },
            (actor, after, now) => TagEvents.AboutSetting(ids.Next(), actor, after, now, tags.Count),
            cancellationToken);

    /// <summary>Removes tags; one that is not there is passed over.</summary>
    /// <exception cref="KmsException">As above.</exception>
    /// <exception cref="SealBrokenException">As above.</exception>
    public Task RemoveAsync(Caller caller, KeyId keyId, IReadOnlyCollection<string> tagKeys, CancellationToken cancellationToken)
    {
        int removed = 0;
        return ChangeAsync(
            caller,
            keyId,
            all => removed = tagKeys.Count(all.Remove),
            (actor, after, now) => TagEvents.AboutRemoval(ids.Next(), actor, after, now, removed),
            cancellationToken);
    }

    /// <summary>One page of the tags of a key, by the order of their UTF-16 units.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="keyId">The key.</param>
    /// <param name="cursor">Where the page before ended; null = from the first.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <returns>The page; null for a cursor that is not this list's.</returns>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>.</exception>
    /// <exception cref="SealBrokenException">As above.</exception>
    public async Task<TagPage?> ListAsync(
        Caller caller, KeyId keyId, string? cursor, int limit, CancellationToken cancellationToken)
    {
        // Of one key alone: a cursor of another one is none of this list.
        string list = $"{List} {keyId}";
        string? last = null;
        if (cursor is not null && !cursors.TryReadText(list, caller.TenantId, cursor, out last))
            return null;

        KeyTags? row = await store.ReadAsync(
            async session =>
            {
                await keys.GetAsync(session, caller, keyId);
                return await FindAsync(session, caller.TenantId, keyId);
            },
            cancellationToken);
        KeyValuePair<string, string>[] left =
            [.. row?.Read().Where(tag => last is null || string.CompareOrdinal(tag.Key, last) > 0) ?? []];
        return new TagPage(
            left.Length > limit ? left[..limit] : left,
            left.Length > limit ? cursors.WriteText(list, caller.TenantId, left[limit - 1].Key) : null);
    }

    private Task<bool> ChangeAsync(
        Caller caller,
        KeyId keyId,
        Action<SortedDictionary<string, string>> change,
        Func<JournalActor, Sealed<KeyTags>, DateTimeOffset, JournalEvent> tell,
        CancellationToken cancellationToken)
    {
        return changes.TryMakeAsync(caller, PlanAsync, cancellationToken);

        async Task<Func<IKmsSession, Task<bool>>?> PlanAsync()
        {
            KeyTags? before = await store.ReadAsync(
                async session =>
                {
                    NamedKeys.RefuseWaiting(await keys.GetAsync(session, caller, keyId));
                    return await FindAsync(session, caller.TenantId, keyId);
                },
                cancellationToken);
            KeyTags found = before ?? KeyTags.NoneOf(caller.TenantId, keyId);
            SortedDictionary<string, string> tags = found.Read();
            change(tags);
            KeyTags changed = found.With(tags);

            // Nothing is written where nothing changes.
            if (changed.Text == found.Text)
                return null;

            Sealed<KeyTags> after = sealer.Seal(changed);
            JournalEvent happened = tell(JournalActor.Of(caller), after, time.GetUtcMilliseconds());
            return session => TryWriteAsync(session, caller, before, after, happened);
        }
    }

    private async Task<bool> TryWriteAsync(
        IKmsSession session, Caller caller, KeyTags? before, Sealed<KeyTags> after, JournalEvent happened)
    {
        KeyTags tags = after.UnverifiedRow;
        NamedKeys.RefuseWaiting(await keys.LockAsync(session, caller, tags.KeyId));
        Sealed<KeyTags>? row = await repository.FindAsync(session, tags.TenantId, tags.KeyId);
        bool holds = before is null
            ? row is null
            : row is { Seal.Length: > 0 } && RowSealer.SayTheSame(before, row.UnverifiedRow);
        if (!holds)
            return false;

        if (!await (before is null ? repository.InsertAsync(session, after) : repository.UpdateAsync(session, after)))
            throw new SealBrokenException(tags.LogName);

        await journal.AppendAsync(session, happened);
        return true;
    }

    private async Task<KeyTags?> FindAsync(IKmsSession session, TenantId tenantId, KeyId keyId) =>
        await repository.FindAsync(session, tenantId, keyId) is { } row ? sealer.Open(row) : null;
}

/// <summary>One page of the tags of a key.</summary>
/// <param name="Tags">The tags.</param>
/// <param name="NextCursor">Where the next page begins; null = this is the last.</param>
internal sealed record TagPage(IReadOnlyList<KeyValuePair<string, string>> Tags, string? NextCursor);
