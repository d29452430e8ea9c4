using System.Collections.Concurrent;

namespace Qkms.Core.Time;

/// <summary>
/// Keeps what was read from the database for a moment. What a request is given was read, at the earliest,
/// <see cref="FreshnessLimit.MaxAge"/> before it asked, and never before the last <see cref="Forget"/> of it. That something is absent, and
/// that a read failed, is not kept.
/// </summary>
/// <typeparam name="TKey">What it is read by.</typeparam>
/// <typeparam name="TValue">What is read; shared by all who ask, so it does not change.</typeparam>
internal sealed class FreshCache<TKey, TValue>
    where TKey : notnull
    where TValue : class
{
    // When it is full, so much is dropped at once that the next sweep is some way off.
    private const int SweptShare = 8;

    private readonly ConcurrentDictionary<TKey, FreshEntry<TValue>> _entries;
    private readonly TimeProvider _time;
    private readonly int _capacity;
    private readonly long _maxAge;
    private readonly Lock _sweeping = new();

    /// <summary>Holds nothing yet.</summary>
    /// <param name="time">Its monotonic clock gives entries their age; the wall clock plays no part.</param>
    /// <param name="capacity">How many entries are kept at most, give or take those that are added while it is swept.</param>
    /// <param name="comparer">How keys are compared; null for their own way.</param>
    public FreshCache(TimeProvider time, int capacity, IEqualityComparer<TKey>? comparer = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        (_time, _capacity) = (time, capacity);
        _maxAge = (long)(FreshnessLimit.MaxAge.TotalSeconds * time.TimestampFrequency);

        // A set number of locks, so that counting stays cheap.
        _entries = new(Environment.ProcessorCount, Math.Min(capacity, 1024), comparer);
    }

    /// <summary>How many entries are held, old ones too.</summary>
    public int Count => _entries.Count;

    /// <summary>What is kept, or what <paramref name="load"/> reads; those who miss the same key at the same time share one read.</summary>
    /// <param name="key">What to read.</param>
    /// <param name="state">Handed to <paramref name="load"/>, so that it needs no closure.</param>
    /// <param name="load">Reads, null when it is absent. Others may wait for it, so it goes on when this caller gives up.</param>
    /// <param name="cancellationToken">Ends this caller's waiting, nobody else's.</param>
    public ValueTask<TValue?> GetAsync<TState>(
        TKey key, TState state, Func<TKey, TState, Task<TValue?>> load, CancellationToken cancellationToken) =>
        _entries.TryGetValue(key, out FreshEntry<TValue>? entry) && IsFresh(entry) && entry.Value is { } value
            ? ValueTask.FromResult<TValue?>(value)
            : new ValueTask<TValue?>(ShareAsync(key, state, load, cancellationToken));

    /// <summary>What is kept and still fresh, or null; nothing is read.</summary>
    public TValue? Recall(TKey key) => _entries.TryGetValue(key, out FreshEntry<TValue>? entry) && IsFresh(entry) ? entry.Value : null;

    /// <summary>
    /// Drops an entry, to be called when a change of it is committed and before that is answered. A read that is under way still serves
    /// those who wait for it, who asked before the change was answered, and is then gone.
    /// </summary>
    public void Forget(TKey key) => _entries.TryRemove(key, out _);

    /// <summary>Drops every entry, for changes that touch more of them than are worth finding.</summary>
    public void ForgetAll() => _entries.Clear();

    private async Task<TValue?> ShareAsync<TState>(
        TKey key, TState state, Func<TKey, TState, Task<TValue?>> load, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        FreshEntry<TValue> entry = Enter(key, out bool isMine);
        if (isMine)
            _ = FillAsync(entry, key, state, load);

        TValue? value = await entry.Read.WaitAsync(cancellationToken);

        // Somebody else's read may have begun before what it missed was made: absence is for each to find out.
        return value is null && !isMine ? await load(key, state).WaitAsync(cancellationToken) : value;
    }

    // The entry stands in the table before its read begins, so that a change committed during the read finds it there and drops it.
    private FreshEntry<TValue> Enter(TKey key, out bool isMine)
    {
        MakeRoom();
        while (true)
        {
            FreshEntry<TValue> mine = new(_time.GetTimestamp());
            FreshEntry<TValue> present = _entries.GetOrAdd(key, mine);
            isMine = ReferenceEquals(present, mine) || (!IsFresh(present) && _entries.TryUpdate(key, mine, present));
            if (isMine)
                return mine;

            if (IsFresh(present))
                return present;
        }
    }

    private async Task FillAsync<TState>(FreshEntry<TValue> entry, TKey key, TState state, Func<TKey, TState, Task<TValue?>> load)
    {
        try
        {
            TValue? value = await load(key, state);
            if (value is null)
                Drop(key, entry);

            entry.Fill(value);
        }
        catch (Exception e)
        {
            Drop(key, entry);
            entry.Fail(e);
        }
    }

    private void Drop(TKey key, FreshEntry<TValue> entry) => _entries.TryRemove(KeyValuePair.Create(key, entry));

    private bool IsFresh(FreshEntry<TValue> entry) => _time.GetTimestamp() - entry.BegunAt <= _maxAge;

    private void MakeRoom()
    {
        if (_entries.Count < _capacity || !_sweeping.TryEnter())
            return;

        try
        {
            foreach (KeyValuePair<TKey, FreshEntry<TValue>> pair in _entries.Where(pair => !IsFresh(pair.Value)))
                _entries.TryRemove(pair);

            int left = _entries.Count;
            if (left >= _capacity)
            {
                foreach (KeyValuePair<TKey, FreshEntry<TValue>> pair in _entries.Take(
                    left - _capacity + Math.Max(1, _capacity / SweptShare)))
                    _entries.TryRemove(pair);
            }
        }
        finally
        {
            _sweeping.Exit();
        }
    }
}

/// <summary>The promise on how old what is kept in memory may be.</summary>
internal static class FreshnessLimit
{
    /// <summary>How old a read may be when it is used: 500 ms, so that what another node revoked is refused here within a second.</summary>
    public static TimeSpan MaxAge => TimeSpan.FromMilliseconds(500);
}

/// <summary>One read, under way or done.</summary>
/// <param name="begunAt">The monotonic clock before the read began: what it found is at least that new.</param>
internal sealed class FreshEntry<TValue>(long begunAt)
    where TValue : class
{
    // Those who wait go on elsewhere, not on the thread of the one who read.
    private readonly TaskCompletionSource<TValue?> _read = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile TValue? _value;

    public long BegunAt { get; } = begunAt;

    /// <summary>What was found; null while the read is under way.</summary>
    public TValue? Value => _value;

    public Task<TValue?> Read => _read.Task;

    public void Fill(TValue? value)
    {
        _value = value;
        _read.SetResult(value);
    }

    public void Fail(Exception exception)
    {
        _read.SetException(exception);

        // Looked at, so that it is not reported as overlooked when the one who waited has given up.
        _ = _read.Task.Exception;
    }
}
