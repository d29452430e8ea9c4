using Qkms.Core.Journal;
using Qkms.Core.Store;

namespace Qkms.Core.Tags;

/// <summary>Makes journal entries about the tags of keys: how many, and not what they say.</summary>
internal static class TagEvents
{
    /// <summary>The entry for tags that were set, with the seal of the row that the change leaves behind.</summary>
    public static JournalEvent AboutSetting(Guid id, JournalActor actor, Sealed<KeyTags> after, DateTimeOffset time, int count) =>
        About(id, actor, JournalActions.KeyTagged, after.UnverifiedRow, time, Describe(count, "set")) with { RowSeal = after.Seal };

    /// <summary>The entry for tags that were removed, with the seal of the row that the change leaves behind.</summary>
    public static JournalEvent AboutRemoval(Guid id, JournalActor actor, Sealed<KeyTags> after, DateTimeOffset time, int count) =>
        About(id, actor, JournalActions.KeyUntagged, after.UnverifiedRow, time, Describe(count, "removed")) with { RowSeal = after.Seal };

    /// <summary>The entry for tags that go with their key.</summary>
    public static JournalEvent AboutEnd(Guid id, JournalActor actor, KeyTags tags, DateTimeOffset time, string reason) =>
        About(id, actor, JournalActions.KeyUntagged, tags, time, reason);

    private static string Describe(int count, string what) => $"{count} tag{(count == 1 ? "" : "s")} {what}";

    private static JournalEvent About(
        Guid id, JournalActor actor, string action, KeyTags tags, DateTimeOffset time, string reason) => new()
        {
            Id = id,
            TenantId = tags.TenantId,
            Time = time,
            Action = action,
            ActorKind = actor.Kind,
            ActorId = actor.Id,
            KeyId = tags.KeyId,
            Reason = reason,
            RequestId = actor.RequestId,
            ServerRequestId = actor.ServerRequestId,
        };
}
