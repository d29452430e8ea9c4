using Qkms.Core.Journal;
using Qkms.Core.Uses;

namespace Qkms.Tests.Uses;

/// <summary>The queue of uses that wait for the next batch.</summary>
public sealed class UseQueueTests
{
    [Fact]
    public void What_waits_is_taken_in_its_order_and_requests_stay_whole()
    {
        using UseQueue queue = new();
        PendingUse[] uses = [.. Enumerable.Range(1, 5).Select(Use)];
        queue.TryAdd([uses[0]]);
        queue.TryAdd([uses[1], uses[2]]);
        queue.TryAdd([uses[3]]);
        queue.TryAdd([uses[4]]);

        Take(queue, most: 2).Should().Equal(uses[0], uses[1], uses[2]);
        queue.Count.Should().Be(2);
        Take(queue, most: 2).Should().Equal(uses[3], uses[4]);
    }

    [Fact]
    public async Task Who_takes_waits_for_the_next_one()
    {
        using UseQueue queue = new();
        for (int i = 1; i <= 100; i++)
        {
            Task<List<PendingUse>> taking = Task.Run(() => Take(queue, most: 10));
            PendingUse use = Use(i);
            queue.TryAdd([use]);

            (await taking.WaitAsync(TimeSpan.FromMinutes(1))).Should().Equal(use);
        }
    }

    [Fact]
    public async Task Nothing_is_lost_when_many_add_at_once()
    {
        using UseQueue queue = new();
        Task adding = Parallel.ForAsync(1, 2001, (i, _) =>
        {
            queue.TryAdd([Use(i)]).Should().BeTrue();
            return ValueTask.CompletedTask;
        });
        List<PendingUse> taken = [];
        while (taken.Count < 2000)
            taken.AddRange(Take(queue, most: 100));

        await adding;
        taken.Select(use => use.Count).Order().Should().Equal(Enumerable.Range(1, 2000));
    }

    [Fact]
    public async Task An_ended_queue_gives_what_is_left_and_takes_no_more()
    {
        using UseQueue queue = new();
        PendingUse use = Use(1);
        queue.TryAdd([use]);
        queue.Complete();

        queue.TryAdd([Use(2)]).Should().BeFalse();
        Take(queue, most: 10).Should().Equal(use);
        queue.Take([], most: 10).Should().BeFalse();

        using UseQueue empty = new();
        Task<bool> waiting = Task.Run(() => empty.Take([], most: 10));
        empty.Complete();
        (await waiting.WaitAsync(TimeSpan.FromMinutes(1))).Should().BeFalse();
    }

    [Fact]
    public void A_full_queue_takes_no_more()
    {
        using UseQueue queue = new();
        int taken = 0;
        while (queue.TryAdd([Use(1)]))
            taken++;

        taken.Should().Be(4096);
        Take(queue, most: 1);
        queue.TryAdd([Use(1)]).Should().BeTrue();
    }

    private static List<PendingUse> Take(UseQueue queue, int most)
    {
        List<PendingUse> batch = [];
        queue.Take(batch, most).Should().BeTrue();
        return batch;
    }

    // Only who it is matters.
    private static PendingUse Use(int count) =>
        new(new JournalActor("api_key", "somebody", Guid.Empty, Guid.Empty), null!, KeyOperation.Encrypt, count);
}
