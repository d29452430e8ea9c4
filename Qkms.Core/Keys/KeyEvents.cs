using Qkms.Core.Journal;
using Qkms.Core.Store;

namespace Qkms.Core.Keys;

/// <summary>Makes journal entries about keys.</summary>
internal static class KeyEvents
{
    /// <summary>
    /// The entry for a change that made <paramref name="after"/> of <paramref name="before"/>, or made it anew, with the seals of the rows
    /// that it leaves behind: whoever puts an older row back is found by the journal.
    /// </summary>
    public static JournalEvent About(
        Guid id,
        DateTimeOffset time,
        JournalActor actor,
        string action,
        Sealed<KeyVersion> after,
        Sealed<Key> key,
        KeyVersion? before,
        string? reason = null) =>
        About(id, time, actor, action, after.UnverifiedRow, before, reason) with { RowSeal = after.Seal, KeySeal = key.Seal };

    /// <summary>The entry for what left the rows as they were.</summary>
    public static JournalEvent About(
        Guid id, DateTimeOffset time, JournalActor actor, string action, KeyVersion after, KeyVersion? before, string? reason = null) =>
        new()
        {
            Id = id,
            TenantId = after.TenantId,
            Time = time,
            Action = action,
            ActorKind = actor.Kind,
            ActorId = actor.Id,
            KeyId = after.KeyId,
            Kid = after.Kid,
            KeyVersion = after.Version,
            From = before is null ? null : Name(before),
            To = Name(after),
            Reason = ReasonOf(after.Address.Owner, reason),
            RequestId = actor.RequestId,
            ServerRequestId = actor.ServerRequestId,
        };

    /// <summary>The entry for a change of a key as a whole, with the seal of the row that it leaves behind.</summary>
    public static JournalEvent About(
        Guid id, DateTimeOffset time, JournalActor actor, string action, Sealed<Key> after, Key before, string? reason) =>
        new()
        {
            Id = id,
            TenantId = before.TenantId,
            Time = time,
            Action = action,
            ActorKind = actor.Kind,
            ActorId = actor.Id,
            KeyId = before.Id,
            From = Name(before.Enablement),
            To = Name(after.UnverifiedRow.Enablement),
            Reason = reason,
            RequestId = actor.RequestId,
            ServerRequestId = actor.ServerRequestId,
            KeySeal = after.Seal,
        };

    // The device of a key is part of what the journal vouches for, and not looked up when it is read.
    private static string? ReasonOf(KeyOwner owner, string? reason)
    {
        if (owner.DeviceId is not { } device)
            return reason;

        string about = $"device {device}";
        return reason is null ? about : $"{about}: {reason}";
    }

    private static string Name(KeyEnablement enablement) => enablement switch
    {
        KeyEnablement.Enabled => "enabled",
        KeyEnablement.Disabled => "disabled",
        KeyEnablement.PendingDeletion => "pending_deletion",
        KeyEnablement.PendingImport => "pending_import",
        _ => throw new InvalidOperationException("A key has a state that this version of Qkms does not know."),
    };

    private static string Name(KeyVersion version) => version.State switch
    {
        KeyState.Destroyed => "destroyed",
        _ when version.DestroyAt is not null => "pending_destruction",
        KeyState.Active => "active",
        KeyState.Retired => "retired",
        KeyState.Revoked => "revoked",
        _ => throw new InvalidOperationException("A key version has a state that this version of Qkms does not know."),
    };
}
