using System.Globalization;
using Microsoft.Extensions.Logging;
using Qkms.Core.Callers;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Telemetry;

namespace Qkms.Core.Journal;

/// <summary>
/// Journals what known callers were refused, in the node's stream of uses: no answer waits for it, and no change of a key either. Of each
/// API key the first few of a minute have an event each; the others are counted, and one event says how many there were. So an API key
/// makes the journal grow by the same, whether it is refused a dozen times a minute or a million times.
/// </summary>
/// <remarks>
/// What waits to be written is in memory, for a few seconds: a process that is killed loses it. While the journal cannot be written it
/// waits for the next attempt, up to <see cref="MostWaiting"/> events; beyond that, refusals are counted for the event of their minute.
/// </remarks>
internal sealed partial class RefusalJournal(
    IKmsStore store,
    JournalWriter journal,
    IntegrityAlarm alarm,
    AuditOptions options,
    IdGenerator ids,
    TimeProvider time,
    ILogger<RefusalJournal> logger)
{
    /// <summary>How many refusals of an API key have an event each, in a minute.</summary>
    public const int ToldOfEach = 10;

    /// <summary>How many events wait at most: some MB.</summary>
    internal const int MostWaiting = 10_000;

    // How many API keys are counted at a time; refusals of any other are lost.
    private const int MostApiKeys = 10_000;

    private static readonly TimeSpan _window = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();

    private Dictionary<CredentialId, RefusedCaller> _refused = [];
    private List<Refusal> _waiting = [];
    private Task _writing = Task.CompletedTask;
    private long _begun = time.GetTimestamp();
    private long _lost;
    private bool _isFailing;

    /// <summary>How often what waits is to be written.</summary>
    public static TimeSpan Interval { get; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Whether a refusal is journalled: what a permission, a key or the state of one decided. What is wrong with a request's form says
    /// nothing of those, what the service cannot do now is no refusal of this caller, and a rate limit is there to keep work away.
    /// </summary>
    public static bool Tells(KmsError error) =>
        error.Kind is KmsErrorKind.Forbidden or KmsErrorKind.NotFound or KmsErrorKind.Conflict
        || error == KmsErrors.DecryptionFailed
        || error == KmsErrors.WrongOperation;

    /// <summary>Takes note of a refusal, if it is one to tell of. It waits for nothing, and never fails.</summary>
    /// <param name="caller">Who was refused, and which key was asked for.</param>
    /// <param name="error">Why.</param>
    /// <param name="route">What was asked for: a name that the service gave, never the caller's text.</param>
    public void Note(Caller caller, KmsError error, string route)
    {
        if (Tells(error))
            Note(caller, new RefusedItem(error, caller.Asked), items: null, route);
    }

    /// <summary>Takes note of the items that were refused, in a request that was not.</summary>
    /// <param name="caller">Who was refused.</param>
    /// <param name="route">What was asked for, as above.</param>
    public void NoteItems(Caller caller, string route)
    {
        foreach (IGrouping<RefusedItem, RefusedItem> alike in caller.RefusedItems.Where(item => Tells(item.Error)).GroupBy(item => item))
            Note(caller, alike.Key, alike.Count(), route);
    }

    /// <summary>Writes what waits, and of a minute that has gone by what was only counted. It never fails.</summary>
    public Task WriteAsync() => WriteAsync(isLast: false);

    /// <summary>Writes what waits and all that was only counted, before the database is closed: there is no other attempt.</summary>
    public Task WriteLastAsync() => WriteAsync(isLast: true);

    // One after the other.
    private Task WriteAsync(bool isLast)
    {
        lock (_lock)
            return _writing = WriteAfterAsync(_writing, isLast);
    }

    private async Task WriteAfterAsync(Task before, bool isLast)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await WriteWaitingAsync(isLast);
    }

    private void Note(Caller caller, RefusedItem refused, int? items, string route)
    {
        DateTimeOffset now = time.GetUtcMilliseconds();
        int count = items ?? 1;
        lock (_lock)
        {
            if (!_refused.TryGetValue(caller.CredentialId, out RefusedCaller? of))
            {
                if (_refused.Count >= MostApiKeys)
                {
                    Lose(count);
                    return;
                }

                _refused[caller.CredentialId] = of = new RefusedCaller(caller.TenantId);
            }

            if (of.Told < ToldOfEach && _waiting.Count < MostWaiting)
            {
                of.Told++;
                _waiting.Add(new Refusal(EventOf(caller, refused, items, route, now), count));
            }
            else
            {
                of.Count(refused.Error, count, now);
            }
        }
    }

    private async Task WriteWaitingAsync(bool isLast)
    {
        List<Refusal> waiting = Take(isLast);
        List<Refusal> unwritten = [];
        bool isAway = false;
        foreach (IGrouping<TenantId, Refusal> ofTenant in waiting.GroupBy(refusal => refusal.Event.TenantId))
        {
            bool goesOn = true;
            foreach (Refusal[] batch in ofTenant.Chunk(JournalWriter.MostAtOnce))
            {
                if (goesOn && !isAway)
                    (goesOn, isAway) = await TryWriteAsync(ofTenant.Key, batch);

                // What comes later waits behind it, so that the events of a tenant keep their order.
                if (!goesOn || isAway)
                    unwritten.AddRange(batch);
            }
        }

        PutBack(unwritten, isLast);
    }

    private List<Refusal> Take(bool isLast)
    {
        long lost = 0;
        List<Refusal> waiting;
        lock (_lock)
        {
            if (isLast || time.GetElapsedTime(_begun) >= _window)
            {
                EndWindow();
                (lost, _lost) = (_lost, 0);
            }

            (waiting, _waiting) = (_waiting, []);
        }

        if (lost > 0)
            LogLost(logger, lost);

        return waiting;
    }

    // Under the lock. Where there is no room for the event, its API key is counted on.
    private void EndWindow()
    {
        Dictionary<CredentialId, RefusedCaller> further = [];
        foreach ((CredentialId apiKey, RefusedCaller of) in _refused.Where(pair => pair.Value.Counted > 0))
        {
            if (_waiting.Count < MostWaiting)
                _waiting.Add(new Refusal(EventOf(apiKey, of, time.GetUtcMilliseconds()), of.Counted));
            else
                further.Add(apiKey, of);
        }

        _refused = further;
        _begun = time.GetTimestamp();
    }

    private async Task<(bool IsDone, bool IsAway)> TryWriteAsync(TenantId tenantId, Refusal[] batch)
    {
        try
        {
            // With a new id at each attempt: one whose outcome the database did not tell may have been written.
            JournalEvent[] events = Array.ConvertAll(batch, refusal => refusal.Event with { Id = ids.Next() });
            await store.WriteAsync(
                async session =>
                {
                    await journal.AppendUsesAsync(session, options.Node, events);
                    return true;
                },
                CancellationToken.None);
            _isFailing = false;
            return (true, false);
        }
        catch (KmsException e) when (e.Error == KmsErrors.TenantSuspended)
        {
            // The tenant was deleted meanwhile, and its journal with it.
            return (true, false);
        }
        catch (SealBrokenException broken)
        {
            // Nothing is added to a stream that was tampered with, now or later.
            await alarm.RaiseAsync(tenantId, broken.What);
            lock (_lock)
                Lose(batch.Sum(refusal => refusal.Count));

            return (true, false);
        }
#pragma warning disable CA1031 // Whatever it is, no answer depends on it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            // Once until it works again: every attempt would say the same.
            if (!_isFailing)
                LogNotWritten(logger, MostWaiting, e);

            _isFailing = true;
            return (false, e is KmsException { Error.Kind: KmsErrorKind.Unavailable });
        }
    }

    // Before what came meanwhile. What there is no room for is the newest, and at the end there is no other attempt.
    private void PutBack(List<Refusal> unwritten, bool isLast)
    {
        long lost;
        lock (_lock)
        {
            int kept = isLast ? 0 : Math.Clamp(MostWaiting - _waiting.Count, 0, unwritten.Count);
            _waiting.InsertRange(0, unwritten.Take(kept));
            Lose(unwritten.Skip(kept).Sum(refusal => refusal.Count));
            lost = isLast ? _lost : 0;
        }

        if (lost > 0)
            LogLost(logger, lost);
    }

    // Under the lock.
    private void Lose(long count)
    {
        _lost += count;
        KmsMeter.RefusalsLost.Add(count);
    }

    private static JournalEvent EventOf(Caller caller, RefusedItem refused, int? items, string route, DateTimeOffset now)
    {
        JournalActor actor = JournalActor.Of(caller);
        AskedKey asked = refused.Asked ?? default;
        string key = asked.Name is { } name ? $" {asked.Algorithm} key '{name}'".Replace("  ", " ", StringComparison.Ordinal) : "";
        string count = items switch
        {
            null => "",
            1 => ", 1 item",
            { } number => string.Create(CultureInfo.InvariantCulture, $", {number} items"),
        };
        return new JournalEvent
        {
            Id = Guid.Empty,
            TenantId = caller.TenantId,
            Time = now,
            Action = JournalActions.RequestRefused,
            ActorKind = actor.Kind,
            ActorId = actor.Id,
            Kid = asked.Kid,
            KeyVersion = asked.Version,
            Reason = Shorten($"{refused.Error.Code} {route}{key}{count}"),
            RequestId = actor.RequestId,
            ServerRequestId = actor.ServerRequestId,
        };
    }

    private static JournalEvent EventOf(CredentialId apiKey, RefusedCaller of, DateTimeOffset now) => new()
    {
        Id = Guid.Empty,
        TenantId = of.TenantId,
        Time = now,
        Action = JournalActions.RequestRefused,
        ActorKind = JournalActor.ApiKey,
        ActorId = apiKey.ToString(),
        Reason = Shorten(of.Describe()),
    };

    private static string Shorten(string reason) =>
        reason.Length <= JournalEvent.MaxReasonLength ? reason : reason[..JournalEvent.MaxReasonLength];

    [LoggerMessage(CoreEvents.RefusalsNotJournalled, LogLevel.Error,
        "Refusals cannot be journalled; up to {MostWaiting} events wait until they can be.")]
    private static partial void LogNotWritten(ILogger logger, int mostWaiting, Exception exception);

    [LoggerMessage(CoreEvents.RefusalsLost, LogLevel.Error, "{Count} refusals are missing in the journal: they could not be written.")]
    private static partial void LogLost(ILogger logger, long count);

    // An event that waits, without its id, and how many refusals it tells of.
    private sealed record Refusal(JournalEvent Event, long Count);
}
