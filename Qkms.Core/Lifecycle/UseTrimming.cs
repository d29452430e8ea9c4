using Microsoft.Extensions.Logging;
using Qkms.Core.Callers;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Telemetry;

namespace Qkms.Core.Lifecycle;

/// <summary>
/// Removes uses that are older than they are to be kept, from the beginning of their streams, a piece at a time. Any number of nodes may do
/// so at once: the unit that removes a piece locks the stream and looks whether it still begins where it did. What goes has been checked:
/// events that somebody edited stay, with the alarm, and so does what follows them.
/// </summary>
internal sealed partial class UseTrimming(
    IKmsStore store,
    IJournalRepository journal,
    JournalWriter writer,
    ObservedTime observed,
    RowSealer sealer,
    Keyring keyring,
    IntegrityAlarm alarm,
    AuditOptions options,
    TimeProvider time,
    ILogger<UseTrimming> logger)
{
    // So many events go with one write: other writes wait for some milliseconds.
    internal const int Piece = 1000;

    private const int PageSize = 100;

    /// <summary>Removes what is due; the number of events removed.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/>; the next sweep takes what this one left.</exception>
    public async Task<long> RunAsync(CancellationToken cancellationToken)
    {
        // What is due is asked of the clock that was just found right, not of one that may jump in between.
        DateTimeOffset now = time.GetUtcMilliseconds();
        if (!await observed.LookAsync(cancellationToken)
            || await store.ReadAsync(session => observed.FindBackAsync(session, options.KeepUses, now), cancellationToken)
                is not { } before)
            return 0;

        long removed = 0;
        StoredStreamName? last = null;
        IReadOnlyList<StoredStreamName> page;
        do
        {
            page = await store.ReadAsync(
                session => journal.ListDueForTrimmingAsync(session, before, now, last, PageSize), cancellationToken);
            foreach (StoredStreamName name in page)
            {
                last = name;
                removed += await TryTrimAsync(name, before, now, cancellationToken);
            }
        }
        while (page.Count == PageSize);

        return removed;
    }

    // Streams are judged one by one: one that was tampered with keeps no other from being trimmed.
    private async Task<long> TryTrimAsync(
        StoredStreamName name, DateTimeOffset before, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (name is not { TenantId.Length: 16, Number: > 0 and <= int.MaxValue })
        {
            await alarm.RaiseAsync(caller: null, $"journal stream {name.Number} of tenant {Convert.ToHexString(name.TenantId)}");
            return 0;
        }

        TenantId tenantId = new(new Guid(name.TenantId, bigEndian: true));
        long removed = 0;
        try
        {
            while (await TrimPieceAsync(tenantId, (int)name.Number, before, now, cancellationToken) is > 0 and long piece)
                removed += piece;
        }
        catch (SealBrokenException e)
        {
            await alarm.RaiseAsync(tenantId, e.What);
        }

        if (removed > 0)
            LogTrimmed(logger, removed, name.Number, tenantId.Value);

        return removed;
    }

    private async Task<long> TrimPieceAsync(
        TenantId tenantId, int number, DateTimeOffset before, DateTimeOffset now, CancellationToken cancellationToken)
    {
        JournalQuery query = new(number, OldestFirst: true, Kid: null, Action: null, Actor: null, Since: null, Until: null);
        (JournalStream stream, IReadOnlyList<StoredEvent> events) = await store.ReadAsync(
            async session =>
            {
                JournalStream found = await journal.FindStreamAsync(session, tenantId, number) is { } row
                    ? sealer.Open(row)
                    : throw new SealBrokenException($"journal stream {number} of tenant {tenantId}");
                JournalWindow window = new(found.FirstPosition, Math.Min(found.NextPosition - 1, found.FirstPosition + Piece));
                return (found, await journal.ListEventsAsync(session, tenantId, query, KeyScope.All, window, Piece));
            },
            cancellationToken);
        if (FindLast(stream, events, before, now) is not { } last)
            return 0;

        return await store.WriteAsync(session => writer.TrimAsync(session, stream, last), cancellationToken)
            ? last.Position + 1 - stream.FirstPosition
            : 0;
    }

    // The last event to go, each before it being old, or of a time that has not come: a clock was wrong then, and what follows says more.
    // Events of trimmings alone are not worth another one.
    private ChainedEvent? FindLast(JournalStream stream, IReadOnlyList<StoredEvent> events, DateTimeOffset before, DateTimeOffset now)
    {
        CanonicalWriter canonical = new(JournalChain.Format);
        ChainedEvent? last = null;
        byte[] previous = stream.FirstPreviousHash;
        bool isWorthIt = false;
        for (int i = 0; i < events.Count; i++)
        {
            StoredEvent stored = events[i];
            long position = stream.FirstPosition + i;
            byte[] leaf = JournalChain.LeafHash(canonical, stream, stored);

            // An event that is missing, too: the one after it names its hash.
            if (!stored.Chained.PreviousHash.AsSpan().SequenceEqual(previous)
                || !JournalChain.Holds(stored, leaf, keyring.FindJournalKey))
                throw new SealBrokenException($"{stream.LogName}, position {position}");

            previous = leaf;
            if (stored.Event.Time >= before && stored.Event.Time <= now)
                break;

            isWorthIt |= stored.Event.Action != JournalActions.Trimmed;
            if (stored.Event.Time < before && isWorthIt)
                last = stored.Chained;
        }

        return last;
    }

    [LoggerMessage(CoreEvents.UsesTrimmed, LogLevel.Information,
        "{Count} uses were removed from journal stream {Stream} of tenant {TenantId}: they are older than uses are to be kept.")]
    private static partial void LogTrimmed(ILogger logger, long count, long stream, Guid tenantId);
}
