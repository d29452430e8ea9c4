using System.Collections.Concurrent;
using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Journal;

/// <summary>
/// Adds events to the journal, in the unit of what they tell of. The row of the stream is locked until that unit ends, so the events of a
/// stream come one after the other. Lock it last: after keys, versions and counters; and the life cycle before uses.
/// </summary>
internal sealed class JournalWriter
{
    /// <summary>How many events may be added at once.</summary>
    public const int MostAtOnce = 1000;

    private readonly IJournalRepository _journal;
    private readonly RowSealer _sealer;
    private readonly Keyring _keyring;
    private readonly IdGenerator _ids;
    private readonly TimeProvider _time;

    // How far each stream went when this process last wrote to it. A head that was put back to an old row has a seal that holds.
    private readonly ConcurrentDictionary<(TenantId, int), long> _written = new();

    public JournalWriter(
        IKmsStore store, IJournalRepository journal, RowSealer sealer, Keyring keyring, IdGenerator ids, TimeProvider time)
    {
        (_journal, _sealer, _keyring, _ids, _time) = (journal, sealer, keyring, ids, time);

        // A server that takes over may lack the last writes of the one before it.
        store.WhenServerChanges(_written.Clear);
    }

    /// <summary>Adds events to the life cycle of their tenant.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="events">1 to <see cref="MostAtOnce"/> events of one tenant, in their order.</param>
    /// <exception cref="SealBrokenException">The stream was changed, is missing, or was put back; nothing was added.</exception>
    /// <exception cref="KmsException"><see cref="KmsErrors.TenantSuspended"/>: the tenant is deleted.</exception>
    public async Task AppendAsync(IKmsSession session, params IReadOnlyList<JournalEvent> events)
    {
        TenantId tenantId = events[0].TenantId;
        await AppendAsync(session, await LockLifecycleAsync(session, tenantId), events);
    }

    /// <summary>Adds events to the uses of their tenant on a node. Its first ones begin a stream, which the life cycle tells of.</summary>
    /// <param name="session">The unit; it has not locked the life cycle of the tenant yet, or still holds it.</param>
    /// <param name="node">The name of the node, at most 64 characters.</param>
    /// <param name="events">1 to <see cref="MostAtOnce"/> events of one tenant, in their order.</param>
    /// <returns>The stream as it is with them.</returns>
    /// <exception cref="SealBrokenException">As above.</exception>
    public async Task<JournalStream> AppendUsesAsync(IKmsSession session, string node, params IReadOnlyList<JournalEvent> events)
    {
        TenantId tenantId = events[0].TenantId;
        JournalStream uses = await _journal.LockUsesAsync(session, tenantId, node) is { } found
            ? _sealer.Open(found)
            : await BeginUsesAsync(session, tenantId, node);
        return await AppendAsync(session, uses, events);
    }

    /// <summary>The same for a stream that is known as it stands: the unit holds it, and nobody has written to it since.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="uses">The stream.</param>
    /// <param name="events">As above.</param>
    /// <returns>The stream as it is with them.</returns>
    /// <exception cref="SealBrokenException">As above.</exception>
    public Task<JournalStream> AppendUsesAsync(IKmsSession session, JournalStream uses, params IReadOnlyList<JournalEvent> events) =>
        AppendAsync(session, uses, events);

    /// <summary>
    /// Removes the first events of a stream of uses, and adds the event that says so at its end: whoever removes some without the key of
    /// the journal cannot add it.
    /// </summary>
    /// <param name="session">The unit.</param>
    /// <param name="before">The stream as it was when it was found what to remove.</param>
    /// <param name="last">The last event to remove; not the last of the stream.</param>
    /// <returns>False when the stream is not the same any more: somebody else was faster, or it goes on meanwhile.</returns>
    /// <exception cref="SealBrokenException">As above; or the database did not remove them.</exception>
    public async Task<bool> TrimAsync(IKmsSession session, JournalStream before, ChainedEvent last)
    {
        JournalStream stream = await _journal.LockStreamAsync(session, before.TenantId, before.Number) is { } found
            ? _sealer.Open(found)
            : throw new SealBrokenException(before.LogName);
        if (stream.FirstPosition != before.FirstPosition || last.Position >= stream.NextPosition - 1)
            return false;

        long first = last.Position + 1;
        if (await _journal.DeleteEventsAsync(session, stream, stream.FirstPosition, first) != first - stream.FirstPosition)
            throw new SealBrokenException($"{stream.LogName}, positions {stream.FirstPosition} to {last.Position}");

        JournalEvent trimmed = new()
        {
            Id = _ids.Next(),
            TenantId = stream.TenantId,
            Time = _time.GetUtcMilliseconds(),
            Action = JournalActions.Trimmed,
            ActorKind = "system",
            ActorId = "trimming",
            Reason = TrimReason.Describe(last.Position, last.LeafHash),
        };
        await AppendAsync(session, stream with { FirstPosition = first, FirstPreviousHash = last.LeafHash }, [trimmed]);
        return true;
    }

    /// <summary>
    /// Holds every stream of uses of a tenant until the unit ends. The unit holds the life cycle already, so that none begins meanwhile.
    /// </summary>
    /// <param name="session">The unit.</param>
    /// <param name="tenantId">The tenant.</param>
    public Task HoldUsesAsync(IKmsSession session, TenantId tenantId) => _journal.LockAllUsesAsync(session, tenantId);

    /// <summary>Begins the life cycle of a new tenant.</summary>
    /// <param name="session">The unit that makes the tenant.</param>
    /// <param name="tenantId">The tenant.</param>
    public async Task BeginAsync(IKmsSession session, TenantId tenantId) =>
        await InsertAsync(session, tenantId, JournalStream.LifecycleNumber, JournalStreamKind.Lifecycle, node: "");

    /// <summary>
    /// Ends the journal of a tenant with the event of its deletion: no unit adds to it any more, and one that would is refused. The rows of
    /// its streams of uses go, and with them whatever would add a use; the events follow piece by piece.
    /// </summary>
    /// <param name="session">The unit that deletes the tenant.</param>
    /// <param name="deleted">The last event.</param>
    public async Task CloseAsync(IKmsSession session, JournalEvent deleted)
    {
        JournalStream lifecycle = await LockLifecycleAsync(session, deleted.TenantId);
        await AppendAsync(session, lifecycle with { Kind = JournalStreamKind.ClosedLifecycle }, [deleted]);
        await _journal.DeleteUsesStreamsAsync(session, deleted.TenantId);
    }

    /// <summary>Adds to a journal that has ended how the rows of its tenant went.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="erased">The event.</param>
    public async Task AppendToClosedAsync(IKmsSession session, JournalEvent erased) =>
        await AppendAsync(session, await LockAnyLifecycleAsync(session, erased.TenantId), [erased]);

    private async Task<JournalStream> LockLifecycleAsync(IKmsSession session, TenantId tenantId)
    {
        JournalStream lifecycle = await LockAnyLifecycleAsync(session, tenantId);
        return lifecycle.Kind == JournalStreamKind.ClosedLifecycle ? throw KmsErrors.TenantSuspended.Refusal() : lifecycle;
    }

    private async Task<JournalStream> LockAnyLifecycleAsync(IKmsSession session, TenantId tenantId) =>
        await _journal.LockStreamAsync(session, tenantId, JournalStream.LifecycleNumber) is { } found
            ? _sealer.Open(found)
            : throw new SealBrokenException($"journal stream {JournalStream.LifecycleNumber} of tenant {tenantId}");

    // Whoever removes a stream of uses with its row leaves this event behind. Of several that begin at the same time the lock lets one in.
    private async Task<JournalStream> BeginUsesAsync(IKmsSession session, TenantId tenantId, string node)
    {
        JournalStream lifecycle = await LockLifecycleAsync(session, tenantId);
        if (await _journal.LockUsesAsync(session, tenantId, node) is { } meanwhile)
            return _sealer.Open(meanwhile);

        int number = await _journal.FindLastNumberAsync(session, tenantId) + 1;
        JournalEvent begun = new()
        {
            Id = _ids.Next(),
            TenantId = tenantId,
            Time = _time.GetUtcMilliseconds(),
            Action = JournalActions.StreamBegun,
            ActorKind = "system",
            ActorId = node,
            To = $"{number}",
        };
        await AppendAsync(session, lifecycle, [begun]);
        return await InsertAsync(session, tenantId, number, JournalStreamKind.Uses, node);
    }

    private async Task<JournalStream> InsertAsync(
        IKmsSession session, TenantId tenantId, int number, JournalStreamKind kind, string node)
    {
        Guid installationId = await _journal.FindInstallationIdAsync(session);
        JournalStream stream = JournalStream.Begin(tenantId, number, kind, node, installationId, _time.GetUtcMilliseconds());
        return await _journal.InsertStreamAsync(session, _sealer.Seal(stream)) ? stream : throw new SealBrokenException(stream.LogName);
    }

    private async Task<JournalStream> AppendAsync(IKmsSession session, JournalStream stream, IReadOnlyList<JournalEvent> events)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(events.Count, MostAtOnce);
        (TenantId, int) name = (stream.TenantId, stream.Number);
        if (_written.TryGetValue(name, out long written) && stream.NextPosition < written)
            throw new SealBrokenException($"{stream.LogName}, which was put back from position {written} to {stream.NextPosition}");

        JournalChain chain = new(stream, _keyring.JournalKey);
        ChainedEvent[] added = new ChainedEvent[events.Count];
        for (int i = 0; i < added.Length; i++)
            added[i] = chain.Add(events[i].TenantId == stream.TenantId ? events[i] : throw OfAnother());

        await _journal.InsertEventsAsync(session, added);
        JournalStream next = chain.Stream with { RowVersion = stream.RowVersion + 1 };
        if (!await _journal.UpdateStreamAsync(session, _sealer.Seal(next)))
            throw new SealBrokenException(stream.LogName);

        session.OnCommitted(() => _written.AddOrUpdate(
            name, next.NextPosition, (_, earlier) => Math.Max(earlier, next.NextPosition)));
        return next;
    }

    private static InvalidOperationException OfAnother() => new("The events of one stream are of one tenant.");
}
