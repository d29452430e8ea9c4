using Qkms.Core.Aliases;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Tags;

namespace Qkms.Core.Lifecycle;

/// <summary>
/// Removes the aliases and tags of keys whose last version is destroyed, as AWS KMS does with a deleted key: a name that is left would lead
/// to nothing, and could not be given to another key.
/// </summary>
internal sealed class KeyRemains(
    IAliasRepository aliases, IKeyTagRepository tags, KnownAliases known, RowSealer sealer, IdGenerator ids)
{
    private const string Reason = "the key was destroyed";

    /// <summary>Removes them; what the journal is to say of it.</summary>
    /// <param name="session">The unit; it holds the keys.</param>
    /// <param name="plans">What is written.</param>
    internal async Task<IReadOnlyList<JournalEvent>> RemoveAsync(IKmsSession session, IReadOnlyList<KeyPlan> plans)
    {
        List<JournalEvent> events = [];
        foreach (KeyPlan plan in plans)
        {
            if (plan is { ChangedKey.UnverifiedRow.IsGone: true, Key.IsGone: false, Events: [var happened, ..] }
                && plan.Key.Address.Owner == KeyOwner.Tenant)
                await RemoveAsync(session, happened, events);
        }

        return events;
    }

    private async Task RemoveAsync(IKmsSession session, JournalEvent happened, List<JournalEvent> events)
    {
        (TenantId tenantId, KeyId keyId) = (happened.TenantId, happened.KeyId!.Value);
        JournalActor actor = new(happened.ActorKind, happened.ActorId, happened.RequestId, happened.ServerRequestId);

        // One whose seal is broken stays for the operator to see; whoever asks for it is refused.
        foreach (Sealed<Alias> row in await aliases.ListOfKeyAsync(session, tenantId, keyId))
        {
            if (sealer.TryOpen(row) is not { } alias)
                continue;

            if (!await aliases.DeleteAsync(session, alias))
                throw new SealBrokenException(alias.LogName);

            events.Add(AliasEvents.AboutDeletion(ids.Next(), actor, alias, happened.Time, Reason));
            session.OnCommitted(() => known.Forget(alias));
        }

        if (await tags.DeleteAsync(session, tenantId, keyId))
            events.Add(TagEvents.AboutEnd(ids.Next(), actor, KeyTags.NoneOf(tenantId, keyId), happened.Time, Reason));
    }
}
