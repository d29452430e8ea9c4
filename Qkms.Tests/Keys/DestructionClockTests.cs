using Qkms.Core.Lifecycle;

namespace Qkms.Tests.Keys;

/// <summary>
/// F-12: a wrong clock destroys nothing early. The waiting time is also counted in hours in which the service was seen running, and after a
/// gap of more than a day nothing is destroyed until an operator has confirmed the clock.
/// </summary>
public sealed class DestructionClockTests : IDisposable
{
    private static readonly TimeSpan _week = TimeSpan.FromDays(7);

    private readonly TemporaryDirectory _directory = new();
    private readonly ManualTime _time = ManualTime.Running();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_clock_that_jumped_by_more_than_a_day_holds_every_destruction_until_it_is_confirmed()
    {
        string kid;
        await using (QkmsApplication app = Start())
        {
            kid = await WaitingAsync(app);
            await app.SweepAfterAsync(TimeSpan.FromDays(1));
            _time.ShiftWallClock(TimeSpan.FromDays(30));

            // Ten intervals, which once were enough, and then as much time as was to be waited.
            (await app.SweepAfterAsync(TimeSpan.FromMinutes(11))).Should().Be(0);
            (await app.SweepAfterAsync(_week)).Should().Be(0);
            (await StatusAsync(app, kid)).Should().Be("pending_destruction");
            app.Log.Lines.Should().Contain(line => line.StartsWith("Warning ", StringComparison.Ordinal)
                && line.Contains("Nothing is destroyed", StringComparison.Ordinal));
        }

        // The hold is in the database: another process is held too, and one whose operator confirmed another day.
        await using (QkmsApplication app = Start(confirmed: _time.GetUtcNow().AddDays(-3)))
        {
            (await app.SweepAfterAsync(TimeSpan.FromHours(1))).Should().Be(0);
            app.Log.Lines.Should().Contain(line => line.Contains("Nothing is destroyed", StringComparison.Ordinal));
        }

        await using QkmsApplication confirmed = Start(confirmed: _time.GetUtcNow());
        (await confirmed.SweepAfterAsync(TimeSpan.FromHours(1))).Should().Be(1);
        (await StatusAsync(confirmed, kid)).Should().Be("destroyed");
    }

    // The jump is confirmed at once, and the seven days are waited all the same.
    [Fact]
    public async Task Waiting_time_that_nobody_saw_does_not_count()
    {
        string kid;
        await using (QkmsApplication app = Start())
            kid = await WaitingAsync(app);

        _time.ShiftWallClock(TimeSpan.FromDays(30));
        await using QkmsApplication confirmed = Start(confirmed: _time.GetUtcNow());
        (await confirmed.SweepAfterAsync(TimeSpan.FromHours(1))).Should().Be(0);
        (await confirmed.SweepAfterAsync(TimeSpan.FromDays(6.8))).Should().Be(0);
        (await StatusAsync(confirmed, kid)).Should().Be("pending_destruction");
        (await confirmed.SweepAfterAsync(TimeSpan.FromDays(0.3))).Should().Be(1);
    }

    // Steps that are each short enough to be taken for a restart.
    [Fact]
    public async Task A_clock_that_jumps_often_and_by_less_than_a_day_does_not_destroy_early_either()
    {
        await using QkmsApplication app = Start();
        string kid = await WaitingAsync(app);
        await app.LeaveDueWorkAsync();
        for (int i = 0; i < 10; i++)
        {
            _time.ShiftWallClock(TimeSpan.FromHours(23));
            (await app.SweepAfterAsync(TimeSpan.FromMinutes(1))).Should().Be(0);
        }

        (await app.SweepAfterAsync(TimeSpan.FromMinutes(30))).Should().Be(0);
        (await StatusAsync(app, kid)).Should().Be("pending_destruction");
        (await app.SweepAfterAsync(_week)).Should().Be(1);
    }

    // What happened to the clock while nothing waited is nobody's concern.
    [Fact]
    public async Task A_service_that_stood_still_while_nothing_waited_is_not_held()
    {
        await using (QkmsApplication app = Start())
            await app.SweepAfterAsync(TimeSpan.FromMinutes(1));

        _time.ShiftWallClock(TimeSpan.FromDays(90));
        await using QkmsApplication later = Start();
        string kid = await WaitingAsync(later);
        (await later.SweepAfterAsync(_week)).Should().Be(1);
        (await StatusAsync(later, kid)).Should().Be("destroyed");
    }

    // A node that runs sees the time go by for all of them.
    [Fact]
    public async Task Time_that_another_node_saw_counts()
    {
        await using QkmsApplication app = Start();
        string kid = await WaitingAsync(app);
        await app.LeaveDueWorkAsync();
        ObservedTime other = ActivatorUtilities.CreateInstance<ObservedTime>(app.Services);
        for (int i = 0; i < 7; i++)
        {
            _time.Pass(TimeSpan.FromDays(1));
            await other.LookAsync(CancellationToken.None);
        }

        DestructionSweep late = ActivatorUtilities.CreateInstance<DestructionSweep>(
            app.Services, ActivatorUtilities.CreateInstance<ObservedTime>(app.Services));
        _time.Pass(TimeSpan.FromMinutes(11));
        (await late.RunAsync(CancellationToken.None)).Should().Be(1);
        (await StatusAsync(app, kid)).Should().Be("destroyed");
    }

    private QkmsApplication Start(DateTimeOffset? confirmed = null)
    {
        // Once a clock is confirmed, the sweep of the service itself might be first, and leave the test nothing to count.
        QkmsApplication app = new(_directory.Path) { Time = _time, KeepsHouse = confirmed is null };
        if (confirmed is { } at)
            app.Settings["Qkms:Destruction:ClockConfirmedAt"] = $"{at.UtcDateTime:yyyy-MM-ddTHH:mm}Z";

        return app;
    }

    private static async Task<string> WaitingAsync(QkmsApplication app)
    {
        using HttpClient client = app.Client();
        string kid = (await client.GenerateRetiredAsync(KeyUseVerbs.Aes)).Text("kid");
        (await client.DestroyAsync(kid, """{"waiting_days":7}""")).ShouldBe(HttpStatusCode.Accepted);
        return kid;
    }

    private static async Task<string> StatusAsync(QkmsApplication app, string kid)
    {
        using HttpClient client = app.Client();
        return (await client.GetJsonAsync($"/kms/keys/{kid}")).Text("status");
    }
}
