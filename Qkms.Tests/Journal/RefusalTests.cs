using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using Qkms.Core.Journal;
using Qkms.Core.Lifecycle;
using Qkms.Core.Telemetry;
using Qkms.Tests.Verification;

namespace Qkms.Tests.Journal;

/// <summary>A-40: what known callers were refused is in the journal, afterwards and in bounds.</summary>
public sealed class RefusalTests : ServiceTests
{
    private const string RequestId = "6f1c2b9e-5d0a-4a43-9c1b-0f5f3c2d1e0a";

    private RefusalJournal Refusals => App.Services.GetRequiredService<RefusalJournal>();

    /// <summary>A-40: who was refused what, which key was asked for, why, and in which request.</summary>
    [Fact]
    public async Task A_refusal_names_caller_route_key_code_and_request()
    {
        string kid = (await Client.GenerateAsync("AES-256", new { kid = "orders-1", name = "orders" })).Text("kid");
        await Client.RevokeAsync(kid);
        Client.DefaultRequestHeaders.Add("X-Request-ID", RequestId);

        (await Client.UseAsync("/crypto/encrypt", new { kid, plaintext = "" })).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");

        JsonNode refused = (await ListAsync()).Should().ContainSingle().Which;
        ((string?)refused["action"]).Should().Be("request.refused");
        ((string?)refused["actor_kind"]).Should().Be("api_key");
        ((string?)refused["actor_id"]).Should().Be(await ActorAsync());
        ((string?)refused["kid"]).Should().Be("orders-1");
        ((string?)refused["reason"]).Should().Be("ERR_KMS_006 POST /crypto/encrypt");
        ((string?)refused["request_id"]).Should().Be(RequestId);
        ((string?)refused["server_request_id"]).Should().NotBe(RequestId);
        (await ListAsync("&kid=orders-1")).Should().ContainSingle();
        (await ListAsync("&kid=orders-2")).Should().BeEmpty();
    }

    /// <summary>A-40: keys that are not there are named as they were asked for, by kid or by name.</summary>
    [Theory]
    [InlineData("/crypto/encrypt", """{"kid":"missing-1","plaintext":""}""", "ERR_KMS_003 POST /crypto/encrypt", "missing-1")]
    [InlineData("/crypto/encrypt", """{"name":"missing","plaintext":""}""", "ERR_KMS_003 POST /crypto/encrypt AES-256 key 'missing'", null)]
    [InlineData("/crypto/decrypt", """{"kid":"missing-1","ciphertext":"AA=="}""", "ERR_KMS_003 POST /crypto/decrypt", "missing-1")]
    [InlineData("/signature/verify", """{"kid":"missing-1","message":"","signature":"AA=="}""", "ERR_KMS_003 POST /signature/verify", "missing-1")]
    [InlineData("/kms/keys/missing-1/actions/revoke", "{}", "ERR_KMS_003 POST /kms/keys/{kid}/actions/revoke", "missing-1")]
    [InlineData("/kms/keys/missing-1/rotations", "{}", "ERR_KMS_003 POST /kms/keys/{kid}/rotations", "missing-1")]
    [InlineData(
        "/kms/keys/rotate", """{"algorithm":"ML-KEM-768","name":"missing"}""", "ERR_KMS_003 POST /kms/keys/rotate ML-KEM-768 key 'missing'", null)]
    public async Task A_key_that_is_not_there_is_named_as_it_was_asked_for(string path, string body, string reason, string? kid)
    {
        (await Client.PostJsonAsync(path, body)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");

        JsonNode refused = (await ListAsync()).Should().ContainSingle().Which;
        ((string?)refused["reason"]).Should().Be(reason);
        ((string?)refused["kid"]).Should().Be(kid);
    }

    /// <summary>A-40: a missing permission, a taken active slot, a wrong kind of key and a ciphertext that does not open.</summary>
    [Fact]
    public async Task Permissions_states_and_decryptions_are_told()
    {
        await Client.GenerateAsync("AES-256", new { kid = "first", name = "orders" });
        await Client.GenerateAsync("ML-DSA-44", new { kid = "signs" });
        string ciphertext = (await Client.MustUseAsync("/crypto/encrypt", new { kid = "first", plaintext = "AA==" })).Text("ciphertext");
        using HttpClient user = App.ClientFor(await App.CreateApiKeyAsync(App.InitialApiKey, Roles.User));

        (await user.PostJsonAsync("/kms/keys/first/actions/revoke", "{}")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        (await Client.PostJsonAsync("/kms/keys/generate", """{"algorithm":"AES-256","name":"orders"}"""))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_004");
        (await Client.UseAsync("/crypto/encrypt", new { kid = "signs", plaintext = "" }))
            .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_SIG_001");
        (await Client.UseAsync("/crypto/decrypt", new { ciphertext, context = new { wrong = "one" } })).ShouldNotDecrypt();

        (await ReasonsAsync()).Should().Equal(
            "ERR_FORBIDDEN_002 POST /kms/keys/{kid}/actions/revoke (first)",
            "ERR_KMS_004 POST /kms/keys/generate AES-256 key 'orders' ()",
            "ERR_SIG_001 POST /crypto/encrypt (signs)",
            "ERR_KEM_001 POST /crypto/decrypt (first)");
    }

    /// <summary>A-40: not told are faults of a request's form, routes that are not there, and callers whom nobody knows.</summary>
    [Fact]
    public async Task What_no_key_or_permission_decided_is_not_told()
    {
        using HttpClient stranger = App.ClientFor(null);

        (await Client.PostJsonAsync("/crypto/encrypt", """{"plaintext":"?"}""")).Status.Should().Be(HttpStatusCode.BadRequest);
        (await Client.PostJsonAsync("/crypto/encrypt", "{")).Status.Should().Be(HttpStatusCode.BadRequest);
        (await Client.GetJsonAsync("/kms/nothing")).Status.Should().Be(HttpStatusCode.NotFound);
        (await Client.GetJsonAsync("/crypto/encrypt")).Status.Should().Be(HttpStatusCode.MethodNotAllowed);
        (await stranger.GetJsonAsync("/kms/keys/missing-1")).Status.Should().Be(HttpStatusCode.Unauthorized);
        (await Client.GetJsonAsync("/kms/keys/missing-1")).Status.Should().Be(HttpStatusCode.NotFound);

        (await ReasonsAsync()).Should().Equal("ERR_KMS_003 GET /kms/keys/{kid} (missing-1)");
    }

    /// <summary>A-40: nothing that a caller sent is repeated but names and kids that have the shape of one.</summary>
    [Theory]
    [InlineData("GET", "/kms/keys/se%20cret-value")]
    [InlineData("GET", "/kms/rotation-jobs/secret-value")]
    [InlineData("GET", "/kms/keys/..secret-value")]
    [InlineData("POST", "/kms/keys/..secret-value/actions/revoke")]
    public async Task What_is_no_name_is_not_repeated(string verb, string path)
    {
        using HttpRequestMessage request = new(new HttpMethod(verb), path);
        if (verb == "POST")
            request.Content = new StringContent("""{"reason":"secret-value"}""", Encoding.UTF8, "application/json");

        using HttpResponseMessage response = await Client.SendAsync(request);
        response.StatusCode.Should().Be(HttpStatusCode.NotFound);

        JsonNode refused = (await ListAsync()).Should().ContainSingle().Which;
        refused.ToJsonString().Should().NotContain("secret");
        refused["kid"].Should().BeNull();
    }

    /// <summary>A-40: items that were refused in a request that was not are told, those alike together.</summary>
    [Fact]
    public async Task Refused_items_are_told()
    {
        string kid = (await Client.GenerateAsync("AES-256", new { kid = "first" })).Text("kid");
        string good = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "AA==" })).Text("ciphertext");
        string dataKey = (await Client.MustUseAsync("/data-keys/generate", new { kid })).Text("ciphertext");
        await Client.GenerateAsync("AES-256", new { kid = "limited", name = "limited", max_usage_limit = 1 });
        await Client.GenerateAsync("ML-DSA-44", new { kid = "signs", max_usage_limit = 1 });
        object wrong = new { wrong = "one" };
        object[] two = [new { plaintext = "" }, new { plaintext = "" }];

        await Client.MustUseAsync("/crypto/decrypt", new
        {
            items = new object[] { new { ciphertext = good }, new { ciphertext = good, context = wrong }, new { ciphertext = "AA==" } },
            algorithm = "AES-256",
        });
        await Client.MustUseAsync("/crypto/re-encrypt", new { items = new[] { new { ciphertext = good, context = wrong } } });
        await Client.MustUseAsync("/data-keys/decrypt", new { items = new[] { new { ciphertext = dataKey, context = wrong } } });
        await Client.MustUseAsync("/crypto/encrypt", new { kid = "limited", items = two });
        await Client.MustUseAsync("/signature/sign", new { kid = "signs", items = new[] { new { message = "" }, new { message = "" } } });
        await Client.MustUseAsync("/signature/verify", new
        {
            kid = "missing-1",
            items = new[] { new { message = "", signature = "AA==" }, new { message = "", signature = "AA==" } },
        });

        // An answer leaves before its items are noted.
        await Eventually.HoldsAsync(async () => (await ListAsync()).Count >= 7);
        (await ReasonsAsync()).Should().Equal(
            "ERR_KEM_001 POST /crypto/decrypt AES-256 key 'default', 1 item (first)",
            "ERR_KEM_001 POST /crypto/decrypt AES-256 key 'default', 1 item ()",
            "ERR_KEM_001 POST /crypto/re-encrypt, 1 item (first)",
            "ERR_KEM_001 POST /data-keys/decrypt, 1 item (first)",
            "ERR_KMS_007 POST /crypto/encrypt, 1 item (limited)",
            "ERR_KMS_007 POST /signature/sign, 1 item (signs)",
            "ERR_KMS_003 POST /signature/verify, 2 items (missing-1)");
    }

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
        (await quiet.PostJsonAsync("/crypto/encrypt", """{"plaintext":""}""")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        App.Time.Pass(TimeSpan.FromMinutes(1));

        IReadOnlyList<JsonNode> refused = await ListAsync();
        string[] reasons = [.. refused.Select(one => (string)one["reason"]!)];
        int minutes = reasons.Count(reason => reason.Contains(" more from ", StringComparison.Ordinal));
        minutes.Should().BePositive();
        reasons.Should().HaveCountLessThanOrEqualTo(1 + (minutes * (RefusalJournal.ToldOfEach + 1)));
        reasons.Should().Contain("ERR_FORBIDDEN_002 POST /crypto/encrypt");
        Count(reasons, "GET /kms/keys/{kid}").Should().Be(Flood);
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
            @"^5 more from \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z to \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z: 4 ERR_KMS_003, 1 ERR_KEM_001$");
        reasons[1].Should().Be("ERR_KMS_003 GET /kms/keys/{kid} missing-3");
        ((string?)all[RefusalJournal.ToldOfEach]["actor_id"]).Should().Be((string?)all[0]["actor_id"]);
    }

    /// <summary>A-40: at an orderly stop what waits is written, and what was counted.</summary>
    [Fact]
    public async Task A_stop_writes_what_waits()
    {
        using TemporaryDirectory directory = new();
        await using (QkmsApplication app = new(directory.Path) { KeepsHouse = false })
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
        await using QkmsApplication app = new() { KeepsHouse = false, StoreInFront = behind => store = new StoreWhoseAnswersGetLost(behind) };
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

    /// <summary>
    /// A-40: of a key outside the caller's narrowing the journal says what was asked for and what was answered: not that there is one.
    /// </summary>
    [Fact]
    public async Task A_key_out_of_reach_is_told_like_one_that_is_not_there()
    {
        await Client.GenerateAsync("AES-256", new { kid = "secret-1", name = "secret" });
        string ciphertext = (await Client.MustUseAsync("/crypto/encrypt", new { kid = "secret-1", plaintext = "" })).Text("ciphertext");
        using HttpClient narrowed = await App.NarrowedClientAsync(keyScope: "web");

        await narrowed.UseAsync("/crypto/encrypt", new { kid = "secret-1", plaintext = "" });
        await narrowed.UseAsync("/crypto/encrypt", new { kid = "secret-2", plaintext = "" });
        await narrowed.GetJsonAsync("/kms/keys/secret-1");
        await narrowed.UseAsync("/crypto/decrypt", new { ciphertext });
        await narrowed.UseAsync("/crypto/encrypt", new { name = "secret", plaintext = "" });

        (await ReasonsAsync()).Should().Equal(
            "ERR_KMS_003 POST /crypto/encrypt (secret-1)",
            "ERR_KMS_003 POST /crypto/encrypt (secret-2)",
            "ERR_KMS_003 GET /kms/keys/{kid} (secret-1)",
            "ERR_KEM_001 POST /crypto/decrypt ()",
            "ERR_FORBIDDEN_002 POST /crypto/encrypt AES-256 key 'secret' ()");
        (await narrowed.GetJsonAsync("/audit/events?stream=2")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
    }

    private static int Count(string[] reasons, string route) => reasons.Sum(reason =>
        reason.EndsWith(route, StringComparison.Ordinal) ? 1
        : reason.Contains(" more from ", StringComparison.Ordinal) ? int.Parse(reason.Split(' ')[0], CultureInfo.InvariantCulture)
        : 0);

    private async Task<string> ActorAsync() =>
        (string)(await Client.GetJsonAsync("/audit/events?action=key.generated")).Data["events"]![0]!["actor_id"]!;

    private async Task<string[]> ReasonsAsync() => [.. (await ListAsync()).Select(one => $"{one["reason"]} ({one["kid"]})")];

    private async Task<IReadOnlyList<JsonNode>> ListAsync(string query = "")
    {
        await Refusals.WriteAsync();
        return await ListAsync(Client, query);
    }

    private static async Task<IReadOnlyList<JsonNode>> ListAsync(HttpClient client, string query = "") =>
    [
        .. (await client.GetJsonAsync($"/audit/events?stream=2&action=request.refused&order=asc&limit=1000{query}"))
            .ShouldBe(HttpStatusCode.OK).Data["events"]!.AsArray().Select(one => one!),
    ];
}
