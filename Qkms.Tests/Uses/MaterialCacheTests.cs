using Qkms.Core.Uses;
using Qkms.Tests.Keyrings;

namespace Qkms.Tests.Uses;

public sealed partial class MaterialCacheTests : IDisposable
{
    private readonly ManualTime _time = ManualTime.Standing();
    private readonly FakeLoader _loader = new();
    private readonly MaterialCache _cache;

    public MaterialCacheTests() =>
        _cache = new MaterialCache(_loader, new MaterialCacheOptions { MaxKeys = 1000, MaxAge = TimeSpan.FromMinutes(10) }, _time);

    public void Dispose() => _cache.Dispose();

    [Fact]
    public async Task A_hundred_first_uses_at_once_share_one_load()
    {
        TaskCompletionSource<IDisposable> load = _loader.Hold();
        KeyVersion version = Version(1);
        Task<MaterialLease>[] all = [.. Enumerable.Range(0, 100).Select(_ => Task.Run(() => RentAsync(version)))];
        FakeKey key = new();
        load.SetResult(key);

        MaterialLease[] leases = await Task.WhenAll(all);

        _loader.Loads.Should().Be(1);
        leases.Should().OnlyContain(lease => (FakeKey)lease.Key == key);
        End(leases);
        key.Disposals.Should().Be(0, "the cache still holds it");
        (await RentAsync(version)).Dispose();
        _loader.Loads.Should().Be(1);
    }

    [Fact]
    public async Task Ten_thousand_keys_go_through_a_cache_of_a_thousand()
    {
        KeyVersion[] versions = [.. Enumerable.Range(0, 10_000).Select(Version)];
        int largest = 0;
        await Parallel.ForEachAsync(versions, async (version, cancellationToken) =>
        {
            using MaterialLease lease = await RentAsync(version, cancellationToken: cancellationToken);
            ((FakeKey)lease.Key).Disposals.Should().Be(0);
            InterlockedMax(ref largest, _cache.Count);
        });

        largest.Should().Be(1000);
        _loader.Made.Should().HaveCount(10_000);
        _loader.Made.Count(key => key.Disposals == 1).Should().Be(9_000);
        _loader.Made.Count(key => key.Disposals == 0).Should().Be(1_000);
        _cache.Dispose();
        _loader.Made.Should().OnlyContain(key => key.Disposals == 1);
    }

    // Ten thousand versions were used: what is reachable afterwards is what the cache may hold, not one object for each of them.
    [Fact]
    public async Task Memory_does_not_grow_with_the_number_of_versions()
    {
        List<WeakReference> keys = [];
        using MaterialCache small = new(new WeakLoader(keys), new MaterialCacheOptions { MaxKeys = 100 }, _time);
        await UseManyAsync(small);
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        keys.Should().HaveCount(10_000);

        // A few may still be in registers or on a stack.
        keys.Count(key => key.IsAlive).Should().BeInRange(100, 110);
        small.Count.Should().Be(100);
    }

    [Fact]
    public async Task The_least_recently_used_goes_first()
    {
        using MaterialCache small = new(_loader, new MaterialCacheOptions { MaxKeys = 2 }, _time);
        FakeKey first = await UseAsync(small, 1);
        FakeKey second = await UseAsync(small, 2);
        await UseAsync(small, 1);
        await UseAsync(small, 3);

        second.Disposals.Should().Be(1);
        first.Disposals.Should().Be(0);
    }

    [Fact]
    public async Task A_key_that_is_too_old_is_loaded_anew_whatever_the_wall_clock_says()
    {
        FakeKey first = await UseAsync(_cache, 1);
        _time.Advance(TimeSpan.FromMinutes(10));
        _time.ShiftWallClock(TimeSpan.FromDays(365));
        (await UseAsync(_cache, 1)).Should().Be(first);

        _time.Advance(TimeSpan.FromTicks(1));
        FakeKey second = await UseAsync(_cache, 1);

        second.Should().NotBe(first);
        first.Disposals.Should().Be(1);
        _cache.Count.Should().Be(1);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(60, 15)]
    [InlineData(600, 60)]
    [InlineData(86_400, 60)]
    public async Task Old_keys_that_nobody_asks_for_are_swept_away(int maxAge, int period)
    {
        ManualTime time = ManualTime.Standing();
        using MaterialCache cache = new(_loader, new MaterialCacheOptions { MaxAge = TimeSpan.FromSeconds(maxAge) }, time);
        time.TimerPeriods.Should().Equal(TimeSpan.FromSeconds(period));
        FakeKey old = await UseAsync(cache, 1);
        time.Advance(TimeSpan.FromSeconds(maxAge));
        FakeKey young = await UseAsync(cache, 2);
        time.FireTimers();
        old.Disposals.Should().Be(0);

        time.Advance(TimeSpan.FromTicks(1));
        time.FireTimers();

        old.Disposals.Should().Be(1);
        young.Disposals.Should().Be(0);
        cache.Count.Should().Be(1);
    }

    [Theory]
    [InlineData("drop")]
    [InlineData("evict")]
    [InlineData("sweep")]
    [InlineData("dispose")]
    public async Task A_key_in_use_is_whole_until_its_last_lease_ends(string how)
    {
        using MaterialCache small = new(_loader, new MaterialCacheOptions { MaxKeys = 1 }, _time);
        MaterialLease one = await RentAsync(Version(1), small);
        MaterialLease two = await RentAsync(Version(1), small);
        FakeKey key = (FakeKey)one.Key;
        switch (how)
        {
            case "drop":
                small.Drop(Version(1).Id);
                break;
            case "evict":
                await UseAsync(small, 2);
                break;
            case "sweep":
                _time.Advance(TimeSpan.FromDays(1));
                _time.FireTimers();
                break;
            default:
                small.Dispose();
                break;
        }

        one.Dispose();
        one.Dispose();
        key.Disposals.Should().Be(0, "the second lease is out");
        ((FakeKey)two.Key).Should().Be(key);
        two.Dispose();
        key.Disposals.Should().Be(1);
    }

    // Every way in and out at once: no key is used after its end, none is forgotten, none ends twice.
    [Fact]
    public async Task Under_load_every_key_ends_once_and_none_while_it_is_used()
    {
        using MaterialCache small = new(_loader, new MaterialCacheOptions { MaxKeys = 4 }, _time);
        _loader.YieldsAndFails = true;
        const int Turns = 5_000;
        int used = 0;
        Task[] users = [.. Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            for (int turn = i; turn < i + Turns; turn++)
            {
                using CancellationTokenSource impatient = new();
                if (turn % 7 == 0)
                    await impatient.CancelAsync();

                if (turn % 11 == 0)
                    small.Drop(Version(turn % 6).Id);

                try
                {
                    using MaterialLease lease = await RentAsync(Version(turn % 6), small, impatient.Token);
                    FakeKey key = (FakeKey)lease.Key;
                    await Task.Yield();
                    key.Disposals.Should().Be(0);
                    Interlocked.Increment(ref used);
                }
                catch (Exception e) when (e is OperationCanceledException or InvalidOperationException)
                {
                    // It gave up, or the load failed as it does at times.
                }
            }
        }))];
        await Task.WhenAll(users).WaitAsync(TimeSpan.FromMinutes(1));
        small.Count.Should().BeLessThanOrEqualTo(4);
        small.Dispose();

        used.Should().BePositive();
        await Eventually.HoldsAsync(() => Task.FromResult(_loader.Made.All(key => key.Disposals == 1)));
    }

    private static KeyVersion Version(int number) =>
        Samples.Version with { Id = new KeyVersionId(new Guid(number, 1, 2, [3, 4, 5, 6, 7, 8, 9, 10])) };

    private async Task UseManyAsync(MaterialCache cache)
    {
        for (int i = 0; i < 10_000; i++)
            (await RentAsync(Version(i), cache)).Dispose();
    }

    private Task<MaterialLease> RentAsync(KeyVersion version, MaterialCache? cache = null, CancellationToken cancellationToken = default) =>
        (cache ?? _cache).RentAsync(version, (cache ?? _cache).Generation, cancellationToken).AsTask();

    private async Task<FakeKey> UseAsync(MaterialCache cache, int number)
    {
        using MaterialLease lease = await RentAsync(Version(number), cache);
        return (FakeKey)lease.Key;
    }

    private static void End(IEnumerable<MaterialLease> leases)
    {
        foreach (MaterialLease lease in leases)
            lease.Dispose();
    }

    private static void InterlockedMax(ref int largest, int value)
    {
        for (int seen = Volatile.Read(ref largest); seen < value; seen = Volatile.Read(ref largest))
            Interlocked.CompareExchange(ref largest, value, seen);
    }

    private sealed class WeakLoader(List<WeakReference> keys) : IMaterialLoader
    {
        public Task<IDisposable> LoadAsync(KeyVersion version)
        {
            FakeKey key = new();
            lock (keys)
                keys.Add(new WeakReference(key));

            return Task.FromResult<IDisposable>(key);
        }
    }
}
