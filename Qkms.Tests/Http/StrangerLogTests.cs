using Microsoft.Extensions.Logging.Testing;
using Qkms.Api.Http;
using Qkms.Api.Logging;

namespace Qkms.Tests.Http;

/// <summary>F-04: a line for each request of a stranger would let him fill the log.</summary>
public sealed class StrangerLogTests : ServiceTests
{
    private readonly ManualTime _time = ManualTime.Standing();

    [Fact]
    public async Task Of_each_kind_the_first_few_are_logged_and_the_others_counted()
    {
        string unknown = ForgedKeys.WithSecretOf(App.InitialApiKey, await App.CreateTenantAsync("other"));
        await AskAsync(null, "/kms/keys", 40);
        await AskAsync("x", "/nowhere", 30);
        await AskAsync(unknown, "/kms/keys", 20);
        await AskAsync(null, "/health/live", 15);
        await AskAsync(App.InitialApiKey, "/kms/supported-algorithms", 25);

        Lines("401").Should().HaveCount(3 * StrangerLog.LoggedOfEach);
        Lines("200").Should().HaveCount(StrangerLog.LoggedOfEach + 25, "callers are logged one by one");
        Summaries().Should().BeEmpty();

        _time.FireTimers();
        FakeLogRecord summary = Summaries().Should().ContainSingle().Subject;
        (Value(summary, "NoApiKey"), Value(summary, "NotIssued"), Value(summary, "NotAccepted"), Value(summary, "NotAsked"))
            .Should().Be(("30", "20", "10", "5"));
    }

    [Fact]
    public async Task A_quiet_minute_says_nothing_and_the_next_one_begins_anew()
    {
        await AskAsync(null, "/kms/keys", StrangerLog.LoggedOfEach);
        _time.FireTimers();
        Summaries().Should().BeEmpty();

        await AskAsync(null, "/kms/keys", StrangerLog.LoggedOfEach);
        Lines("401").Should().HaveCount(2 * StrangerLog.LoggedOfEach);
    }

    [Fact]
    public async Task What_was_counted_is_said_before_the_end()
    {
        FakeLogCollector log;
        await using (QkmsApplication app = new() { Time = ManualTime.Standing(), EndsBeforeDisposal = true })
        {
            using HttpClient client = app.ClientFor(null);
            for (int i = 0; i < StrangerLog.LoggedOfEach + 7; i++)
                await client.GetJsonAsync("/kms/keys");

            log = app.Log;
        }

        Value(log.GetSnapshot().Single(record => record.Id.Id == ApiEvents.RequestsNotLogged), "NoApiKey").Should().Be("7");
    }

    private protected override QkmsApplication NewApplication() => new() { Time = _time };

    private async Task AskAsync(string? apiKey, string path, int times)
    {
        using HttpClient client = App.ClientFor(apiKey);
        for (int i = 0; i < times; i++)
            await client.GetJsonAsync(path);
    }

    private IEnumerable<FakeLogRecord> Lines(string status) =>
        App.Log.GetSnapshot().Where(record => record.Id.Id == ApiEvents.RequestAnswered && Value(record, "Status") == status);

    private IEnumerable<FakeLogRecord> Summaries() => App.Log.GetSnapshot().Where(record => record.Id.Id == ApiEvents.RequestsNotLogged);

    private static string? Value(FakeLogRecord record, string name) => record.GetStructuredStateValue(name);
}
