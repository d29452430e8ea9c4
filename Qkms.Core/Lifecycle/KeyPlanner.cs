using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Store;

namespace Qkms.Core.Lifecycle;

/// <summary>
/// Makes all that a change of a key writes. Wrapping and sealing hold nobody up before the write begins; inside it everybody else's
/// writes would wait for them.
/// </summary>
internal sealed class KeyPlanner(RowSealer sealer, IdGenerator ids, TimeProvider time)
{
    /// <summary>The plan that adds the first version of a key, or the next one of a key without an active version.</summary>
    /// <param name="actor">Who changes it.</param>
    /// <param name="key">The key; new, or as it was read.</param>
    /// <param name="isNew">Whether its row is still to be written.</param>
    /// <param name="version">The version.</param>
    /// <param name="material">Its wrapped private key.</param>
    internal KeyPlan Add(JournalActor actor, Key key, bool isNew, KeyVersion version, KeyMaterial material)
    {
        Sealed<KeyVersion> added = sealer.Seal(version);
        Sealed<Key> changed = Extended(key, version);
        return new KeyPlan
        {
            Key = key,
            NewKey = isNew ? sealer.Seal(key) : null,
            NewVersion = (added, material),
            NewUsage = version.CountsUses ? UsageOf(version) : null,
            ChangedKey = changed,
            Events = [KeyEvents.About(ids.Next(), version.CreatedAt, actor, JournalActions.KeyGenerated, added, changed, before: null)],
        };
    }

    /// <summary>The plan that adds a version in the place of the active one, or of the newest where none is active.</summary>
    /// <param name="actor">Who changes it.</param>
    /// <param name="key">The key as it was read.</param>
    /// <param name="old">That version as it was read.</param>
    /// <param name="retired">The same with its successor, retired if it was active.</param>
    /// <param name="version">The version that takes its place.</param>
    /// <param name="material">That one's wrapped private key.</param>
    internal KeyPlan Rotate(JournalActor actor, Key key, KeyVersion old, KeyVersion retired, KeyVersion version, KeyMaterial material)
    {
        Sealed<KeyVersion> added = sealer.Seal(version);
        Sealed<KeyVersion> superseded = sealer.Seal(Rewritten(old, retired));
        Sealed<Key> changed = Extended(key, version, superseded.UnverifiedRow);
        return new KeyPlan
        {
            Key = key,
            Version = old,
            ChangedVersion = superseded,
            NewVersion = (added, material),
            NewUsage = version.CountsUses ? UsageOf(version) : null,
            ChangedKey = changed,
            Events =
            [
                KeyEvents.About(ids.Next(), version.CreatedAt, actor, JournalActions.KeyRotated, added, changed, before: null),
                .. old.State == KeyState.Active
                    ?
                    [
                        KeyEvents.About(
                            ids.Next(), version.CreatedAt, actor, JournalActions.KeyRetired, superseded, changed, old, "rotation"),
                    ]
                    : (JournalEvent[])[],
            ],
        };
    }

    /// <summary>
    /// The plan that changes the state of a version, and of its key what depends on it. Where nothing changes nothing is written.
    /// </summary>
    /// <param name="actor">Who changes it.</param>
    /// <param name="key">The key as it was read.</param>
    /// <param name="before">The version as it was read.</param>
    /// <param name="after">The version as it will be; the same object when nothing changes.</param>
    /// <param name="action">What happens, for the journal.</param>
    /// <param name="reason">The reason that was given.</param>
    internal KeyPlan Change(JournalActor actor, Key key, KeyVersion before, KeyVersion after, string action, string? reason)
    {
        KeyPlan plan = new() { Key = key, Version = before };
        if (ReferenceEquals(before, after))
            return plan;

        Sealed<KeyVersion> written = sealer.Seal(Rewritten(before, after));
        Sealed<Key> changed = sealer.Seal(key with
        {
            ActiveKid = key.ActiveKid == before.Kid && after.State != KeyState.Active ? null : key.ActiveKid,
            DestroyedCount = key.DestroyedCount + (after.State == KeyState.Destroyed ? 1 : 0),
            States = key.States.With(written.UnverifiedRow),
            RotationPeriod = after.RotationPeriod,
            NextRotationAt = after.NextRotationAt,
            RowVersion = key.RowVersion + 1,
        });
        return plan with
        {
            ChangedVersion = written,
            ChangedKey = changed,
            NewUsage = after.CountsUses && !before.CountsUses ? UsageOf(after) : null,
            Events = [KeyEvents.About(ids.Next(), time.GetUtcMilliseconds(), actor, action, written, changed, before, reason)],
        };
    }

    // The key's row holds the row version of each of its versions: no version changes without its key.
    private static KeyVersion Rewritten(KeyVersion before, KeyVersion after) => after with { RowVersion = before.RowVersion + 1 };

    private Sealed<KeyUsage> UsageOf(KeyVersion version) => sealer.Seal(KeyUsage.NoneOf(version));

    private Sealed<Key> Extended(Key key, KeyVersion version, KeyVersion? retired = null) => sealer.Seal(key with
    {
        ActiveKid = version.Kid,
        NextVersion = key.NextVersion + 1,
        VersionCount = key.VersionCount + 1,
        States = (retired is null ? key.States : key.States.With(retired)).With(version),
        RotationPeriod = version.RotationPeriod,
        NextRotationAt = version.NextRotationAt,
        RowVersion = key.RowVersion + 1,
    });
}
