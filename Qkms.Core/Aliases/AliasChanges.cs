using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Idempotency;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Aliases;

/// <summary>
/// Makes, moves and removes aliases. Every unit takes its locks in the same order: the keys by their ids, the alias, the journal.
/// </summary>
internal sealed class AliasChanges(
    IKmsStore store,
    IAliasRepository aliases,
    AliasRows rows,
    KnownAliases known,
    NamedKeys keys,
    Changes changes,
    JournalWriter journal,
    RowSealer sealer,
    IdGenerator ids,
    TimeProvider time)
{
    /// <summary>Gives a key a name; false when the name is taken, whatever key it is of.</summary>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.KeyVersionNotFound"/>, <see cref="KmsErrors.KeyDestroyed"/> for a key that waits for its deletion,
    /// <see cref="KmsErrors.QuotaExceeded"/>.
    /// </exception>
    /// <exception cref="SealBrokenException">The row of the key does not match its seal, or one of that name is missing.</exception>
    public Task<bool> CreateAsync(Caller caller, AliasName name, KeyId keyId, CancellationToken cancellationToken)
    {
        return changes.TryMakeAsync(caller, PlanAsync, cancellationToken);

        async Task<Func<IKmsSession, Task<bool>>?> PlanAsync()
        {
            Alias? taken = await store.ReadAsync(
                async session =>
                {
                    NamedKeys.RefuseWaiting(await keys.GetAsync(session, caller, keyId));
                    return await rows.FindAsync(session, caller.TenantId, name);
                },
                cancellationToken);
            if (taken is not null)
                return null;

            DateTimeOffset now = time.GetUtcMilliseconds();
            Sealed<Alias> made = sealer.Seal(new Alias
            {
                TenantId = caller.TenantId,
                Name = name,
                KeyId = keyId,
                CreatedAt = now,
                UpdatedAt = now,
                RowVersion = 1,
            });
            JournalEvent happened = AliasEvents.About(ids.Next(), JournalActor.Of(caller), JournalActions.AliasCreated, made);
            return session => TryInsertAsync(session, caller, made, happened);
        }
    }

    /// <summary>Gives a name to another key; false when there is no alias that the caller may know of.</summary>
    /// <exception cref="KmsException">
    /// As above, and <see cref="KmsErrors.Invalid"/> for a key of another type or use: what the alias names would not do the same.
    /// </exception>
    /// <exception cref="SealBrokenException">A row of a key, or that of the alias, is not as it was written.</exception>
    public Task<bool> UpdateAsync(Caller caller, AliasName name, KeyId keyId, CancellationToken cancellationToken)
    {
        return changes.TryMakeAsync(caller, PlanAsync, cancellationToken);

        async Task<Func<IKmsSession, Task<bool>>?> PlanAsync()
        {
            Alias? before = await store.ReadAsync(
                async session =>
                {
                    if (await FindAsync(session, caller, name) is not { } alias)
                        return null;

                    NamedKeys.RefuseWaiting(await keys.GetAsync(session, caller, keyId));
                    return alias;
                },
                cancellationToken);
            if (before is null)
                return null;

            Sealed<Alias> after = sealer.Seal(before with
            {
                KeyId = keyId,
                UpdatedAt = time.GetUtcMilliseconds(),
                RowVersion = before.RowVersion + 1,
            });
            JournalEvent happened = AliasEvents.About(ids.Next(), JournalActor.Of(caller), JournalActions.AliasUpdated, after);
            return session => TryUpdateAsync(session, caller, before, after, happened);
        }
    }

    /// <summary>Removes an alias; false when there is none that the caller may know of. Its key stays as it is.</summary>
    /// <exception cref="SealBrokenException">As above.</exception>
    public Task<bool> DeleteAsync(Caller caller, AliasName name, CancellationToken cancellationToken)
    {
        return changes.TryMakeAsync(caller, PlanAsync, cancellationToken);

        async Task<Func<IKmsSession, Task<bool>>?> PlanAsync()
        {
            if (await store.ReadAsync(session => FindAsync(session, caller, name), cancellationToken) is not { } alias)
                return null;

            JournalEvent happened =
                AliasEvents.AboutDeletion(ids.Next(), JournalActor.Of(caller), alias, time.GetUtcMilliseconds());
            return session => TryDeleteAsync(session, caller, alias, happened);
        }
    }

    private async Task<bool> TryInsertAsync(IKmsSession session, Caller caller, Sealed<Alias> made, JournalEvent happened)
    {
        Alias alias = made.UnverifiedRow;
        NamedKeys.RefuseWaiting(await keys.LockAsync(session, caller, alias.KeyId));
        await RequireRoomAsync(session, alias);
        if (!await aliases.InsertAsync(session, made))
            return false;

        await journal.AppendAsync(session, happened);

        // Units that change something of a tenant hold its journal, one after the other: each sees what the one before it has committed.
        if (await aliases.HasMoreThanAsync(session, alias.TenantId, Alias.MostOfTenant))
            throw KmsErrors.QuotaExceeded.With($"A tenant has at most {Alias.MostOfTenant} aliases.");

        session.OnCommitted(() => known.Forget(alias));
        return true;
    }

    private async Task<bool> TryUpdateAsync(
        IKmsSession session, Caller caller, Alias before, Sealed<Alias> after, JournalEvent happened)
    {
        Alias alias = after.UnverifiedRow;
        Dictionary<KeyId, Key> held = [];
        foreach (KeyId id in new[] { before.KeyId, alias.KeyId }.Distinct().OrderBy(id => id.Value))
            held[id] = await keys.LockAsync(session, caller, id);

        if (!await HoldsAsync(session, before))
            return false;

        NamedKeys.RefuseWaiting(held[alias.KeyId]);
        RequireAlike(held[before.KeyId], held[alias.KeyId]);
        if (alias.KeyId != before.KeyId)
            await RequireRoomAsync(session, alias);

        if (!await aliases.UpdateAsync(session, after))
            throw new SealBrokenException(alias.LogName);

        await journal.AppendAsync(session, happened);
        session.OnCommitted(() => known.Forget(alias));
        return true;
    }

    private async Task<bool> TryDeleteAsync(IKmsSession session, Caller caller, Alias alias, JournalEvent happened)
    {
        await keys.LockAsync(session, caller, alias.KeyId);
        if (!await HoldsAsync(session, alias))
            return false;

        if (!await aliases.DeleteAsync(session, alias))
            throw new SealBrokenException(alias.LogName);

        await journal.AppendAsync(session, happened);
        session.OnCommitted(() => known.Forget(alias));
        return true;
    }

    // Of a key outside the API key's narrowing it is as absent as one that does not exist.
    private async Task<Alias?> FindAsync(IKmsSession session, Caller caller, AliasName name) =>
        await rows.FindAsync(session, caller.TenantId, name) is { } alias
        && await keys.MayKnowAsync(session, caller, alias.KeyId) ? alias : null;

    private async Task<bool> HoldsAsync(IKmsSession session, Alias planned) =>
        await aliases.LockAsync(session, planned.TenantId, planned.Name) is { Seal.Length: > 0 } row
        && RowSealer.SayTheSame(planned, row.UnverifiedRow);

    // Exact: the unit holds the key.
    private async Task RequireRoomAsync(IKmsSession session, Alias alias)
    {
        if (await aliases.CountOfKeyAsync(session, alias.TenantId, alias.KeyId) >= Alias.MostOfKey)
            throw KmsErrors.QuotaExceeded.With($"A key has at most {Alias.MostOfKey} aliases.");
    }

    // AWS KMS, UpdateAlias: both symmetric, both asymmetric or both HMAC, and of the same use.
    private static void RequireAlike(Key before, Key after)
    {
        if (KindOf(before) != KindOf(after))
            throw KmsErrors.Invalid.With("The current and the new key of an alias must be of the same type and have the same key usage.");
    }

    private static (bool IsSymmetric, string Usage) KindOf(Key key) =>
        (key.Address.Algorithm.Family.IsSymmetric, AwsNames.KeyUsageOf(key.Address.Algorithm, key.Address.Use));
}
