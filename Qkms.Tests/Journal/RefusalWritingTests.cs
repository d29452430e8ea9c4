using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using Qkms.Core.Journal;
using Qkms.Core.Lifecycle;
using Qkms.Core.Telemetry;
using Qkms.Tests.Verification;

namespace Qkms.Tests.Journal;

/// <summary>A-40: refusals are written afterwards, in bounds, and kept as long as uses.</summary>
public sealed class RefusalWritingTests : ServiceTests
{
    /// <summary>
    /// A-40: 10,000 refusals of an API key are a few events of their own and one that counts the rest, and nobody else's calls suffer;
    /// another API key still has its own.
    /// </summary>
    [Fact]
    public async Task A_flood_makes_a_bounded_number_of_events()
    {
        const int Flood = 10_000;
        await Client.GenerateAsync("AES-256");
        using HttpClient noisy = App.ClientFor(await App.CreateApiKeyAsync(App.InitialApiKey, Roles.Admin));
        using HttpClient quiet = App.ClientFor(await App.CreateApiKeyAsync(App.InitialApiKey, Roles.Auditor));

        await Parallel.ForAsync(0, Flood, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, cancellationToken) =>
        {
            using HttpResponseMessage response = await noisy.GetAsync($"/kms/keys/missing-{i}", cancellationToken);
            response.StatusCode.Should().Be(HttpStatusCode.NotFound);
            if (i % 1000 == 0)
                await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "" });
        });
        (await quiet.PostJsonAsync("/crypto/encrypt", """{"plaintext":""}"""))
            .ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        App.Time.Pass(TimeSpan.FromMinutes(1));

        IReadOnlyList<JsonNode> refused = await ListAsync();
        string[] reasons = [.. refused.Select(one => (string)one["reason"]!)];
        int minutes = reasons.Count(reason => reason.Contains(" more from ", StringComparison.Ordinal));
        minutes.Should().BePositive();
        reasons.Should().HaveCountLessThanOrEqualTo(1 + (minutes * (RefusalJournal.ToldOfEach + 1)));
        reasons.Should().Contain("ERR_FORBIDDEN_002 POST /crypto/encrypt");
        Count(reasons, "GET /kms/keys/{key}").Should().Be(Flood);
        refused.Single(one => ((string)one["reason"]!).StartsWith("ERR_FORBIDDEN_002", StringComparison.Ordinal))["actor_id"]!
            .ToString().Should().NotBe((string?)refused[0]["actor_id"]);
    }

    /// <summary>A-40: the event of a minute says how many there were besides, of which codes, and from when to when.</summary>
    [Fact]
    public async Task What_is_not_told_by_itself_is_counted()
    {
        await using QkmsApplication app = new() { KeepsHouse = false };
        using HttpClient client = app.Client();
        RefusalJournal refusals = app.Services.GetRequiredService<RefusalJournal>();
        for (int i = 0; i < RefusalJournal.ToldOfEach + 3; i++)
            await client.GetJsonAsync("/kms/keys/missing-1");

        await client.UseAsync("/crypto/decrypt", new { ciphertext = "AA==", algorithm = "AES-256" });
        await refusals.WriteAsync();
        (await ListAsync(client)).Should().HaveCount(RefusalJournal.ToldOfEach);
        app.Time.Pass(TimeSpan.FromMinutes(1));
        await client.GetJsonAsync("/kms/keys/missing-2");
        await refusals.WriteAsync();
        await client.GetJsonAsync("/kms/keys/missing-3");
        await refusals.WriteAsync();

        IReadOnlyList<JsonNode> all = await ListAsync(client);
        string[] reasons = [.. all.Skip(RefusalJournal.ToldOfEach).Select(one => $"{one["reason"]} {one["kid"]}".Trim())];
        reasons.Should().HaveCount(2);
        reasons[0].Should().MatchRegex(
            "^5 more from [0-9-]{10}T[0-9:]{8}[.][0-9]{3}Z to [0-9-]{10}T[0-9:]{8}[.][0-9]{3}Z: 4 ERR_KMS_003, 1 ERR_KEM_001$");
        reasons[1].Should().Be("ERR_KMS_003 GET /kms/keys/{key} missing-3");
        ((string?)all[RefusalJournal.ToldOfEach]["actor_id"]).Should().Be((string?)all[0]["actor_id"]);
    }

    /// <summary>A-40: at an orderly stop what waits is written, and what was counted.</summary>
    [Fact]
    public async Task A_stop_writes_what_waits()
    {
        using TemporaryDirectory directory = new();
        await using (QkmsApplication app = new(directory.Path) { KeepsHouse = false, EndsBeforeDisposal = true })
        {
            using HttpClient client = app.Client();
            for (int i = 0; i < RefusalJournal.ToldOfEach + 3; i++)
                (await client.GetJsonAsync("/kms/keys/missing-1")).Status.Should().Be(HttpStatusCode.NotFound);
        }

        using Database database = TestStorage.Open(directory.Path);
        database.Strings("SELECT reason FROM audit_events WHERE action = 'request.refused' ORDER BY position")
            .Should().HaveCount(RefusalJournal.ToldOfEach + 1).And.Subject.Last().Should().StartWith("3 more from ");
    }

    /// <summary>
    /// A-40: while the journal cannot be written refusals are answered as ever, wait in their order within the bound, and are written when
    /// it can be; what there was no room for is counted.
    /// </summary>
    [Fact]
    public async Task A_journal_that_cannot_be_written_gets_them_later()
    {
        await using QkmsApplication app = new() { KeepsHouse = false };
        using HttpClient client = app.Client();
        RefusalJournal refusals = app.Services.GetRequiredService<RefusalJournal>();
        using (Database database = app.OpenDatabase())
            database.Execute("ALTER TABLE audit_events RENAME COLUMN previous_hash TO gone");

        for (int i = 0; i < 3; i++)
        {
            (await client.GetJsonAsync($"/kms/keys/missing-{i}")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
            await refusals.WriteAsync();
        }

        app.Log.Lines.Count(line => line.Contains("Refusals cannot be journalled", StringComparison.Ordinal)).Should().Be(1);
        using (Database database = app.OpenDatabase())
            database.Execute("ALTER TABLE audit_events RENAME COLUMN gone TO previous_hash");

        (await client.GetJsonAsync("/kms/keys/missing-3")).Status.Should().Be(HttpStatusCode.NotFound);
        await refusals.WriteAsync();
        (await ListAsync(client)).Select(one => (string?)one["kid"]).Should().Equal("missing-0", "missing-1", "missing-2", "missing-3");
    }

    /// <summary>A-40: into a stream that was tampered with nothing is written: the alarm is raised, and the metric counts.</summary>
    [Fact]
    public async Task A_stream_that_was_tampered_with_loses_them_with_an_alarm()
    {
        ConcurrentBag<long> lost = [];
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, me) =>
        {
            if (instrument == KmsMeter.RefusalsLost)
                me.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, count, _, _) => lost.Add(count));
        listener.Start();
        await using QkmsApplication app = new() { KeepsHouse = false };
        using HttpClient client = app.Client();
        RefusalJournal refusals = app.Services.GetRequiredService<RefusalJournal>();
        await client.GetJsonAsync("/kms/keys/missing-1");
        await refusals.WriteAsync();
        using (Database database = app.OpenDatabase())
            database.Execute("UPDATE audit_streams SET next_position = next_position + 1 WHERE stream = 2").Should().Be(1);

        for (int i = 0; i < 7; i++)
            (await client.GetJsonAsync("/kms/keys/missing-1")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");

        await refusals.WriteAsync();

        lost.Should().Contain(7);
        app.Log.Lines.Should().Contain(line => line.StartsWith("Critical ", StringComparison.Ordinal)
            && line.Contains("journal stream 2", StringComparison.Ordinal));
        app.Time.Pass(TimeSpan.FromMinutes(1));
        await refusals.WriteAsync();
        app.Log.Text.Should().Contain("7 refusals are missing in the journal");
    }

    /// <summary>A-40: a database that took the events and did not say so gets them twice, and is not stuck with them.</summary>
    [Fact]
    public async Task What_may_have_been_written_is_written_again()
    {
        StoreWhoseAnswersGetLost? store = null;
        await using QkmsApplication app = new()
        {
            KeepsHouse = false,
            StoreInFront = behind => store = new StoreWhoseAnswersGetLost(behind),
        };
        using HttpClient client = app.Client();
        RefusalJournal refusals = app.Services.GetRequiredService<RefusalJournal>();
        await client.GetJsonAsync("/kms/keys/missing-1");

        store!.LosesNext = true;
        await refusals.WriteAsync();
        await refusals.WriteAsync();
        await refusals.WriteAsync();

        IReadOnlyList<JsonNode> all = await ListAsync(client);
        all.Select(one => (string?)one["kid"]).Should().Equal("missing-1", "missing-1");
        ((string?)all[1]["server_request_id"]).Should().Be((string?)all[0]["server_request_id"]);
    }

    /// <summary>A-40: the setting that leaves out uses does not leave out refusals; trimming takes both, and verify accepts them.</summary>
    [Theory]
    [InlineData("durable")]
    [InlineData("off")]
    public async Task Refusals_are_kept_as_long_as_uses_whatever_is_recorded_of_those(string uses)
    {
        await using QkmsApplication app = new() { KeepsHouse = false, Settings = { ["Qkms:Audit:Uses"] = uses } };
        using HttpClient client = app.Client();
        _ = app.Services.GetRequiredService<ObservedTime>();
        RefusalJournal refusals = app.Services.GetRequiredService<RefusalJournal>();
        await client.GetJsonAsync("/kms/keys/missing-1");
        await client.GetJsonAsync("/kms/keys/missing-2");
        await refusals.WriteAsync();
        (await ListAsync(client)).Should().HaveCount(2);

        app.Time.Pass(TimeSpan.FromDays(91));
        await client.GetJsonAsync("/kms/keys/missing-3");
        await refusals.WriteAsync();
        app.Time.Pass(TimeSpan.FromMinutes(11));

        (await app.Services.GetRequiredService<UseTrimming>().RunAsync(CancellationToken.None)).Should().Be(2);
        (await ListAsync(client)).Select(one => (string?)one["kid"]).Should().Equal("missing-3");
        (int exitCode, string output) = await Verify.RunAsync(app.DataDirectory);
        exitCode.Should().Be(0, output);
    }

    /// <summary>A-40: a program without Qkms checks an export that has refusals in it.</summary>
    [FactIf(Requirement.NodePrograms)]
    public async Task A_program_without_qkms_checks_an_export_with_refusals()
    {
        await Client.GetJsonAsync("/kms/keys/missing-1");
        await Client.UseAsync("/crypto/encrypt", new { name = "missing", plaintext = "" });
        (await ListAsync()).Should().HaveCount(2);
        JsonArray pages = [(await Client.GetJsonAsync("/audit/events?stream=2&order=asc")).Data.DeepClone()];

        (await NodeProgram.RunAsync("journal.mjs", pages.ToJsonString())).Trim().Should().Be("[]");
    }

    private static int Count(string[] reasons, string route) => reasons.Sum(reason =>
        reason.EndsWith(route, StringComparison.Ordinal) ? 1
        : reason.Contains(" more from ", StringComparison.Ordinal) ? int.Parse(reason.Split(' ')[0], CultureInfo.InvariantCulture)
        : 0);

    private async Task<IReadOnlyList<JsonNode>> ListAsync()
    {
        await App.Services.GetRequiredService<RefusalJournal>().WriteAsync();
        return await ListAsync(Client);
    }

    private static async Task<IReadOnlyList<JsonNode>> ListAsync(HttpClient client) =>
    [
        .. (await client.GetJsonAsync("/audit/events?stream=2&action=request.refused&order=asc&limit=1000"))
            .ShouldBe(HttpStatusCode.OK).Data["events"]!.AsArray().Select(one => one!),
    ];
}
