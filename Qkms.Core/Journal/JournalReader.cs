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

    /// <summary>One page.</summary>
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
        (JournalStream stream, JournalWindow window, IReadOnlyList<StoredEvent> found) = await store.ReadAsync(
            async session =>
            {
                JournalStream stream = await journal.FindStreamAsync(session, caller.TenantId, query.Stream) is { } row
                    ? sealer.Open(row)
                    : throw KmsErrors.NotFound.With($"This tenant has no journal stream {query.Stream}.");
                JournalWindow window = JournalWindow.Of(stream, query, start);
                return (
                    stream,
                    window,
                    await journal.ListEventsAsync(session, caller.TenantId, query, caller.Access.Scope, window, limit + 1));
            },
            cancellationToken);

        CanonicalWriter writer = new(JournalChain.Format);
        StoredEvent[] page = [.. found.Take(limit)];
        bool[] holds = Array.ConvertAll(
            page, stored => JournalChain.Holds(stored, JournalChain.LeafHash(writer, stream, stored), keyring.JournalKeys));
        long? next = found.Count > limit ? found[limit].Chained.Position : window.Next(stream, query);
        return new JournalPage(
            stream,
            [.. page.Where((_, i) => holds[i]).Select(stored => stored.Chained)],
            [.. page.Where((_, i) => !holds[i]).Select(stored => stored.Chained.Position)],
            next is { } position ? cursors.Write(caller.TenantId, query, position) : null);
    }
}

/// <summary>Which events of a stream to show; null = all.</summary>
/// <param name="Stream">The number of the stream.</param>
/// <param name="OldestFirst">In the order in which they happened; otherwise the newest first.</param>
/// <param name="Kid">Only of this version.</param>
/// <param name="Action">Only these.</param>
/// <param name="Actor">Only by this API key, or part of the service.</param>
/// <param name="Since">Only at this time or later.</param>
/// <param name="Until">Only before this time.</param>
internal sealed record JournalQuery(
    int Stream, bool OldestFirst, Kid? Kid, string? Action, string? Actor, DateTimeOffset? Since, DateTimeOffset? Until)
{
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
