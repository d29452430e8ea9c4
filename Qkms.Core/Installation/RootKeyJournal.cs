using System.Globalization;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Core.Installation;

/// <summary>
/// Tells of changes of the root keys in the life cycle of the tenant that was made first: its operators run the installation. The events
/// stay when that tenant is deleted, and the next ones go to the tenant that is the first then.
/// </summary>
internal sealed class RootKeyJournal(
    IJournalRepository journal,
    ITenantRepository tenants,
    JournalWriter writer,
    RowSealer sealer,
    Keyring keyring,
    IdGenerator ids,
    TimeProvider time) : IRootKeyJournal
{
    // Nobody changes root keys so often that the newest of these is not the newest of all, however the clocks of nodes differ.
    private const int MostLookedAt = 1000;

    private static readonly JournalActor _actor = JournalActor.System("host");

    /// <inheritdoc/>
    public async Task<ToldRootWrapperSet?> FindNewestAsync(IKmsSession session)
    {
        ToldRootWrapperSet? newest = null;
        Dictionary<(TenantId, int), JournalStream?> streams = [];
        foreach (StoredEvent stored in await journal.ListOfRootKeysAsync(session, MostLookedAt))
        {
            (TenantId, int) name = (stored.Event.TenantId, stored.Chained.Stream);
            if (!streams.TryGetValue(name, out JournalStream? stream))
                streams[name] = stream = await FindStreamAsync(session, name);

            if (stream is not null
                && JournalChain.Holds(
                    stored, JournalChain.LeafHash(new CanonicalWriter(JournalChain.Format), stream, stored), keyring.FindJournalKey)
                && Read(stored.Event) is { } told
                && told.Epoch > (newest?.Epoch ?? 0))
                newest = told;
        }

        return newest;
    }

    /// <inheritdoc/>
    public async Task<bool> TellsOfRootKeysAsync(IKmsSession session) => (await journal.ListOfRootKeysAsync(session, 1)).Count > 0;

    /// <summary>Tells of a change, in its unit. Call it last: the stream is held until the unit ends.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="action">What happened.</param>
    /// <param name="wrapper">The wrapping that came or went.</param>
    /// <param name="set">The set that the change left behind.</param>
    /// <exception cref="StoreUnusableException">There is no tenant in whose journal it could stand.</exception>
    public async Task TellAsync(IKmsSession session, string action, RootWrapper wrapper, RootWrapperSet set)
    {
        Sealed<Tenant> first = await tenants.FindFirstAsync(session)
            ?? throw new StoreUnusableException("There is no tenant in whose journal a change of root keys could stand.");
        await writer.AppendAsync(
            session,
            new JournalEvent
            {
                Id = ids.Next(),
                TenantId = sealer.Open(first).Id,
                Time = time.GetUtcMilliseconds(),
                Action = action,
                ActorKind = _actor.Kind,
                ActorId = _actor.Id,
                From = Text(set.Epoch - 1),
                To = Text(set.Epoch),
                Reason = $"{wrapper.Kind} {wrapper.WrapperId}, root key {wrapper.RootKeyId}",
                RowSeal = set.Seal,
            });
    }

    /// <summary>What an event tells; null where it is about something else.</summary>
    public static ToldRootWrapperSet? Read(JournalEvent happened) =>
        happened is { Action: JournalActions.RootKeyAdded or JournalActions.RootKeyRemoved, RowSeal: { } seal }
        && long.TryParse(happened.To, NumberStyles.None, CultureInfo.InvariantCulture, out long epoch)
            ? new ToldRootWrapperSet(epoch, seal)
            : null;

    private async Task<JournalStream?> FindStreamAsync(IKmsSession session, (TenantId Tenant, int Number) name) =>
        name.Number == JournalStream.LifecycleNumber && await journal.FindStreamAsync(session, name.Tenant, name.Number) is { } found
            ? sealer.TryOpen(found)
            : null;

    private static string Text(long epoch) => epoch.ToString(CultureInfo.InvariantCulture);
}
