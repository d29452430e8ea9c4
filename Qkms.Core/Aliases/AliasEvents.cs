using Qkms.Core.Journal;
using Qkms.Core.Store;

namespace Qkms.Core.Aliases;

/// <summary>Makes journal entries about aliases: about the key, with the name where other events have the new state.</summary>
internal static class AliasEvents
{
    /// <summary>The entry for an alias that was made or moved to a key, with the seal of the row that the change leaves behind.</summary>
    public static JournalEvent About(Guid id, JournalActor actor, string action, Sealed<Alias> after) =>
        About(id, actor, action, after.UnverifiedRow, after.UnverifiedRow.UpdatedAt, reason: null) with { RowSeal = after.Seal };

    /// <summary>The entry for an alias that is removed.</summary>
    public static JournalEvent AboutDeletion(Guid id, JournalActor actor, Alias alias, DateTimeOffset time, string? reason = null) =>
        About(id, actor, JournalActions.AliasDeleted, alias, time, reason);

    private static JournalEvent About(
        Guid id, JournalActor actor, string action, Alias alias, DateTimeOffset time, string? reason) => new()
        {
            Id = id,
            TenantId = alias.TenantId,
            Time = time,
            Action = action,
            ActorKind = actor.Kind,
            ActorId = actor.Id,
            KeyId = alias.KeyId,
            To = alias.Name.Value,
            Reason = reason,
            RequestId = actor.RequestId,
            ServerRequestId = actor.ServerRequestId,
        };
}
