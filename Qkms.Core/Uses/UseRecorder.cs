using Microsoft.Extensions.Logging;
using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Rotations;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Telemetry;
using Qkms.Core.Tenants;

namespace Qkms.Core.Uses;

/// <summary>
/// Counts and journals uses, after the cryptography and before the answer: all of them, or those of versions with a usage limit. The uses
/// of a node that arrive while one batch is committed are the next one: one write, which looks at the state of each version again, counts,
/// grants so many uses as are left, and journals those. What is granted stays counted, whatever becomes of the answer.
/// </summary>
internal sealed partial class UseRecorder(
    IKmsStore store,
    IKeyUsageRepository usages,
    IKeyRepository keys,
    KeyRows rows,
    RowSealer sealer,
    JournalWriter journal,
    RotationOrders orders,
    KeyStateCache states,
    TenantStates tenants,
    AuditOptions audit,
    IdGenerator ids,
    TimeProvider time,
    ILogger<UseRecorder> logger) : IAsyncDisposable
{
    private const int MostInBatch = JournalWriter.MostAtOnce;
    private const int ToldTogether = 8;

    private static readonly TimeSpan _retryAfter = TimeSpan.FromSeconds(1);

    private readonly UseQueue _waiting = new();
    private readonly VersionsInUse _versions = new(rows, keys);
    private readonly RowsAsLeft _left = new();
    private readonly Lock _starting = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // What this process has counted: no counter is ever lower. Bounded, like all that is remembered.
    private const int MostRemembered = 100_000;
    private readonly Dictionary<KeyVersionId, long> _counted = [];
    private Thread? _thread;
    private bool _isEnding;
    private bool _isFailing;

    /// <summary>Requests whose uses wait for the next batch.</summary>
    internal int Waiting => _waiting.Count;

    /// <summary>Whether uses of a version are recorded.</summary>
    public bool Records(KeyVersion version) => audit.RecordsEveryUse || version.CountsUses;

    /// <summary>Counts uses of a version and waits until that is durable.</summary>
    /// <param name="caller">Who used it.</param>
    /// <param name="version">The version that was used.</param>
    /// <param name="operation">What was done.</param>
    /// <param name="uses">How often: one, or the number of items.</param>
    /// <returns>How many of them may be answered, at least one, and how many uses the version has now.</returns>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.KeyExpired"/> when none is left, what <see cref="KeyStateRules"/> says when the version was changed meanwhile,
    /// <see cref="KmsErrors.Unavailable"/> when it cannot be counted or journalled now. Then nothing may be answered.
    /// </exception>
    /// <exception cref="SealBrokenException">The version, its counter or the journal does not match its protection.</exception>
    public Task<CountedUses> RecordAsync(Caller caller, KeyVersion version, KeyOperation operation, int uses) =>
        Queue([new PendingUse(JournalActor.Of(caller), version, operation, uses)])[0];

    /// <summary>The same for several versions or operations of one request, in one write.</summary>
    /// <param name="caller">Who used them.</param>
    /// <param name="uses">What was done with which, and how often.</param>
    /// <returns>What becomes of each, in their order.</returns>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/>: none is counted.</exception>
    public Task<CountedUses>[] Record(Caller caller, IReadOnlyList<(KeyVersion Version, KeyOperation Operation, int Count)> uses)
    {
        JournalActor actor = JournalActor.Of(caller);
        return Queue([.. uses.Select(use => new PendingUse(actor, use.Version, use.Operation, use.Count))]);
    }

    /// <summary>Counts what waits, and takes no more.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_starting)
            _isEnding = true;

        _waiting.Complete();
        if (_thread is not null)
            await _ended.Task;

        _waiting.Dispose();
    }

    private Task<CountedUses>[] Queue(PendingUse[] uses)
    {
        Start();
        if (!_waiting.TryAdd(uses))
            throw KmsErrors.Unavailable.RetryAfter(_retryAfter);

        return Array.ConvertAll(uses, use => use.Task);
    }

    private void Start()
    {
        if (Volatile.Read(ref _thread) is not null)
            return;

        lock (_starting)
        {
            if (_thread is not null || _isEnding)
                return;

            // Its writes are for many requests: they are no part of the one that happens to start it.
            Thread thread = new(Run) { IsBackground = true, Name = "qkms-uses" };
            thread.UnsafeStart();
            _thread = thread;
        }
    }

    // A thread of its own: each way to another thread and back costs as much as a use, and it may write to an embedded database itself.
    private void Run()
    {
        List<PendingUse> batch = [];
        while (_waiting.Take(batch, MostInBatch))
        {
            CommitAsync(ByVersion(batch)).GetAwaiter().GetResult();
            batch.Clear();
        }

        _ended.SetResult();
    }

    // In the order in which every change locks: by key, so that two nodes never wait for each other.
    private static UsesOfVersion[] ByVersion(List<PendingUse> batch)
    {
        KeyVersion first = batch[0].Version;
        return batch.TrueForAll(use => use.Version.Id == first.Id)
            ? [new UsesOfVersion(first, [.. batch])]
            :
            [
                .. batch.GroupBy(use => use.Version.Id)
                    .Select(group => new UsesOfVersion(group.First().Version, [.. group]))
                    .OrderBy(uses => uses.Version.KeyId.Value)
                    .ThenBy(uses => uses.Version.Id.Value),
            ];
    }

    private async Task CommitAsync(UsesOfVersion[] versions)
    {
        try
        {
            Verdict[] verdicts = await store.WriteHereAsync(session => CountAsync(session, versions));
            for (int i = 0; i < versions.Length; i++)
                Note(versions[i], verdicts[i]);

            _isFailing = false;
            Tell([.. versions.SelectMany((uses, i) => uses.Uses.Zip(verdicts[i].Counted))], static (use, counted) => use.Complete(counted));
        }
        catch (Exception e) when (versions.Length > 1 && ConcernsOne(e))
        {
            // It concerns one of them, or one tenant.
            foreach (UsesOfVersion one in versions)
                await CommitAsync([one]);
        }
        catch (Exception e) when (e is KmsException or SealBrokenException)
        {
            Refuse(versions, e);
        }
#pragma warning disable CA1031 // Whatever keeps the journal from being written, nothing is answered that is not in it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            // Once until it works again: every batch would say the same.
            if (!_isFailing)
                LogNotRecorded(logger, e);

            _isFailing = true;
            Refuse(versions, KmsErrors.Unavailable.RetryAfter(_retryAfter));
        }
    }

    private static bool ConcernsOne(Exception e) =>
        e is SealBrokenException || (e as KmsException)?.Error == KmsErrors.TenantSuspended;

    private static void Refuse(UsesOfVersion[] versions, Exception e) =>
        Tell([.. versions.SelectMany(version => version.Uses, (_, use) => (use, e))], static (use, refusal) => use.Refuse(refusal));

    // What waits for a use goes on elsewhere: this thread has the next batch to commit. Some on one thread: to wake one for each would cost
    // more than what each has left to do.
    private static void Tell<T>((PendingUse Use, T News)[] told, Action<PendingUse, T> tell)
    {
        for (int i = 0; i < told.Length; i += ToldTogether)
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                static part =>
                {
                    for (int i = part.From; i < part.To; i++)
                        part.Tell(part.Told[i].Use, part.Told[i].News);
                },
                (Told: told, From: i, To: Math.Min(i + ToldTogether, told.Length), Tell: tell),
                preferLocal: false);
        }
    }

    private async Task<Verdict[]> CountAsync(IKmsSession session, UsesOfVersion[] versions)
    {
        _left.Begin(session);
        await keys.LockKeysAsync(session, versions.Select(uses => uses.Version));
        Verdict[] verdicts = new Verdict[versions.Length];
        for (int i = 0; i < verdicts.Length; i++)
            verdicts[i] = await CountAsync(session, versions[i]);

        // The journal comes last: nobody who holds it waits for a key. One tenant after the other, each its life cycle before its uses, as
        // whoever suspends a tenant takes them.
        DateTimeOffset now = time.GetUtcMilliseconds();
        ILookup<TenantId, KeyVersion> due = verdicts.Select(verdict => verdict.DueForRotation).OfType<KeyVersion>()
            .ToLookup(version => version.TenantId);
        List<JournalStream> streams = [];
        ILookup<TenantId, JournalEvent> happened = verdicts.SelectMany(verdict => verdict.Events).ToLookup(one => one.TenantId);
        foreach (TenantId tenantId in due.Select(versions => versions.Key).Union(happened.Select(events => events.Key))
            .OrderBy(id => id.Value))
        {
            foreach (KeyVersion version in due[tenantId])
                await orders.OrderAsync(session, version, RotationCause.UsageLimit, now);

            JournalStream? stream = _left.Find(tenantId);
            bool isActive = stream is not null;
            foreach (JournalEvent[] events in happened[tenantId].Chunk(JournalWriter.MostAtOnce))
            {
                stream = stream is null
                    ? await journal.AppendUsesAsync(session, audit.Node, events)
                    : await journal.AppendUsesAsync(session, stream, events);
            }

            if (!isActive)
                await tenants.RequireActiveAsync(session, tenantId);

            if (stream is not null)
                streams.Add(stream);
        }

        // An ordered rotation has changed more than is known here.
        if (due.Count == 0)
        {
            IEnumerable<Verdict> written = verdicts.Where(verdict => verdict.CountedAt is not null);
            _left.KeepWhenCommitted(session, [.. written.Select(verdict => (verdict.Current, verdict.Usage))], streams);
        }

        return verdicts;
    }

    private async Task<Verdict> CountAsync(IKmsSession session, UsesOfVersion uses)
    {
        KeyAndVersion current;
        KeyUsage before;
        bool isNew = false;
        if (_left.Find(uses.Version.Id) is { } known)
        {
            (current, before) = known;
        }
        else
        {
            current = await _versions.FindAsync(session, uses.Version);
            (before, isNew) = await OpenAsync(session, current.Version);
        }

        DateTimeOffset now = time.GetUtcMilliseconds();
        long used = before.Used;
        List<JournalEvent> events = new(uses.Uses.Length);
        CountedUses[] counted = new CountedUses[uses.Uses.Length];
        for (int i = 0; i < counted.Length; i++)
        {
            PendingUse use = uses.Uses[i];
            KeyVersion version = current.Version with { Used = used };

            // One that was rotated away meanwhile was active when it was chosen: callers by name are not to see a rotation.
            if (KeyStateRules.Refusal(current with { Version = version }, use.Operation, now) is { } refusal
                && refusal != KmsErrors.KeyRetired)
            {
                counted[i] = new CountedUses(0, used, refusal);
                continue;
            }

            long left = (version.MaxUsageLimit ?? long.MaxValue) - used;
            int granted = (int)Math.Min(use.Count, left);
            used += granted;
            counted[i] = new CountedUses(granted, used, granted < use.Count ? KmsErrors.KeyExpired : null);
            if (granted > 0)
                events.Add(EventOf(use, granted, used, now));
        }

        KeyUsage after = used > before.Used
            ? await WriteAsync(session, before with { Used = used, LastUsedAt = now }, isNew)
            : before;
        KeyVersion? due = current.Version is { State: KeyState.Active, AutoRotate: true, SoftUsageLimit: { } soft } && used >= soft
            ? current.Version
            : null;
        return new Verdict(current, after, counted, used > before.Used ? now : null, events, due);
    }

    private async Task<KeyUsage> WriteAsync(IKmsSession session, KeyUsage usage, bool isNew)
    {
        KeyUsage row = isNew ? usage : usage with { RowVersion = usage.RowVersion + 1 };
        bool isWritten = isNew
            ? await usages.InsertAsync(session, sealer.Seal(row))
            : await usages.UpdateAsync(session, sealer.Seal(row));
        return isWritten ? row : throw new SealBrokenException(usage.LogName);
    }

    private JournalEvent EventOf(PendingUse use, int granted, long used, DateTimeOffset now) => new()
    {
        Id = ids.Next(),
        TenantId = use.Version.TenantId,
        Time = now,
        Action = JournalActions.KeyUsed,
        ActorKind = use.Actor.Kind,
        ActorId = use.Actor.Id,
        KeyId = use.Version.KeyId,
        Kid = use.Version.Kid,
        KeyVersion = use.Version.Version,
        Reason = UseReason.Describe(OperationNames.Of(use.Operation), granted, used),
        RequestId = use.Actor.RequestId,
        ServerRequestId = use.Actor.ServerRequestId,
    };

    // A counter that is lower than this process has seen it was set back by somebody. One that is not there was taken away, unless the
    // version has no usage limit: it gets one with its first use. The key's row is locked, so nobody else makes it meanwhile.
    private async Task<(KeyUsage Usage, bool IsNew)> OpenAsync(IKmsSession session, KeyVersion version)
    {
        Sealed<KeyUsage>? stored = await usages.LockAsync(session, version.TenantId, version.Id);
        if (stored is null && version.CountsUses)
            throw new SealBrokenException($"the uses of {version.LogName}");

        KeyUsage usage = stored is null ? KeyUsage.NoneOf(version) : sealer.Open(stored);
        return usage.Used >= _counted.GetValueOrDefault(version.Id)
            ? (usage, stored is null)
            : throw new SealBrokenException($"the uses of {version.LogName}");
    }

    private void Note(UsesOfVersion uses, Verdict verdict)
    {
        if (_counted.Count >= MostRemembered)
            _counted.Clear();

        _counted[uses.Version.Id] = verdict.Used;
        if (verdict.CountedAt is { } at)
            states.NoteUses(uses.Version.Id, verdict.Used, at);

        // The next request is refused before any work is done.
        if (verdict.IsSpent || verdict.Counted.Any(counted => counted.Refusal is not null))
            states.Forget(uses.Version);
    }

    [LoggerMessage(CoreEvents.UsesNotRecorded, LogLevel.Error,
        "Uses of keys cannot be counted and journalled, and are refused until they can be.")]
    private static partial void LogNotRecorded(ILogger logger, Exception exception);

    private sealed record UsesOfVersion(KeyVersion Version, PendingUse[] Uses);

    private sealed record Verdict(
        KeyAndVersion Current,
        KeyUsage Usage,
        CountedUses[] Counted,
        DateTimeOffset? CountedAt,
        List<JournalEvent> Events,
        KeyVersion? DueForRotation)
    {
        public long Used => Usage.Used;

        public bool IsSpent => Used >= Current.Version.MaxUsageLimit;
    }
}

/// <summary>What became of uses that were to be counted.</summary>
/// <param name="Granted">How many of them may be answered; the others were one too many.</param>
/// <param name="Used">How many uses the version has after them.</param>
/// <param name="Refusal">Why not all are granted; null when all are.</param>
internal readonly record struct CountedUses(int Granted, long Used, KmsError? Refusal);
