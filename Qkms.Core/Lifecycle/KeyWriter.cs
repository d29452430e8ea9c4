using Qkms.Core.Errors;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Names;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Time;
using Qkms.Core.Uses;

namespace Qkms.Core.Lifecycle;

/// <summary>Writes rows of keys with their seals and their journal entries, and lets memory forget what was written.</summary>
public sealed class KeyWriter(IKeyRepository keys, IAuditRepository journal, RowSealer sealer, KeyStates states, MaterialCache materials, IdGenerator ids, TimeProvider time)
{
    /// <summary>Adds a version with its material, and puts it into the active slot of its key.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyChanged"/>: the kid is taken.</exception>
    internal async Task InsertAsync(IKmsSession session, VersionPlan plan)
    {
        session.OnCommitted(() => states.Forget(plan.Version));
        if (!await keys.InsertVersionAsync(session, plan.Row, plan.Material))
            throw KidTaken(plan.Version.Kid);

        await UpdateAsync(session, plan.After);
    }

    /// <summary>Writes a version over the row that was read.</summary>
    internal async Task UpdateAsync(IKmsSession session, KeyVersion version)
    {
        if (!await keys.UpdateVersionAsync(session, sealer.Seal(version)))
            throw new SealBrokenException(version.LogName);

        session.OnCommitted(() => Forget(version));
    }

    /// <summary>Writes a key over the row that was read.</summary>
    internal Task UpdateAsync(IKmsSession session, Key key) => UpdateAsync(session, sealer.Seal(key with { RowVersion = key.RowVersion + 1 }));

    internal static KmsException KidTaken(Kid kid) => KmsErrors.KeyChanged.With($"A key version with the kid '{kid}' already exists.", new FieldError("kid", "taken"));

    private async Task UpdateAsync(IKmsSession session, Sealed<Key> row)
    {
        if (!await keys.UpdateKeyAsync(session, row))
            throw new SealBrokenException(row.UnverifiedRow.LogName);
    }

    /// <summary>Writes the next row of a version, what it changes of its key, and the journal entry.</summary>
    /// <param name="session">The unit, which holds the key.</param>
    /// <param name="actor">Who changes it.</param>
    /// <param name="key">Its key.</param>
    /// <param name="before">The version as it was read.</param>
    /// <param name="after">The version as it will be.</param>
    /// <param name="action">What happens, for the journal.</param>
    /// <param name="reason">The reason that was given.</param>
    internal async Task ReplaceAsync(IKmsSession session, AuditActor actor, Key key, KeyVersion before, KeyVersion after, string action, string? reason)
    {
        await UpdateAsync(session, after);
        Key changed = key with
        {
            ActiveKid = key.ActiveKid == before.Kid ? null : key.ActiveKid,
            DestroyedCount = key.DestroyedCount + (after.State == KeyState.Destroyed ? 1 : 0),
        };
        if (changed != key)
            await UpdateAsync(session, changed);

        await journal.InsertAsync(session, KeyEvents.About(ids.Next(), time.GetUtcMilliseconds(), actor, action, after, before, reason));
    }

    // The next request on this node sees the change, and a key that nobody may use any more is not kept in memory either.
    private void Forget(KeyVersion version)
    {
        states.Forget(version);
        if (KeyStateRules.IsOver(version))
            materials.Drop(version.Id);
    }
}
