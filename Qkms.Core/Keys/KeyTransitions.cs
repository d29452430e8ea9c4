namespace Qkms.Core.Keys;

/// <summary>The life of a key version as pure functions: a row and the time go in, the next row or a refusal comes out.</summary>
internal static class KeyTransitions
{
    /// <summary>The version after its retirement; itself when it is retired already.</summary>
    public static KeyVersion Retire(KeyVersion version, bool allowNoActive, DateTimeOffset now) => version.State switch
    {
        _ when version.DestroyAt is not null => throw Refuse(version),
        KeyState.Retired => version,
        KeyState.Active when allowNoActive => version with { State = KeyState.Retired, RetiredAt = now },
        KeyState.Active => throw KmsErrors.OnlyActiveKey.With(
            $"Version {version.Version} is the only active one of its key: rotate it, or set allow_no_active."),
        _ => throw Refuse(version),
    };

    /// <summary>
    /// The version after its revocation; itself when it is revoked already. One that waits for its destruction goes on waiting, and a
    /// cancellation does not make it usable again.
    /// </summary>
    public static KeyVersion Revoke(KeyVersion version, DateTimeOffset now) => version.State switch
    {
        KeyState.Revoked => version,
        KeyState.Active or KeyState.Retired => version with { State = KeyState.Revoked, RevokedAt = now },
        _ => throw Refuse(version),
    };

    /// <summary>
    /// The version after <paramref name="successor"/> took its place. The active one is retired; the newest of a key without an active one
    /// keeps its state.
    /// </summary>
    public static KeyVersion Supersede(KeyVersion version, Kid successor, DateTimeOffset now) => version switch
    {
        { NextKid: not null } => throw KmsErrors.KeyChanged.With($"Key '{version.Kid}' was already rotated."),
        { State: KeyState.Active } => version with { State = KeyState.Retired, RetiredAt = now, NextKid = successor },
        _ => version with { NextKid = successor },
    };

    /// <summary>
    /// Refuses a version that cannot have a successor: one that is over or has one, and one that is neither active nor the newest of a key
    /// without an active one. The versions of a key so follow each other in the order of their numbers.
    /// </summary>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.KeyRevoked"/>, <see cref="KmsErrors.KeyDestroyed"/>, <see cref="KmsErrors.KeyChanged"/>,
    /// <see cref="KmsErrors.ActiveKeyExists"/>, <see cref="KmsErrors.KeyDisabled"/>.
    /// </exception>
    public static void RequireRotatable(KeyAndVersion found)
    {
        (Key key, KeyVersion version) = found;
        if (KeyStateRules.IsOver(version))
            throw Refuse(version);

        if (version.NextKid is { } next)
        {
            throw KmsErrors.KeyChanged.With(
                $"Key '{version.Kid}' was already rotated: '{next}' replaced it.", new FieldError("next_kid", next.Value));
        }

        if (key.ActiveKid is { } active && active != version.Kid)
            throw KmsErrors.ActiveKeyExists.With($"Key '{version.Kid}' is not active, and '{active}' is: rotate that one.");

        if (key.ActiveKid is null && version.Version != key.NextVersion - 1)
            throw KmsErrors.KeyChanged.With($"Key '{version.Kid}' is not the newest version of its key: rotate that one.");

        RequireEnabled(key);
    }

    /// <summary>Refuses a key that gets no further version: it is disabled, or waits for its deletion, or is deleted.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyDisabled"/>, <see cref="KmsErrors.KeyDestroyed"/>.</exception>
    public static void RequireEnabled(Key key)
    {
        if (key.Enablement == KeyEnablement.PendingDeletion)
            throw RefusePending(key);

        if (key.Enablement != KeyEnablement.Enabled)
            throw KmsErrors.KeyDisabled.Refusal();
    }

    /// <summary>The key after it was switched on; itself when it is on.</summary>
    public static Key Enable(Key key) => Switch(key, KeyEnablement.Enabled);

    /// <summary>The key after it was switched off; itself when it is off.</summary>
    public static Key Disable(Key key) => Switch(key, KeyEnablement.Disabled);

    /// <summary>The key with another description; itself when it has that one. An empty one is none.</summary>
    public static Key Describe(Key key, string description) =>
        key.Enablement == KeyEnablement.PendingDeletion ? throw RefusePending(key)
        : (key.Description ?? "") == description ? key
        : key with { Description = description.Length == 0 ? null : description };

    /// <summary>The key with a date of its deletion.</summary>
    public static Key ScheduleDeletion(Key key, DateTimeOffset at, DateTimeOffset now) =>
        key.Enablement == KeyEnablement.PendingDeletion
            ? throw RefusePending(key)
            : key with { Enablement = KeyEnablement.PendingDeletion, DeleteAt = at, DeleteOrderedAt = now };

    /// <summary>The key after its deletion was called off: nobody uses it until somebody switches it on.</summary>
    public static Key CancelDeletion(Key key) => key switch
    {
        { Enablement: not KeyEnablement.PendingDeletion } => throw KmsErrors.KeyChanged.With("The key does not wait for its deletion."),
        { DeleteOrderedAt: null } => throw KmsErrors.KeyDestroyed.With("The deletion of the key has begun."),
        _ => key with { Enablement = KeyEnablement.Disabled, DeleteAt = null, DeleteOrderedAt = null },
    };

    private static Key Switch(Key key, KeyEnablement enablement) => key.Enablement switch
    {
        KeyEnablement.PendingDeletion => throw RefusePending(key),
        KeyEnablement.PendingImport => throw KmsErrors.KeyDisabled.With("The key has no material yet."),
        _ => key.Enablement == enablement ? key : key with { Enablement = enablement },
    };

    private static KmsException RefusePending(Key key) => KmsErrors.KeyDestroyed.With(
        key.IsGone ? "The key is deleted, and gets no version any more: use another name."
        : key.DeleteOrderedAt is null ? "The key is being deleted."
        : "The key waits for its deletion: cancel that first.");

    /// <summary>The version with a date of its destruction; itself when it has one already, which stands until it is cancelled.</summary>
    public static KeyVersion ScheduleDestruction(KeyVersion version, DateTimeOffset at, DateTimeOffset now) => version.State switch
    {
        KeyState.Retired or KeyState.Revoked =>
            version.DestroyAt is null ? version with { DestroyAt = at, DestroyOrderedAt = now } : version,
        KeyState.Active => throw KmsErrors.OnlyActiveKey.With($"Key '{version.Kid}' is active: retire or revoke it first."),
        _ => throw Refuse(version),
    };

    /// <summary>The version without a date of its destruction; itself when it has none.</summary>
    public static KeyVersion CancelDestruction(KeyVersion version) => version.State switch
    {
        KeyState.Destroyed => throw Refuse(version),
        _ => version.DestroyAt is null ? version : version with { DestroyAt = null, DestroyOrderedAt = null },
    };

    /// <summary>
    /// The version after a merge patch of its limits and labels; itself when nothing changes. A rotation period counts from now on.
    /// </summary>
    public static KeyVersion Update(KeyVersion version, KeyLimitChanges limits, LabelChanges labels, DateTimeOffset now)
    {
        if (KeyStateRules.IsOver(version))
            throw Refuse(version);

        TimeSpan? period = limits.RotationPeriod.Or(version.RotationPeriod);
        KeyVersion after = version with
        {
            Limits = version.Limits.With(limits, now),
            Labels = labels.IsGiven ? version.Labels.With(labels.Patch) : version.Labels,
            RotationPeriod = period,
            NextRotationAt = period == version.RotationPeriod ? version.NextRotationAt : now + period,
        };
        return after == version ? version : after;
    }

    /// <summary>The version after its destruction, or null when its time has not come, or not any more.</summary>
    public static KeyVersion? Destroy(KeyVersion version, DateTimeOffset now) =>
        version.State is KeyState.Retired or KeyState.Revoked && version.DestroyAt <= now
            ? version with { State = KeyState.Destroyed, DestroyAt = null, DestroyOrderedAt = null, DestroyedAt = now }
            : null;

    /// <summary>The version after the deletion of its key, or null when that is not due, or the version is destroyed.</summary>
    public static KeyVersion? DestroyWithKey(KeyAndVersion found, DateTimeOffset now) =>
        found is { Key: { Enablement: KeyEnablement.PendingDeletion, DeleteAt: { } at }, Version.State: not KeyState.Destroyed }
        && at <= now
            ? EndRetention(found.Version, now)
            : null;

    /// <summary>The version after the destruction that nobody has to order of it: of one that is kept for a time, after that.</summary>
    public static KeyVersion EndRetention(KeyVersion version, DateTimeOffset now) =>
        version with { State = KeyState.Destroyed, DestroyAt = null, DestroyOrderedAt = null, DestroyedAt = now };

    private static KmsException Refuse(KeyVersion version) => version.State switch
    {
        KeyState.Destroyed => KmsErrors.KeyDestroyed.With($"Key '{version.Kid}' is destroyed."),
        _ when version.DestroyAt is not null =>
            KmsErrors.KeyDestroyed.With($"Key '{version.Kid}' waits for its destruction: cancel that first."),
        KeyState.Revoked => KmsErrors.KeyRevoked.With($"Key '{version.Kid}' is revoked."),
        _ => throw new InvalidOperationException("A key version has a state that this version of Qkms does not know."),
    };
}
