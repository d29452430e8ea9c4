using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Store;
using Qkms.Core.Tags;

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
    /// <param name="newest">Its newest version until now; null when its row is still to be written.</param>
    /// <param name="version">The version.</param>
    /// <param name="material">Its wrapped private key.</param>
    internal KeyPlan Add(JournalActor actor, Key key, KeyVersion? newest, KeyVersion version, KeyMaterial material)
    {
        Sealed<KeyVersion> added = sealer.Seal(version);
        Sealed<Key> changed = Extended(key, version);
        return new KeyPlan
        {
            Key = key,
            NewKey = newest is null ? sealer.Seal(key) : null,
            Outdated = newest,
            NewVersion = (added, material),
            NewUsage = version.CountsUses ? UsageOf(version) : null,
            ChangedKey = changed,
            Events = [KeyEvents.About(ids.Next(), version.CreatedAt, actor, JournalActions.KeyGenerated, added, changed, before: null)],
        };
    }

    /// <summary>The plan of a new key with tags that it begins with.</summary>
    /// <param name="actor">Who makes it.</param>
    /// <param name="plan">The plan without them.</param>
    /// <param name="tags">The tags, at least one.</param>
    internal KeyPlan Tag(JournalActor actor, KeyPlan plan, IReadOnlyDictionary<string, string> tags)
    {
        Key key = plan.Key;
        Sealed<KeyTags> first = sealer.Seal(KeyTags.NoneOf(key.TenantId, key.Id).With(new(tags.ToDictionary(), StringComparer.Ordinal)));
        return plan with
        {
            NewTags = first,
            Events = [.. plan.Events, TagEvents.AboutSetting(ids.Next(), actor, first, key.CreatedAt, tags.Count)],
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
        string action = old.State == KeyState.Active ? JournalActions.KeyRetired : JournalActions.KeySuperseded;
        return new KeyPlan
        {
            Key = key,
            Version = old,
            ChangedVersion = superseded,
            Outdated = superseded.UnverifiedRow,
            NewVersion = (added, material),
            NewUsage = version.CountsUses ? UsageOf(version) : null,
            ChangedKey = changed,
            Events =
            [
                KeyEvents.About(ids.Next(), version.CreatedAt, actor, JournalActions.KeyRotated, added, changed, before: null),
                KeyEvents.About(ids.Next(), version.CreatedAt, actor, action, superseded, changed, old, "rotation"),
            ],
        };
    }

    /// <summary>
    /// The plans of a rotation to another algorithm: the chain leaves one key, whose active slot is then empty, and goes on in another.
    /// </summary>
    /// <param name="actor">Who changes them.</param>
    /// <param name="from">The version as it was read, and its key.</param>
    /// <param name="retired">The version with its successor, retired if it was active.</param>
    /// <param name="home">The key of the successor; new, or as it was read.</param>
    /// <param name="newest">That key's newest version until now; null when its row is still to be written.</param>
    /// <param name="version">The successor.</param>
    /// <param name="material">Its wrapped private key.</param>
    internal IReadOnlyList<KeyPlan> Migrate(
        JournalActor actor,
        KeyAndVersion from,
        KeyVersion retired,
        Key home,
        KeyVersion? newest,
        KeyVersion version,
        KeyMaterial material)
    {
        (Key key, KeyVersion old) = from;
        Sealed<KeyVersion> superseded = sealer.Seal(Rewritten(old, retired));
        Sealed<Key> left = sealer.Seal(key with
        {
            ActiveKid = key.ActiveKid == old.Kid ? null : key.ActiveKid,
            States = key.States.With(superseded.UnverifiedRow),
            RowVersion = key.RowVersion + 1,
        });
        Sealed<KeyVersion> added = sealer.Seal(version);
        Sealed<Key> entered = Extended(home, version);
        string action = old.State == KeyState.Active ? JournalActions.KeyRetired : JournalActions.KeySuperseded;
        KeyPlan leaving = new()
        {
            Key = key,
            Version = old,
            ChangedVersion = superseded,
            Outdated = superseded.UnverifiedRow,
            ChangedKey = left,
            Events = [KeyEvents.About(ids.Next(), version.CreatedAt, actor, action, superseded, left, old, "rotation")],
        };
        KeyPlan entering = new()
        {
            Key = home,
            NewKey = newest is null ? sealer.Seal(home) : null,
            Outdated = newest,
            NewVersion = (added, material),
            NewUsage = version.CountsUses ? UsageOf(version) : null,
            ChangedKey = entered,
            Events = [KeyEvents.About(ids.Next(), version.CreatedAt, actor, JournalActions.KeyRotated, added, entered, before: null)],
        };
        return [leaving, entering];
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
    /// <param name="isWithKey">Whether it is part of the deletion of its key, which is then not cancelled any more.</param>
    internal KeyPlan Change(
        JournalActor actor, Key key, KeyVersion before, KeyVersion after, string action, string? reason, bool isWithKey = false)
    {
        KeyPlan plan = new() { Key = key, Version = before };
        if (ReferenceEquals(before, after))
            return plan;

        Sealed<KeyVersion> written = sealer.Seal(Rewritten(before, after));
        bool isDestroyed = after.State == KeyState.Destroyed;
        bool isLast = isDestroyed && key.DestroyedCount + 1 == key.VersionCount;
        Sealed<Key> changed = sealer.Seal(key with
        {
            ActiveKid = key.ActiveKid == before.Kid && after.State != KeyState.Active ? null : key.ActiveKid,
            DestroyedCount = key.DestroyedCount + (isDestroyed ? 1 : 0),

            // Of a key that waits for its deletion nothing is left then, whatever destroyed the last version.
            DeleteAt = isLast ? null : key.DeleteAt,
            DeleteOrderedAt = isLast || isWithKey ? null : key.DeleteOrderedAt,
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

    /// <summary>The plan that changes a key as a whole. Where nothing changes nothing is written.</summary>
    /// <param name="actor">Who changes it.</param>
    /// <param name="before">The key as it was read.</param>
    /// <param name="after">The key as it will be; the same object when nothing changes.</param>
    /// <param name="action">What happens, for the journal.</param>
    /// <param name="reason">What the journal says of it.</param>
    internal KeyPlan Change(JournalActor actor, Key before, Key after, string action, string? reason)
    {
        KeyPlan plan = new() { Key = before };
        if (ReferenceEquals(before, after))
            return plan;

        Sealed<Key> changed = sealer.Seal(after with { RowVersion = before.RowVersion + 1 });
        return plan with
        {
            ChangedKey = changed,
            Events = [KeyEvents.About(ids.Next(), time.GetUtcMilliseconds(), actor, action, changed, before, reason)],
        };
    }

    /// <summary>The plan that moves on when a key rotates next by itself, because that time has come.</summary>
    /// <param name="actor">Who changes it.</param>
    /// <param name="found">The key and its active version as they were read.</param>
    /// <param name="at">The next time.</param>
    internal KeyPlan RotateNextAt(JournalActor actor, KeyAndVersion found, DateTimeOffset at)
    {
        (Key key, KeyVersion version) = found;
        Sealed<Key> changed = sealer.Seal(key with { NextRotationAt = at, RowVersion = key.RowVersion + 1 });
        JournalEvent due = KeyEvents.About(
            ids.Next(), time.GetUtcMilliseconds(), actor, JournalActions.KeyRotationDue, version, version);
        return new KeyPlan { Key = key, ChangedKey = changed, Events = [due with { KeySeal = changed.Seal }] };
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
