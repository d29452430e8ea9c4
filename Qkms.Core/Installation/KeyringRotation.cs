using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Core.Installation;

/// <summary>
/// Adds a key of a kind that belongs to no tenant, which new work is done with from then on. The keys before it stay: they open what was
/// done with them.
/// </summary>
internal sealed class KeyringRotation(
    IKmsStore store,
    IKeyringRepository keyrings,
    ITenantRepository tenants,
    Keyring keyring,
    RowSealer sealer,
    JournalWriter journal,
    IdGenerator ids,
    TimeProvider time)
{
    private static readonly JournalActor _actor = JournalActor.System("host");

    /// <summary>Adds a key, with the event of it in the journal of the first tenant.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="cancellationToken">Honoured until the unit begins.</param>
    /// <returns>The key.</returns>
    /// <exception cref="KmsException">The database does not take it; nothing was changed.</exception>
    public async Task<KeyringEntry> RunAsync(KeyringKind kind, CancellationToken cancellationToken)
    {
        KeyringEntry made = await store.UpgradeAsync(session => AddAsync(session, kind), cancellationToken);
        keyring.TakeUp([made]);
        keyring.BeginToUse(made.Id);

        // Under the key before it in the unit above, and under the new one here: each end of the change is vouched for by its own key.
        if (kind == KeyringKind.Journal)
            await store.WriteAsync(session => TellAsync(session, JournalActions.KeyringKeyUsed, from: null, made), cancellationToken);

        return made;
    }

    private async Task<KeyringEntry> AddAsync(IKmsSession session, KeyringKind kind)
    {
        KeyringEntry last = (await keyrings.ListSystemKeysAsync(session)).Where(entry => entry.Kind == kind).MaxBy(entry => entry.Version)
            ?? throw new SealBrokenException($"the {kind.ToWords()} key");
        KeyringEntry made = keyring.CreateSystemKey(kind, last.Version + 1);
        await keyrings.InsertAsync(session, made);
        await TellAsync(session, JournalActions.KeyringRotated, last.Id, made);
        return made;
    }

    private async Task<bool> TellAsync(IKmsSession session, string action, Guid? from, KeyringEntry made)
    {
        Tenant first = sealer.Open(await tenants.FindFirstAsync(session) ?? throw new SealBrokenException("the first tenant"));
        await journal.AppendAsync(
            session,
            new JournalEvent
            {
                Id = ids.Next(),
                TenantId = first.Id,
                Time = time.GetUtcMilliseconds(),
                Action = action,
                ActorKind = _actor.Kind,
                ActorId = _actor.Id,
                From = from?.ToString(),
                To = made.Id.ToString(),
                Reason = $"{made.Kind.ToWords()} key, version {made.Version}",
            });
        return true;
    }
}
