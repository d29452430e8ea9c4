using Qkms.Core.Callers;
using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Journal;

/// <summary>Shows the events of a tenant, a page at a time, each checked before it is shown.</summary>
internal sealed class JournalReader(
    IKmsStore store, IJournalRepository journal, RowSealer sealer, Keyring keyring, JournalCursor cursors)
{
    /// <summary>
    /// So many events are looked at for one page, whatever filters leave of them: a page may be short, or empty, and not the last.
    /// </summary>
    public const int MostLookedAt = 10_000;

    // Streams of which a page may find nothing, one after the other.
    private const int MostStreams = 100;

    /// <summary>One page, of one stream.</summary>
    /// <param name="caller">
    /// Whose events. An API key that is limited to key names sees those of its keys, and none that is about no key.
    /// </param>
    /// <param name="query">Which of them.</param>
    /// <param name="cursor">Where the page before ended; null = from the first.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.NotFound"/>: the tenant has no such stream;
    /// <see cref="KmsErrors.Invalid"/> for a cursor that is not this list's.</exception>
    public async Task<JournalPage> ListAsync(
        Caller caller, JournalQuery query, string? cursor, int limit, CancellationToken cancellationToken)
    {
        long? start = cursor is null ? null : cursors.Read(caller.TenantId, query, cursor);
        (FoundEvents found, long? next) = await store.ReadAsync(
            async session =>
            {
                if (query.Stream == JournalQuery.EveryStreamOfUses)
                    return await FindInTurnAsync(session, caller, query, start, limit);

                FoundEvents found = await FindAsync(session, caller, query, start, limit);
                return (found, found.Next(query, limit));
            },
            cancellationToken);

        CanonicalWriter writer = new(JournalChain.Format);
        StoredEvent[] page = [.. found.Events.Take(limit)];
        bool[] holds = Array.ConvertAll(
            page, stored => JournalChain.Holds(stored, JournalChain.LeafHash(writer, found.Stream, stored), keyring.FindJournalKey));
        return new JournalPage(
            found.Stream,
            [.. page.Where((_, i) => holds[i]).Select(stored => stored.Chained)],
            [.. page.Where((_, i) => !holds[i]).Select(stored => stored.Chained.Position)],
            next is { } position ? cursors.Write(caller.TenantId, query, position) : null);
    }

    // One stream after the other, the one that began last first, or last. The page is of the first that has something to show, or more to
    // look at than a page may.
    private async Task<(FoundEvents Found, long? Next)> FindInTurnAsync(
        IKmsSession session, Caller caller, JournalQuery query, long? start, int limit)
    {
        PlaceInStream? place = start is { } packed ? PlaceInStream.Unpack(packed) : null;
        IEnumerable<int> all = await journal.ListUsesAsync(session, caller.TenantId);
        int[] streams =
        [
            .. (query.OldestFirst ? all : all.Reverse())
                .SkipWhile(number => place is { } at && (query.OldestFirst ? number < at.Stream : number > at.Stream)),
        ];
        if (streams.Length == 0)
            return (await FindAsync(session, caller, query with { Stream = JournalStream.LifecycleNumber }, start: null, limit), null);

        for (int i = 0; ; i++)
        {
            JournalQuery ofStream = query with { Stream = streams[i] };
            FoundEvents found = await FindAsync(
                session, caller, ofStream, place is { } at && at.Stream == streams[i] ? at.Position : null, limit);
            if (found.Next(ofStream, limit) is { } position)
                return (found, new PlaceInStream(streams[i], position).Pack());

            if (i == streams.Length - 1)
                return (found, null);

            if (found.Events.Count > 0 || i == MostStreams)
                return (found, PlaceInStream.Begin(streams[i + 1], query.OldestFirst).Pack());
        }
    }

    private async Task<FoundEvents> FindAsync(IKmsSession session, Caller caller, JournalQuery query, long? start, int limit)
    {
        JournalStream stream = await journal.FindStreamAsync(session, caller.TenantId, query.Stream) is { } row
            ? sealer.Open(row)
            : throw KmsErrors.NotFound.With($"This tenant has no journal stream {query.Stream}.");
        JournalWindow window = JournalWindow.Of(stream, query, start);
        return new FoundEvents(
            stream, window, await journal.ListEventsAsync(session, caller.TenantId, query, caller.Access.Scope, window, limit + 1));
    }

    private sealed record FoundEvents(JournalStream Stream, JournalWindow Window, IReadOnlyList<StoredEvent> Events)
    {
        public long? Next(JournalQuery query, int limit) =>
            Events.Count > limit ? Events[limit].Chained.Position : Window.Next(Stream, query);
    }

    /// <summary>A place in one of several streams, and how a cursor says it in one number.</summary>
    private readonly record struct PlaceInStream(int Stream, long Position)
    {
        private const int BitsOfPosition = 40;
        private const long LastPosition = (1L << BitsOfPosition) - 1;

        public static PlaceInStream Begin(int stream, bool oldestFirst) => new(stream, oldestFirst ? 0 : LastPosition);

        public static PlaceInStream Unpack(long packed) => new((int)(packed >> BitsOfPosition), packed & LastPosition);

        public long Pack() => checked((long)Stream << BitsOfPosition) | Position;
    }
}

/// <summary>Which events of a stream to show; null = all.</summary>
/// <param name="Stream">The number of the stream, or <see cref="EveryStreamOfUses"/>.</param>
/// <param name="OldestFirst">In the order in which they happened; otherwise the newest first.</param>
/// <param name="Kid">Only of this version.</param>
/// <param name="Action">Only these.</param>
/// <param name="Actor">Only by this API key, or part of the service.</param>
/// <param name="Since">Only at this time or later.</param>
/// <param name="Until">Only before this time.</param>
internal sealed record JournalQuery(
    int Stream, bool OldestFirst, Kid? Kid, string? Action, string? Actor, DateTimeOffset? Since, DateTimeOffset? Until)
{
    /// <summary>Not one stream, but those of uses and refusals, one after the other.</summary>
    public const int EveryStreamOfUses = 0;

    /// <summary>Whether an index leads to them, so that nothing else has to be looked at.</summary>
    public bool IsIndexed => Stream == JournalStream.LifecycleNumber && Kid is not null;
}

/// <summary>The positions that are looked at for a page.</summary>
/// <param name="From">The first.</param>
/// <param name="To">The one behind the last.</param>
internal readonly record struct JournalWindow(long From, long To)
{
    /// <summary>The window of the page that begins at a position.</summary>
    public static JournalWindow Of(JournalStream stream, JournalQuery query, long? start)
    {
        long length = query.IsIndexed ? long.MaxValue / 2 : JournalReader.MostLookedAt;
        if (query.OldestFirst)
        {
            long from = Math.Max(start ?? 0, stream.FirstPosition);
            return new JournalWindow(from, Math.Min(stream.NextPosition, from + length));
        }

        long to = Math.Min((start ?? stream.NextPosition - 1) + 1, stream.NextPosition);
        return new JournalWindow(Math.Max(stream.FirstPosition, to - length), to);
    }

    /// <summary>Where the page after this window begins; null when there is none.</summary>
    public long? Next(JournalStream stream, JournalQuery query) =>
        query.OldestFirst ? (To < stream.NextPosition ? To : null) : (From > stream.FirstPosition ? From - 1 : null);
}

/// <summary>A page of events.</summary>
/// <param name="Stream">Their stream.</param>
/// <param name="Events">The events, in the order that was asked for.</param>
/// <param name="Unreadable">The positions of events that are not as Qkms wrote them.</param>
/// <param name="NextCursor">Where the next page begins; null = this is the last.</param>
internal sealed record JournalPage(
    JournalStream Stream, IReadOnlyList<ChainedEvent> Events, IReadOnlyList<long> Unreadable, string? NextCursor);
