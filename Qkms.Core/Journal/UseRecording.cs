using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Core.Journal;

/// <summary>
/// Writes into the life cycle of every tenant from when on a node records every use, or no longer does: a journal without uses would else
/// look like one of keys that nobody used. What was written last is what held before, so that a start that changes nothing writes nothing.
/// </summary>
internal sealed class UseRecording(
    IKmsStore store,
    IJournalRepository journal,
    ITenantRepository tenants,
    JournalWriter writer,
    RowSealer sealer,
    Keyring keyring,
    IntegrityAlarm alarm,
    AuditOptions options,
    IdGenerator ids,
    TimeProvider time)
{
    /// <summary>Every use is recorded.</summary>
    public const string Durable = "durable";

    /// <summary>Only uses of versions with a usage limit are.</summary>
    public const string Off = "off";

    // Where nodes changed their minds more often, nothing is said of the past.
    private const int MostSaid = 1000;

    private string Now => options.RecordsEveryUse ? Durable : Off;

    /// <summary>
    /// Tells each tenant of a change since this node, by its name, last ran. A tenant whose life cycle was tampered with is left out, with
    /// the alarm: nothing is added there, and the others are served.
    /// </summary>
    public async Task AnnounceAsync(CancellationToken cancellationToken)
    {
        // Nothing more is read of a tenant that was told nothing where there is nothing to tell: or a start would wait for each of them.
        IReadOnlySet<TenantId> told = await store.ReadAsync(
            session => journal.ListToldOfUsesAsync(session, options.Node), cancellationToken);
        IEnumerable<TenantId> all = await store.ReadAsync(tenants.ListIdsAsync, cancellationToken);
        foreach (TenantId tenantId in options.RecordsEveryUse ? all.Where(told.Contains) : all)
        {
            try
            {
                if (!await store.ReadAsync(session => IsSaidAsync(session, tenantId), cancellationToken))
                    await store.WriteAsync(session => SayAsync(session, tenantId), cancellationToken);
            }
            catch (SealBrokenException broken)
            {
                await alarm.RaiseAsync(tenantId, broken.What);
            }
        }
    }

    /// <summary>
    /// Since when every use of a tenant's keys is recorded, by every node that ever served it; the time that it is where one of them
    /// records none, as its last word says.
    /// </summary>
    /// <param name="session">Reads.</param>
    /// <param name="tenantId">The tenant.</param>
    /// <exception cref="SealBrokenException">The life cycle does not match its protection.</exception>
    public async Task<DateTimeOffset> FindBeginAsync(IKmsSession session, TenantId tenantId)
    {
        DateTimeOffset now = time.GetUtcMilliseconds();
        if (!options.RecordsEveryUse)
            return now;

        IReadOnlyList<StoredEvent> said = await journal.ListUsesSetAsync(session, tenantId, MostSaid);
        if (said.Count == MostSaid)
            return now;

        JournalStream lifecycle = await FindLifecycleAsync(session, tenantId);
        DateTimeOffset begin = DateTimeOffset.MinValue;
        foreach (StoredEvent last in said.DistinctBy(one => one.Event.ActorId))
        {
            if (Read(lifecycle, last) != Durable)
                return now;

            begin = begin > last.Event.Time ? begin : last.Event.Time;
        }

        return begin;
    }

    // A node of which nothing was written records every use, as it is the default.
    private async Task<bool> IsSaidAsync(IKmsSession session, TenantId tenantId) =>
        await journal.FindUsesSetAsync(session, tenantId, options.Node) is { } last
            ? Now == Read(await FindLifecycleAsync(session, tenantId), last)
            : options.RecordsEveryUse;

    private async Task<bool> SayAsync(IKmsSession session, TenantId tenantId)
    {
        // The lock comes before the look: another process of this name may start too.
        JournalStream lifecycle = sealer.Open(
            await journal.LockStreamAsync(session, tenantId, JournalStream.LifecycleNumber) ?? throw Lost(tenantId));
        string before = await journal.FindUsesSetAsync(session, tenantId, options.Node) is { } last ? Read(lifecycle, last) : Durable;
        if (before == Now)
            return false;

        await writer.AppendAsync(
            session,
            new JournalEvent
            {
                Id = ids.Next(),
                TenantId = tenantId,
                Time = time.GetUtcMilliseconds(),
                Action = JournalActions.UsesSet,
                ActorKind = "system",
                ActorId = options.Node,
                From = before,
                To = Now,
            });
        return true;
    }

    private async Task<JournalStream> FindLifecycleAsync(IKmsSession session, TenantId tenantId) =>
        sealer.Open(await journal.FindStreamAsync(session, tenantId, JournalStream.LifecycleNumber) ?? throw Lost(tenantId));

    private string Read(JournalStream lifecycle, StoredEvent last)
    {
        byte[] leaf = JournalChain.LeafHash(new CanonicalWriter(JournalChain.Format), lifecycle, last);
        return JournalChain.Holds(last, leaf, keyring.FindJournalKey)
            ? last.Event.To ?? Durable
            : throw new SealBrokenException($"{lifecycle.LogName}, position {last.Chained.Position}");
    }

    private static SealBrokenException Lost(TenantId tenantId) =>
        new($"journal stream {JournalStream.LifecycleNumber} of tenant {tenantId}");
}
