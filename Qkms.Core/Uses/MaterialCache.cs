using System.Diagnostics;
using Qkms.Core.Keys;
using Qkms.Core.Telemetry;

namespace Qkms.Core.Uses;

/// <summary>
/// Expanded private keys in memory: bounded by count (the least recently used goes first) and by age, and zeroed when they go. Whether
/// a key may be used is not decided here but asked anew for every use.
/// </summary>
internal sealed class MaterialCache : IDisposable
{
    private readonly IMaterialLoader _loader;
    private readonly MaterialCacheOptions _options;
    private readonly TimeProvider _time;
    private readonly ITimer _sweep;
    private readonly Lock _lock = new();
    private readonly Dictionary<KeyVersionId, LinkedListNode<MaterialEntry>> _entries = [];
    private readonly LinkedList<MaterialEntry> _byUse = new();
    private long _generation;
    private bool _disposed;

    /// <summary>Begins empty.</summary>
    public MaterialCache(IMaterialLoader loader, MaterialCacheOptions options, TimeProvider time)
    {
        (_loader, _options, _time) = (loader, options, time);
        TimeSpan period = TimeSpan.FromTicks(Math.Clamp(options.MaxAge.Ticks >> 2, TimeSpan.TicksPerSecond, TimeSpan.TicksPerMinute));
        _sweep = time.CreateTimer(_ => DropOld(), null, period, period);
    }

    /// <summary>How many keys it holds.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _entries.Count;
        }
    }

    /// <summary>Changes with every <see cref="Drop(KeyVersionId)"/>: to be read before it is looked at whether a key may be used.</summary>
    public long Generation => Interlocked.Read(ref _generation);

    /// <summary>The key of a version, loaded once however many ask for it at the same time.</summary>
    /// <param name="version">The version.</param>
    /// <param name="generation">
    /// <see cref="Generation"/> from before the version was found fit. When a key was dropped since, which may be this one, it is loaded
    /// for this use only: what is dropped does not come back by a request that was faster at looking than at asking.
    /// </param>
    /// <param name="cancellationToken">Ends this caller's waiting, nobody else's.</param>
    /// <exception cref="Sealing.SealBrokenException">It does not open.</exception>
    public ValueTask<MaterialLease> RentAsync(KeyVersion version, long generation, CancellationToken cancellationToken)
    {
        MaterialEntry entry = Take(version, generation, out bool isHit);
        KmsMeter.MaterialRequests.Add(1, KeyValuePair.Create<string, object?>(KmsMeter.CacheResultLabel, isHit ? "hit" : "miss"));
        return entry.Loading.IsCompletedSuccessfully
            ? new ValueTask<MaterialLease>(new MaterialLease(this, entry))
            : new ValueTask<MaterialLease>(WaitAsync(entry, cancellationToken));
    }

    /// <summary>Lets go of the key of a version that may not be used any more.</summary>
    public void Drop(KeyVersionId id)
    {
        lock (_lock)
        {
            _generation++;
            if (_entries.TryGetValue(id, out LinkedListNode<MaterialEntry>? node))
                Evict(node, "withdrawn");
        }
    }

    /// <summary>Lets go of the keys of every version of a logical key that may not be used any more.</summary>
    public void Drop(KeyId id)
    {
        lock (_lock)
        {
            _generation++;
            EvictAll(entry => entry.KeyId == id);
        }
    }

    /// <summary>
    /// The same when a use was refused because another node has switched the key off; for other keys nothing changes.
    /// </summary>
    public void Withdraw(KeyId id)
    {
        lock (_lock)
        {
            if (EvictAll(entry => entry.KeyId == id) > 0)
                _generation++;
        }
    }

    /// <summary>
    /// Lets go of the key of a version that a use was refused, because another node has revoked or destroyed it. Unlike
    /// <see cref="Drop(KeyVersionId)"/> it changes nothing for other keys, however often a caller tries.
    /// </summary>
    public void Withdraw(KeyVersionId id)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(id, out LinkedListNode<MaterialEntry>? node))
                return;

            _generation++;
            Evict(node, "withdrawn");
        }
    }

    /// <summary>Lets go of the keys of tenants that may not be used any more.</summary>
    public void Drop(IReadOnlyCollection<TenantId> tenants)
    {
        if (tenants.Count == 0)
            return;

        lock (_lock)
            _generation += EvictAll(entry => tenants.Contains(entry.TenantId));
    }

    /// <summary>Lets go of every key. Those in use are zeroed when their last lease ends.</summary>
    public void Dispose()
    {
        _sweep.Dispose();
        lock (_lock)
        {
            _disposed = true;
            while (_byUse.First is { } node)
                Drop(node);
        }
    }

    internal void Return(MaterialEntry entry)
    {
        lock (_lock)
        {
            entry.Leases--;
            EndIfUnused(entry);
        }
    }

    private MaterialEntry Take(KeyVersion version, long generation, out bool isHit)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_entries.TryGetValue(version.Id, out LinkedListNode<MaterialEntry>? node))
            {
                isHit = !IsOld(node.Value);
                if (isHit)
                {
                    _byUse.Remove(node);
                    _byUse.AddFirst(node);
                    node.Value.Leases++;
                    return node.Value;
                }

                Evict(node, "age");
            }

            isHit = false;
            MaterialEntry entry = new(version.TenantId, version.KeyId, version.Id, _time.GetTimestamp())
            {
                Leases = 1,
                IsDropped = generation != _generation,
            };
            entry.Loading = Task.Run(() => LoadAsync(entry, version));
            if (entry.IsDropped)
                return entry;

            while (_entries.Count >= _options.MaxKeys)
                Evict(_byUse.Last!, "count");

            _entries.Add(version.Id, _byUse.AddFirst(entry));
            return entry;
        }
    }

    private async Task<IDisposable> LoadAsync(MaterialEntry entry, KeyVersion version)
    {
        using Activity? span = KmsActivities.Start(KmsActivities.LoadMaterial);
        span?.SetTag(KmsMeter.AlgorithmLabel, version.Algorithm.Name);
        try
        {
            return await _loader.LoadAsync(version);
        }
        catch
        {
            // What could not be loaded is not remembered, also when nobody waits for it any more: whoever asks next has it tried again.
            lock (_lock)
            {
                if (!entry.IsDropped)
                    Drop(_entries[entry.Id]);
            }

            throw;
        }
    }

    private async Task<MaterialLease> WaitAsync(MaterialEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            // Whoever gives up waiting leaves the load to the others.
            await entry.Loading.WaitAsync(cancellationToken);
            return new MaterialLease(this, entry);
        }
        catch
        {
            Return(entry);
            throw;
        }
    }

    private void DropOld()
    {
        lock (_lock)
        {
            for (LinkedListNode<MaterialEntry>? node = _byUse.First, next; node is not null; node = next)
            {
                next = node.Next;
                if (IsOld(node.Value))
                    Evict(node, "age");
            }
        }
    }

    private int EvictAll(Predicate<MaterialEntry> isMeant)
    {
        int count = 0;
        for (LinkedListNode<MaterialEntry>? node = _byUse.First, next; node is not null; node = next)
        {
            next = node.Next;
            if (!isMeant(node.Value))
                continue;

            count++;
            Evict(node, "withdrawn");
        }

        return count;
    }

    private bool IsOld(MaterialEntry entry) => _time.GetElapsedTime(entry.AskedAt) > _options.MaxAge;

    private void Evict(LinkedListNode<MaterialEntry> node, string reason)
    {
        KmsMeter.MaterialEvictions.Add(1, KeyValuePair.Create<string, object?>(KmsMeter.EvictionReasonLabel, reason));
        Drop(node);
    }

    private void Drop(LinkedListNode<MaterialEntry> node)
    {
        _byUse.Remove(node);
        _entries.Remove(node.Value.Id);
        node.Value.IsDropped = true;
        EndIfUnused(node.Value);
    }

    private static void EndIfUnused(MaterialEntry entry)
    {
        if (!entry.IsDropped || entry.Leases > 0)
            return;

        if (entry.Loading.IsCompletedSuccessfully)
            entry.Key.Dispose();
        else
            entry.Loading.ContinueWith(End, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    // A load that ends after everybody left. One that failed is looked at, so that it is not reported as overlooked.
    private static void End(Task<IDisposable> load)
    {
        if (load.IsCompletedSuccessfully)
            load.Result.Dispose();
        else
            _ = load.Exception;
    }
}

/// <summary>One key of the cache. The cache's lock guards the counter and the flag.</summary>
internal sealed class MaterialEntry(TenantId tenantId, KeyId keyId, KeyVersionId id, long askedAt)
{
    public TenantId TenantId { get; } = tenantId;

    public KeyId KeyId { get; } = keyId;

    public KeyVersionId Id { get; } = id;

    /// <summary>The monotonic clock when its load began.</summary>
    public long AskedAt { get; } = askedAt;

    /// <summary>The load, begun before anybody else sees the entry.</summary>
    public Task<IDisposable> Loading { get; set; } = null!;

    /// <summary>The key; only when <see cref="Loading"/> has succeeded.</summary>
    public IDisposable Key => Loading.Result;

    /// <summary>How many hold it.</summary>
    public int Leases { get; set; }

    /// <summary>Whether the cache has let go of it, or never held it.</summary>
    public bool IsDropped { get; set; }
}

/// <summary>How many expanded private keys stay in memory, and how long.</summary>
internal sealed record MaterialCacheOptions
{
    /// <summary>Maximum number of keys. An expanded key takes up to 150 KB (ML-DSA-87).</summary>
    public int MaxKeys { get; init; } = 1000;

    /// <summary>
    /// Maximum time that a key is used. It is zeroed at most a quarter of that time later, and at most a minute, and unwrapped again when
    /// it is needed.
    /// </summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromMinutes(10);
}

/// <summary>A key in memory that stays whole until the lease ends, even when the cache has dropped it meanwhile.</summary>
internal sealed class MaterialLease : IDisposable
{
    private readonly MaterialCache _cache;
    private readonly MaterialEntry _entry;
    private int _ended;

    internal MaterialLease(MaterialCache cache, MaterialEntry entry) => (_cache, _entry) = (cache, entry);

    /// <summary>The key.</summary>
    public IDisposable Key
    {
        get
        {
            ObjectDisposedException.ThrowIf(_ended != 0, this);
            return _entry.Key;
        }
    }

    /// <summary>Gives the key back; the last one to give back a dropped key zeroes it.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
            _cache.Return(_entry);
    }
}
