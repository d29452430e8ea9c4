using Qkms.Core.Gates;

namespace Qkms.Tests.Gates;

public sealed class BoundedGateTests
{
    [Fact]
    public async Task No_more_than_its_slots_are_inside_at_once()
    {
        BoundedGate gate = new(slots: 3, maxWaiting: 1000, "busy");
        int inside = 0;
        int largest = 0;
        await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => Task.Run(async () =>
        {
            using BoundedGate.Pass pass = await gate.EnterAsync(CancellationToken.None);
            int now = Interlocked.Increment(ref inside);
            largest = Math.Max(largest, now);
            now.Should().BeLessThanOrEqualTo(3);
            await Task.Yield();
            Interlocked.Decrement(ref inside);
        })));

        inside.Should().Be(0);
        largest.Should().BePositive();
        await FillAsync(gate, 3);
    }

    [Fact]
    public async Task Who_finds_the_queue_full_is_sent_away_at_once_and_told_when_to_come_back()
    {
        BoundedGate gate = new(slots: 1, maxWaiting: 2, "busy");
        BoundedGate.Pass inside = await gate.EnterAsync(CancellationToken.None);
        Task<BoundedGate.Pass>[] waiting = [EnterAsync(gate), EnterAsync(gate)];

        await ShouldBeSentAwayAsync(EnterAsync(gate));
        await ShouldBeSentAwayAsync(EnterAsync(gate));

        waiting.Should().OnlyContain(task => !task.IsCompleted);
        inside.Dispose();
        Task<BoundedGate.Pass> next = await Task.WhenAny(waiting);
        Task<BoundedGate.Pass> other = waiting.Single(task => task != next);
        Task<BoundedGate.Pass> third = EnterAsync(gate);
        third.IsCompleted.Should().BeFalse("a place in the queue is free again, but no slot");
        (await next).Dispose();
        (await await Task.WhenAny(third, other)).Dispose();
    }

    [Fact]
    public async Task Who_waits_too_long_is_sent_away_and_takes_nothing()
    {
        BoundedGate gate = new(slots: 1, maxWaiting: 2, "busy", patience: TimeSpan.FromMilliseconds(20));
        BoundedGate.Pass inside = await gate.EnterAsync(CancellationToken.None);
        await ShouldBeSentAwayAsync(EnterAsync(gate));
        await ShouldBeSentAwayAsync(EnterAsync(gate));
        await ShouldBeSentAwayAsync(EnterAsync(gate));
        inside.Dispose();
        await FillAsync(gate, 1);
    }

    [Fact]
    public async Task Who_gives_up_takes_neither_a_slot_nor_a_place_in_the_queue()
    {
        BoundedGate gate = new(slots: 1, maxWaiting: 1, "busy");
        BoundedGate.Pass inside = await gate.EnterAsync(CancellationToken.None);
        for (int i = 0; i < 10; i++)
        {
            using CancellationTokenSource gone = new();
            Task<BoundedGate.Pass> waiting = EnterAsync(gate, gone.Token);
            await gone.CancelAsync();
            await waiting.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
        }

        Task<BoundedGate.Pass> last = EnterAsync(gate);
        inside.Dispose();
        (await last).Dispose();
        await FillAsync(gate, 1);
    }

    // Those who leave race with those who free their slots.
    [Fact]
    public async Task No_slot_is_lost_between_freeing_and_giving_up()
    {
        BoundedGate gate = new(slots: 2, maxWaiting: 1000, "busy");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            for (int turn = 0; turn < 2000; turn++)
            {
                using CancellationTokenSource gone = new();
                ValueTask<BoundedGate.Pass> entering = gate.EnterAsync(gone.Token);
                if ((turn + i) % 3 == 0)
                    await gone.CancelAsync();

                try
                {
                    using BoundedGate.Pass pass = await entering;
                    await Task.Yield();
                }
                catch (OperationCanceledException)
                {
                    // It gave up.
                }
            }
        })));

        await FillAsync(gate, 2);
    }

    [Fact]
    public async Task Private_key_work_runs_at_once_and_on_this_thread_when_a_slot_is_free()
    {
        PrivateKeyGate gate = new();
        int here = Environment.CurrentManagedThreadId;
        ValueTask<int> work = gate.RunAsync(0, static _ => Environment.CurrentManagedThreadId, CancellationToken.None);
        work.IsCompleted.Should().BeTrue();
        (await work).Should().Be(here);
    }

    [Fact]
    public async Task Private_key_work_is_at_most_one_per_core_at_once()
    {
        PrivateKeyGate gate = new();
        Counter counter = new();
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Run(async () => await gate.RunAsync(
            counter,
            static counter =>
            {
                counter.Enter();
                Thread.Sleep(1);
                counter.Leave();
                return 0;
            },
            CancellationToken.None))));

        counter.Largest.Should().BeInRange(1, Environment.ProcessorCount);
    }

    [Fact]
    public async Task Private_key_work_that_fails_frees_its_slot()
    {
        PrivateKeyGate gate = new();
        for (int i = 0; i <= Environment.ProcessorCount; i++)
        {
            Func<Task> work = async () =>
                await gate.RunAsync<int, int>(0, static _ => throw new InvalidOperationException("broken"), CancellationToken.None);
            await work.Should().ThrowAsync<InvalidOperationException>();
        }

        (await gate.RunAsync(7, static state => state, CancellationToken.None)).Should().Be(7);
    }

    private static Task<BoundedGate.Pass> EnterAsync(BoundedGate gate, CancellationToken cancellationToken = default) =>
        gate.EnterAsync(cancellationToken).AsTask();

    private static async Task ShouldBeSentAwayAsync(Task<BoundedGate.Pass> entering)
    {
        KmsException refusal = (await entering.Invoking(task => task).Should().ThrowAsync<KmsException>()).Which;
        refusal.Error.Should().Be(KmsErrors.Unavailable);
        refusal.RetryAfter.Should().Be(TimeSpan.FromSeconds(2));
        refusal.Message.Should().Be("busy");
    }

    /// <summary>Exactly so many slots are free.</summary>
    private static async Task FillAsync(BoundedGate gate, int slots)
    {
        BoundedGate.Pass[] passes = new BoundedGate.Pass[slots];
        for (int i = 0; i < slots; i++)
        {
            ValueTask<BoundedGate.Pass> entering = gate.EnterAsync(CancellationToken.None);
            entering.IsCompleted.Should().BeTrue("a slot is free");
            passes[i] = await entering;
        }

        Task<BoundedGate.Pass> next = EnterAsync(gate);
        next.IsCompleted.Should().BeFalse("no further slot is free");
        foreach (BoundedGate.Pass pass in passes)
            pass.Dispose();

        (await next).Dispose();
    }

    private sealed class Counter
    {
        private int _now;
        private int _largest;

        public int Largest => _largest;

        public void Enter()
        {
            int now = Interlocked.Increment(ref _now);
            for (int seen = Volatile.Read(ref _largest); seen < now; seen = Volatile.Read(ref _largest))
                Interlocked.CompareExchange(ref _largest, now, seen);
        }

        public void Leave() => Interlocked.Decrement(ref _now);
    }
}
