namespace Qkms.Tests.Freshness;

public sealed class FreshCacheTests
{
    private readonly ManualTime _time = ManualTime.Standing();
    private readonly FreshCache<string, string> _cache;
    private int _reads;

    public FreshCacheTests() => _cache = new FreshCache<string, string>(_time, capacity: 16);

    [Fact]
    public async Task What_was_read_is_used_for_half_a_second_and_then_read_again()
    {
        (await GetAsync("first")).Should().Be("first");
        _time.Advance(TimeSpan.FromMilliseconds(500));
        (await GetAsync("second")).Should().Be("first");
        _time.Advance(TimeSpan.FromMilliseconds(1));
        (await GetAsync("second")).Should().Be("second");
        _reads.Should().Be(2);
    }

    // Its age counts from before the read: what the read found may have changed while it went on.
    [Fact]
    public async Task A_slow_read_is_old_when_it_arrives()
    {
        TaskCompletionSource<string?> read = new();
        Task<string?> first = GetAsync(read.Task);
        _time.Advance(TimeSpan.FromMilliseconds(501));
        read.SetResult("slow");

        (await first).Should().Be("slow");
        (await GetAsync("new")).Should().Be("new");
    }

    [Fact]
    public async Task Nobody_waits_for_a_read_that_is_too_old()
    {
        TaskCompletionSource<string?> read = new();
        Task<string?> first = GetAsync(read.Task);
        _time.Advance(TimeSpan.FromMilliseconds(501));

        (await GetAsync("new")).Should().Be("new");
        read.SetResult("old");
        (await first).Should().Be("old");
        (await GetAsync("newer")).Should().Be("new", "a late arrival does not push out what is newer");
    }

    [Fact]
    public async Task Those_who_miss_together_share_one_read()
    {
        TaskCompletionSource<string?> read = new();
        Task<string?>[] all = [.. Enumerable.Range(0, 100).Select(_ => GetAsync(read.Task))];
        read.SetResult("once");

        (await Task.WhenAll(all)).Should().OnlyContain(value => value == "once");
        _reads.Should().Be(1);
    }

    [Fact]
    public async Task What_is_forgotten_is_read_again()
    {
        await GetAsync("first");
        _cache.Forget("key");
        (await GetAsync("second")).Should().Be("second");
        _cache.ForgetAll();
        (await GetAsync("third")).Should().Be("third");
    }

    // The read may have seen the row as it was before the change that made somebody forget it.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_read_under_way_when_it_is_forgotten_serves_only_those_who_wait(bool all)
    {
        TaskCompletionSource<string?> read = new();
        Task<string?> before = GetAsync(read.Task);
        if (all)
            _cache.ForgetAll();
        else
            _cache.Forget("key");

        (await GetAsync("changed")).Should().Be("changed");
        read.SetResult("unchanged");
        (await before).Should().Be("unchanged");
        (await GetAsync("later")).Should().Be("changed");
    }

    [Fact]
    public async Task Absence_is_neither_kept_nor_shared()
    {
        (await GetAsync((string?)null)).Should().BeNull();
        _cache.Count.Should().Be(0);

        TaskCompletionSource<string?> read = new();
        Task<string?> early = GetAsync(read.Task);
        Task<string?> late = GetAsync("made in the meantime");
        read.SetResult(null);
        (await early).Should().BeNull();
        (await late).Should().Be("made in the meantime");
    }

    [Fact]
    public async Task A_failure_is_everybodys_who_waits_and_is_not_kept()
    {
        TaskCompletionSource<string?> read = new();
        Task<string?>[] both = [GetAsync(read.Task), GetAsync(read.Task)];
        read.SetException(new InvalidOperationException("broken"));

        foreach (Task<string?> one in both)
            await one.Invoking(task => task).Should().ThrowAsync<InvalidOperationException>();

        _reads.Should().Be(1);
        (await GetAsync("mended")).Should().Be("mended");
    }

    [Fact]
    public async Task Who_gives_up_leaves_the_others_waiting()
    {
        using CancellationTokenSource gone = new();
        TaskCompletionSource<string?> read = new();
        Task<string?> first = GetAsync(read.Task, gone.Token);
        Task<string?> second = GetAsync(read.Task);
        await gone.CancelAsync();

        await first.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
        read.SetResult("there");
        (await second).Should().Be("there");
        _reads.Should().Be(1);
    }

    [Fact]
    public async Task It_holds_no_more_than_it_may_and_drops_the_old_first()
    {
        for (int i = 0; i < 8; i++)
            await GetAsync($"old {i}", "x");

        _time.Advance(TimeSpan.FromMilliseconds(501));
        for (int i = 0; i < 9; i++)
            await GetAsync($"young {i}", "x");

        _cache.Count.Should().Be(9);
        for (int i = 0; i < 1_000; i++)
        {
            await GetAsync($"younger {i}", "x");
            _cache.Count.Should().BeLessThanOrEqualTo(16);
        }
    }

    [Fact]
    public async Task A_hit_costs_no_memory()
    {
        Func<string, string, Task<string?>> load = (_, state) => Task.FromResult<string?>(state);
        await _cache.GetAsync("key", "value", load, CancellationToken.None);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000; i++)
            await _cache.GetAsync("key", "value", load, CancellationToken.None);

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }

    // A row that changes all the time: whoever asks after a change was answered sees it, or a later one.
    [Fact]
    public async Task Under_load_nobody_sees_what_was_before_an_answered_change()
    {
        FreshCache<string, string> cache = new(TimeProvider.System, capacity: 16);
        int row = 0;
        int answered = 0;
        using CancellationTokenSource end = new(TimeSpan.FromSeconds(1));
        Task[] readers = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!end.IsCancellationRequested)
            {
                int least = Volatile.Read(ref answered);
                string? seen = await cache.GetAsync("key", 0, async (_, _) =>
                {
                    int read = Volatile.Read(ref row);
                    await Task.Yield();
                    return read.ToString(System.Globalization.CultureInfo.InvariantCulture);
                }, CancellationToken.None);
                int.Parse(seen!, System.Globalization.CultureInfo.InvariantCulture).Should().BeGreaterThanOrEqualTo(least);
            }
        }))];

        while (!end.IsCancellationRequested)
        {
            int changed = Interlocked.Increment(ref row);
            cache.Forget("key");
            Volatile.Write(ref answered, changed);
            await Task.Yield();
        }

        await Task.WhenAll(readers);
    }

    private Task<string?> GetAsync(string? value) => GetAsync(Task.FromResult(value));

    private Task<string?> GetAsync(Task<string?> read, CancellationToken cancellationToken = default) =>
        GetAsync("key", read, cancellationToken);

    private Task<string?> GetAsync(string key, string value) => GetAsync(key, Task.FromResult<string?>(value), CancellationToken.None);

    private Task<string?> GetAsync(string key, Task<string?> read, CancellationToken cancellationToken) =>
        _cache.GetAsync(key, read, (_, task) => { Interlocked.Increment(ref _reads); return task; }, cancellationToken).AsTask();
}
