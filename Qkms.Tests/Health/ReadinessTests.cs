using Qkms.Api.Health;

namespace Qkms.Tests.Health;

/// <summary>F-02: anybody may ask for readiness, as often as they like: one look at the database serves them all.</summary>
public sealed class ReadinessTests : ServiceTests
{
    private readonly ManualTime _time = ManualTime.Standing();
    private readonly Lanes _lanes = new();
    private ReadinessLimits _limits = new() { Patience = TimeSpan.FromMinutes(1) };

    [Fact]
    public async Task Everybody_who_asks_within_half_a_second_shares_one_look()
    {
        using HttpClient anybody = App.ClientFor(null);
        int reads = _lanes.Reads;

        await AskAsync(anybody, 1);
        _lanes.AsideProbes.Should().Be(1);
        _time.Advance(FreshnessLimit.MaxAge);

        await AskAsync(anybody, 200);
        _lanes.AsideProbes.Should().Be(2);
        _time.Advance(FreshnessLimit.MaxAge - TimeSpan.FromMilliseconds(1));
        await AskAsync(anybody, 50);
        _lanes.AsideProbes.Should().Be(2);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await AskAsync(anybody, 50);

        _lanes.AsideProbes.Should().Be(3);
        _lanes.Reads.Should().Be(reads, "the connections of known callers are theirs");
    }

    [Fact]
    public async Task A_database_that_is_gone_is_asked_as_seldom()
    {
        using HttpClient anybody = App.ClientFor(null);
        _lanes.AsideFails = () => KmsErrors.Unavailable.Refusal();

        for (int i = 0; i < 20; i++)
            (await anybody.GetJsonAsync("/health/ready")).ShouldBeRefused(HttpStatusCode.ServiceUnavailable, "ERR_SERVICE_001");

        _lanes.AsideProbes.Should().Be(1);
        _lanes.AsideFails = null;
        _time.Advance(FreshnessLimit.MaxAge);
        await AskAsync(anybody, 1);
    }

    [Fact]
    public async Task A_database_that_does_not_answer_is_asked_once_and_nobody_waits_for_it_for_long()
    {
        _limits = new ReadinessLimits();
        using HttpClient anybody = App.ClientFor(null);
        _lanes.HoldAside();

        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => anybody.GetJsonAsync("/health/ready")));
        _time.Advance(2 * FreshnessLimit.MaxAge);
        Answer late = await anybody.GetJsonAsync("/health/ready");

        foreach (Answer answer in answers.Append(late))
            answer.ShouldBeRefused(HttpStatusCode.ServiceUnavailable, "ERR_SERVICE_001").Headers.Should().ContainKey("Retry-After");

        _lanes.AsideProbes.Should().Be(1);
        _lanes.Release();
    }

    private protected override QkmsApplication NewApplication() =>
        new()
        {
            Time = _time,
            KeepsHouse = false,
            StoreInFront = store => new StoreWithLanes(store, _lanes),
            FurtherServices = services => services.AddSingleton(_limits),
        };

    private static async Task AskAsync(HttpClient anybody, int times)
    {
        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, times).Select(_ => anybody.GetJsonAsync("/health/ready")));
        answers.Should().OnlyContain(answer => answer.Status == HttpStatusCode.OK);
    }
}
