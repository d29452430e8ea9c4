using Qkms.Core.Uses;

namespace Qkms.Tests.Uses;

/// <summary>Loads that fail or that nobody waits for, and keys that are dropped meanwhile.</summary>
public sealed partial class MaterialCacheTests
{
    [Fact]
    public async Task What_failed_to_load_fails_all_who_wait_and_is_tried_again_by_the_next()
    {
        TaskCompletionSource<IDisposable> load = _loader.Hold();
        Task<MaterialLease>[] all = [.. Enumerable.Range(0, 10).Select(_ => RentAsync(Version(1)))];
        load.SetException(new InvalidOperationException("broken"));

        foreach (Task<MaterialLease> one in all)
            await one.Invoking(task => task).Should().ThrowAsync<InvalidOperationException>();

        _cache.Count.Should().Be(0);
        await UseAsync(_cache, 1);
        _loader.Loads.Should().Be(2);
    }

    // Otherwise the next one to ask, minutes later, would be told of a fault that is long over.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_failed_or_was_cancelled_after_everybody_left_is_not_remembered(bool cancelled)
    {
        using CancellationTokenSource gone = new();
        TaskCompletionSource<IDisposable> load = _loader.Hold();
        Task<MaterialLease> waiting = RentAsync(Version(1), cancellationToken: gone.Token);
        await gone.CancelAsync();
        await waiting.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();

        if (cancelled)
            load.SetCanceled(CancellationToken.None);
        else
            load.SetException(new InvalidOperationException("broken"));

        await Eventually.HoldsAsync(() => Task.FromResult(_cache.Count == 0));
        await UseAsync(_cache, 1);
        _loader.Loads.Should().Be(2);
    }

    [Fact]
    public async Task Who_gives_up_leaves_the_others_waiting_and_no_lease_behind()
    {
        using CancellationTokenSource gone = new();
        TaskCompletionSource<IDisposable> load = _loader.Hold();
        Task<MaterialLease>[] leaving = [.. Enumerable.Range(0, 5).Select(_ => RentAsync(Version(1), cancellationToken: gone.Token))];
        Task<MaterialLease> staying = RentAsync(Version(1));
        await gone.CancelAsync();
        foreach (Task<MaterialLease> one in leaving)
            await one.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();

        FakeKey key = new();
        load.SetResult(key);
        MaterialLease lease = await staying;
        _cache.Drop(Version(1).Id);
        key.Disposals.Should().Be(0);
        lease.Dispose();
        key.Disposals.Should().Be(1, "a lease that leaked would keep it");
        _loader.Loads.Should().Be(1);
    }

    [Fact]
    public async Task A_load_that_everybody_left_is_there_for_the_next()
    {
        using CancellationTokenSource gone = new();
        TaskCompletionSource<IDisposable> load = _loader.Hold();
        Task<MaterialLease> leaving = RentAsync(Version(1), cancellationToken: gone.Token);
        await gone.CancelAsync();
        await leaving.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
        FakeKey key = new();
        load.SetResult(key);

        (await UseAsync(_cache, 1)).Should().Be(key);
        _loader.Loads.Should().Be(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_key_dropped_while_it_loads_serves_those_who_wait_and_ends(bool byDisposal)
    {
        TaskCompletionSource<IDisposable> load = _loader.Hold();
        Task<MaterialLease> waiting = RentAsync(Version(1));
        if (byDisposal)
            _cache.Dispose();
        else
            _cache.Drop(Version(1).Id);

        FakeKey key = new();
        load.SetResult(key);
        MaterialLease lease = await waiting;
        key.Disposals.Should().Be(0);
        _cache.Count.Should().Be(0);
        lease.Dispose();
        key.Disposals.Should().Be(1);
    }

    [Fact]
    public async Task A_key_dropped_while_it_loads_for_nobody_ends_when_it_is_there()
    {
        using CancellationTokenSource gone = new();
        TaskCompletionSource<IDisposable> load = _loader.Hold();
        Task<MaterialLease> leaving = RentAsync(Version(1), cancellationToken: gone.Token);
        await gone.CancelAsync();
        await leaving.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
        _cache.Drop(Version(1).Id);
        FakeKey key = new();
        load.SetResult(key);

        await Eventually.HoldsAsync(() => Task.FromResult(key.Disposals == 1));
    }

    // Found fit, then revoked and dropped, then asked for: used once, as its request began before, and not kept until it is old.
    [Fact]
    public async Task A_key_dropped_between_the_look_at_its_state_and_its_use_is_not_kept()
    {
        long generation = _cache.Generation;
        _cache.Drop(Version(1).Id);
        FakeKey key;
        using (MaterialLease lease = await _cache.RentAsync(Version(1), generation, CancellationToken.None))
        {
            key = (FakeKey)lease.Key;
            key.Disposals.Should().Be(0);
            _cache.Count.Should().Be(0);
        }

        key.Disposals.Should().Be(1);
        await UseAsync(_cache, 1);
        _cache.Count.Should().Be(1);
    }

    [Fact]
    public async Task After_disposal_nothing_is_held_and_nothing_given_out()
    {
        FakeKey key = await UseAsync(_cache, 1);
        _cache.Dispose();
        _cache.Dispose();

        key.Disposals.Should().Be(1);
        _cache.Count.Should().Be(0);
        _time.TimerPeriods.Should().BeEmpty();
        Func<Task> rent = () => RentAsync(Version(2));
        await rent.Should().ThrowAsync<ObjectDisposedException>();
        _loader.Loads.Should().Be(1);
    }

    [Fact]
    public async Task A_lease_that_ended_gives_nothing()
    {
        MaterialLease lease = await RentAsync(Version(1));
        lease.Dispose();
        Func<IDisposable> use = () => lease.Key;
        use.Should().Throw<ObjectDisposedException>();
    }
}
