using Qkms.Core.Gates;

namespace Qkms.Tests.Gates;

/// <summary>F-41: the gate on the memory of what is under way.</summary>
public sealed class ByteGateTests
{
    [Fact]
    public async Task All_together_take_no_more_than_there_is()
    {
        ByteGate gate = new(1000, maxWaiting: 1000, "busy", TimeSpan.FromMinutes(1));
        long inside = 0;
        await Task.WhenAll(Enumerable.Range(0, 500).Select(i => Task.Run(async () =>
        {
            long bytes = 1 + (i * 37 % 600);
            using ByteGate.Pass pass = await gate.EnterAsync(bytes, CancellationToken.None);
            Interlocked.Add(ref inside, bytes).Should().BeLessThanOrEqualTo(1000);
            await Task.Yield();
            Interlocked.Add(ref inside, -bytes);
        })));

        gate.Taken.Should().Be(0);
    }

    [Fact]
    public async Task They_enter_in_order_and_one_that_is_larger_than_the_gate_enters_alone()
    {
        ByteGate gate = new(100, maxWaiting: 10, "busy", TimeSpan.FromMinutes(1));
        ByteGate.Pass first = await gate.EnterAsync(60, CancellationToken.None);
        Task<ByteGate.Pass> huge = gate.EnterAsync(500, CancellationToken.None).AsTask();
        Task<ByteGate.Pass> small = gate.EnterAsync(1, CancellationToken.None).AsTask();

        huge.IsCompleted.Should().BeFalse();
        small.IsCompleted.Should().BeFalse("what came later does not overtake");
        first.Dispose();
        ByteGate.Pass alone = await huge;
        small.IsCompleted.Should().BeFalse();
        alone.Dispose();
        (await small).Dispose();
        gate.Taken.Should().Be(0);
    }

    [Fact]
    public async Task Who_finds_the_queue_full_or_waits_too_long_is_sent_away()
    {
        ByteGate gate = new(100, maxWaiting: 1, "busy", TimeSpan.FromMilliseconds(50));
        ByteGate.Pass inside = await gate.EnterAsync(100, CancellationToken.None);
        Task<ByteGate.Pass> waiting = gate.EnterAsync(1, CancellationToken.None).AsTask();
        await ShouldBeSentAwayAsync(() => gate.EnterAsync(1, CancellationToken.None).AsTask());
        await ShouldBeSentAwayAsync(() => waiting);
        gate.Taken.Should().Be(100);
        inside.Dispose();
        gate.Taken.Should().Be(0);
    }

    [Fact]
    public async Task Nothing_is_lost_between_giving_back_and_giving_up()
    {
        ByteGate gate = new(10, maxWaiting: 1000, "busy", TimeSpan.FromMinutes(1));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            for (int turn = 0; turn < 2000; turn++)
            {
                using CancellationTokenSource gone = new();
                ValueTask<ByteGate.Pass> entering = gate.EnterAsync(1 + (turn % 7), gone.Token);
                if ((turn + i) % 3 == 0)
                    await gone.CancelAsync();

                try
                {
                    using ByteGate.Pass pass = await entering;
                    await Task.Yield();
                }
                catch (OperationCanceledException)
                {
                    // It gave up.
                }
            }
        })));

        gate.Taken.Should().Be(0);
    }

    private static async Task ShouldBeSentAwayAsync(Func<Task<ByteGate.Pass>> entering)
    {
        KmsException refusal = (await entering.Should().ThrowAsync<KmsException>()).Which;
        refusal.Error.Should().Be(KmsErrors.Unavailable);
        refusal.RetryAfter.Should().Be(TimeSpan.FromSeconds(2));
    }
}
