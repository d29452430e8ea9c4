using System.Buffers.Binary;
using Qkms.Core.Journal;
using Qkms.Tests.Rotations;

namespace Qkms.Tests.Journal;

/// <summary>A-40: <c>GET /audit/events</c> pages the journal of a tenant.</summary>
public sealed class ListEventsTests : ServiceTests
{
    /// <summary>A-40: every transition, with what was before and after, who did it, why, and in which request.</summary>
    [Fact]
    public async Task Events_are_listed_newest_first_with_all_that_they_say()
    {
        string kid = (await Client.GenerateAsync()).Text("kid");
        Client.DefaultRequestHeaders.Add("X-Request-ID", "6f1c2b9e-5d0a-4a43-9c1b-0f5f3c2d1e0a");
        await Client.RevokeAsync(kid, """{"reason":"stolen"}""");

        JsonNode data = (await Client.GetJsonAsync("/audit/events")).ShouldBe(HttpStatusCode.OK).Data;

        Actions(data).Should().Equal("key.revoked", "key.generated", "api_key.created", "tenant.created");
        JsonNode revoked = data["events"]![0]!;
        ((string?)revoked["kid"]).Should().Be(kid);
        ((string?)revoked["from"]).Should().Be("active");
        ((string?)revoked["to"]).Should().Be("revoked");
        ((string?)revoked["reason"]).Should().Be("stolen");
        ((string?)revoked["actor_kind"]).Should().Be("api_key");
        ((string?)revoked["request_id"]).Should().Be("6f1c2b9e-5d0a-4a43-9c1b-0f5f3c2d1e0a");
        ((string?)revoked["server_request_id"]).Should().NotBe((string?)revoked["request_id"]);
        ((long)revoked["position"]!).Should().Be(3);
        ((long)data["next_position"]!).Should().Be(4);
        ((string?)data["head_hash"]).Should().Be((string?)revoked["leaf_hash"]);
        data["next_cursor"].Should().BeNull();
    }

    /// <summary>A-40: the filters, alone and together.</summary>
    [Fact]
    public async Task Filters_leave_what_they_say()
    {
        string first = (await Client.GenerateAsync("AES-256", new { name = "a" })).Text("kid");
        await Client.GenerateAsync("AES-256", new { name = "b" });
        DateTimeOffset between = App.Time.GetUtcNow().AddMilliseconds(1);
        App.Time.Advance(TimeSpan.FromSeconds(1));
        await Client.RevokeAsync(first);
        string actor = (string)(await ListAsync("kid=" + first)).Data["events"]![0]!["actor_id"]!;
        string at = Uri.EscapeDataString(between.ToString("yyyy-MM-dd'T'HH:mm:ss.fffK", System.Globalization.CultureInfo.InvariantCulture));

        Actions((await ListAsync($"kid={first}")).Data).Should().Equal("key.revoked", "key.generated");
        Actions((await ListAsync($"kid={first}&order=asc")).Data).Should().Equal("key.generated", "key.revoked");
        Actions((await ListAsync("action=key.generated")).Data).Should().Equal("key.generated", "key.generated");
        Actions((await ListAsync($"actor={actor}")).Data).Should().Equal("key.revoked", "key.generated", "key.generated");
        Actions((await ListAsync("actor=provisioning")).Data).Should().Equal("api_key.created", "tenant.created");
        Actions((await ListAsync($"since={at}")).Data).Should().Equal("key.revoked");
        Actions((await ListAsync($"until={at}&actor={actor}")).Data).Should().Equal("key.generated", "key.generated");
        Actions((await ListAsync($"kid={first}&action=key.revoked&since={at}")).Data).Should().Equal("key.revoked");
        Actions((await ListAsync("kid=unknown")).Data).Should().BeEmpty();
    }

    /// <summary>A-40: refusals are in the streams of nodes, and are found in all of them without naming one.</summary>
    [Fact]
    public async Task Refusals_of_every_node_are_listed_one_stream_after_the_other()
    {
        using TemporaryDirectory directory = new();
        foreach (string node in (string[])["a", "b", "c"])
        {
            await using QkmsApplication app = new(directory.Path) { Settings = { ["Qkms:Node:Name"] = node } };
            using HttpClient client = app.Client();
            if (node == "a")
                (await client.GetJsonAsync("/audit/events?action=request.refused")).ShouldBe(HttpStatusCode.OK).Data["events"]!.AsArray()
                    .Should().BeEmpty("there is no stream of uses yet");

            for (int i = 0; i < 3; i++)
                (await client.GetJsonAsync($"/kms/keys/{node}-{i}")).ShouldBe(HttpStatusCode.NotFound);

            // Only the refusals of this node: a stream without any is passed by.
            await client.GenerateAsync(KeyUseVerbs.Aes, new { name = node });
            await client.MustUseAsync("/crypto/encrypt", new { plaintext = "AA==", name = node });
            await app.Services.GetRequiredService<RefusalJournal>().WriteLastAsync();
        }

        await using QkmsApplication last = new(directory.Path) { Settings = { ["Qkms:Node:Name"] = "d" } };
        using HttpClient reader = last.Client();
        await reader.MustUseAsync("/crypto/encrypt", new { plaintext = "AA==", name = "a" });
        string[] refused = [.. ((string[])["a", "b", "c"]).SelectMany(node => Enumerable.Range(0, 3).Select(i => $"{node}-{i}"))];

        (await PagesAsync("action=request.refused&order=asc")).Should().Equal(refused);
        (await PagesAsync("action=request.refused")).Should().Equal(refused.Reverse());
        (await PagesAsync("action=request.refused&kid=b-1")).Should().Equal("b-1");
        (await PagesAsync("action=key.used&order=asc")).Should().HaveCount(4);
        (await PagesAsync("action=key.generated")).Should().HaveCount(3);
        string cursor = (string)(await reader.GetJsonAsync("/audit/events?action=request.refused&limit=2")).Data["next_cursor"]!;
        foreach (string other in (string[])["action=request.refused&order=asc", "action=request.refused&stream=2", ""])
            (await reader.GetJsonAsync($"/audit/events?{other}&cursor={cursor}")).ShouldBlame("cursor");

        async Task<IReadOnlyList<string>> PagesAsync(string filter)
        {
            List<string> kids = [];
            string? next = null;
            do
            {
                string path = $"/audit/events?{filter}&limit=2" + (next is null ? "" : $"&cursor={next}");
                JsonNode page = (await reader.GetJsonAsync(path)).ShouldBe(HttpStatusCode.OK).Data;
                kids.AddRange(page["events"]!.AsArray().Select(one => (string)one!["kid"]!));
                next = (string?)page["next_cursor"];
            }
            while (next is not null);

            return kids;
        }
    }

    /// <summary>A-40: pages do not overlap and leave nothing out, although events come in between.</summary>
    [Theory]
    [InlineData("asc")]
    [InlineData("desc")]
    public async Task Pages_follow_each_other_while_events_are_added(string order)
    {
        for (int i = 0; i < 5; i++)
            await Client.GenerateAsync("AES-256", new { name = $"n{i}" });

        List<long> seen = [];
        string? cursor = null;
        do
        {
            JsonNode data = (await ListAsync($"order={order}&limit=2{(cursor is null ? "" : $"&cursor={cursor}")}")).Data;
            seen.AddRange(data["events"]!.AsArray().Select(one => (long)one!["position"]!));
            cursor = (string?)data["next_cursor"];
            if (seen.Count == 2)
                await Client.GenerateAsync("AES-256", new { name = "late" });
        }
        while (cursor is not null);

        long[] expected = [.. Enumerable.Range(0, order == "asc" ? 8 : 7).Select(i => (long)i)];
        seen.Should().Equal(order == "asc" ? expected : expected.Reverse());
    }

    /// <summary>A-40: of more events than a page looks at, a filter finds the one, by cursors of pages that may be empty.</summary>
    [Fact]
    public async Task A_filter_finds_what_lies_behind_more_events_than_a_page_looks_at()
    {
        TenantId tenant = await App.FirstTenantAsync();
        IdGenerator ids = new(TimeProvider.System);
        JournalWriter journal = App.Services.GetRequiredService<JournalWriter>();
        JournalEvent rare = StreamTests.Use(tenant, ids) with { Action = "key.rare" };
        for (int i = 0; i <= JournalReader.MostLookedAt / JournalWriter.MostAtOnce; i++)
        {
            JournalEvent[] batch =
                [.. Enumerable.Range(0, JournalWriter.MostAtOnce).Select(n => n + i == 0 ? rare : StreamTests.Use(tenant, ids))];
            await App.Store().WriteAsync(
                async session =>
                {
                    await journal.AppendUsesAsync(session, "a", batch);
                    return true;
                },
                CancellationToken.None);
        }

        JsonNode first = (await ListAsync("stream=2&action=key.rare")).Data;
        JsonNode second = (await ListAsync($"stream=2&action=key.rare&cursor={(string?)first["next_cursor"]}")).Data;

        first["events"]!.AsArray().Should().BeEmpty();
        ((string?)first["kind"]).Should().Be("uses");
        ((string?)first["node"]).Should().Be("a");
        Actions(second).Should().Equal("key.rare");
        second["next_cursor"].Should().BeNull();
    }

    /// <summary>A-40: another tenant's events are never seen, whatever is asked for.</summary>
    [Fact]
    public async Task Another_tenants_events_are_not_seen()
    {
        HttpClient other = App.ClientFor(await App.CreateTenantAsync("other"));
        string kid = (await Client.GenerateAsync()).Text("kid");
        string cursor = (string)(await ListAsync("limit=1")).Data["next_cursor"]!;

        JsonNode data = (await other.GetJsonAsync("/audit/events")).Data;

        Actions(data).Should().Equal("api_key.created", "tenant.created");
        Actions((await other.GetJsonAsync($"/audit/events?kid={kid}")).Data).Should().BeEmpty();
        Refused(await other.GetJsonAsync($"/audit/events?cursor={cursor}"), "cursor");
    }

    /// <summary>A-40: auditors and admins read the journal.</summary>
    [Fact]
    public async Task Who_may_not_read_the_journal_is_refused()
    {
        using HttpClient user = App.ClientFor(await App.CreateApiKeyAsync(App.InitialApiKey, Roles.User));
        using HttpClient auditor = App.ClientFor(await App.CreateApiKeyAsync(App.InitialApiKey, Roles.Auditor));

        (await user.GetJsonAsync("/audit/events")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        (await auditor.GetJsonAsync("/audit/events")).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>
    /// K-08: an API key that is narrowed to key names sees the events of those keys, those of their rotation jobs too, and none of
    /// other names, none of API keys and tenants.
    /// </summary>
    [Fact]
    public async Task A_narrowed_api_key_sees_the_events_of_its_keys()
    {
        await Client.GenerateAsync("AES-256", new { name = "web/a", kid = "seen" });
        await Client.GenerateAsync("AES-256", new { name = "web", kid = "too" });
        await Client.GenerateAsync("AES-256", new { name = "website", kid = "hidden" });
        await Client.ScheduleAsync("hidden", App.InHours(1));
        await Client.ScheduleAsync("seen", App.InHours(1));
        (await Client.RevokeAsync("hidden")).ShouldBe(HttpStatusCode.NoContent);
        using HttpClient narrowed = await App.NarrowedClientAsync("audit:read", "web/* web");

        JsonNode all = (await narrowed.GetJsonAsync("/audit/events")).Data;

        Actions(all).Should().Equal("rotation.scheduled", "key.generated", "key.generated");
        all["events"]!.AsArray().Select(one => (string?)one!["kid"]).Should().Equal("seen", "too", "seen");
        all["unreadable"]!.AsArray().Should().BeEmpty();
        Actions((await narrowed.GetJsonAsync("/audit/events?kid=hidden")).Data).Should().BeEmpty();
        Actions((await narrowed.GetJsonAsync("/audit/events?kid=seen&order=asc")).Data)
            .Should().Equal("key.generated", "rotation.scheduled");
        JsonNode first = (await narrowed.GetJsonAsync("/audit/events?limit=1&order=asc")).Data;
        Actions((await narrowed.GetJsonAsync($"/audit/events?limit=5&order=asc&cursor={(string?)first["next_cursor"]}")).Data)
            .Should().HaveCount(2);
    }

    [Theory]
    [InlineData("stream=0", "stream")]
    [InlineData("stream=x", "stream")]
    [InlineData("kid=%2F", "kid")]
    [InlineData("action=Key.Revoked", "action")]
    [InlineData("action=", "action")]
    [InlineData("actor=a%20b", "actor")]
    [InlineData("since=2026-01-01", "since")]
    [InlineData("since=2026-01-01T00:00:00", "since")]
    [InlineData("until=yesterday", "until")]
    [InlineData("since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", "until")]
    [InlineData("order=down", "order")]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=1001", "limit")]
    [InlineData("cursor=AAAA", "cursor")]
    public async Task Bad_queries_are_refused_by_the_name_of_the_field(string query, string field) =>
        Refused(await ListAsync(query), field);

    [Fact]
    public async Task An_unknown_stream_is_not_found() =>
        (await ListAsync("stream=7")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_NOT_FOUND_001");

    // Of one list, and of its order.
    [Fact]
    public async Task A_cursor_belongs_to_its_list()
    {
        await Client.GenerateAsync("AES-256", new { name = "a" });
        await Client.GenerateAsync("AES-256", new { name = "b" });
        string ofKeys = (string)(await Client.GetJsonAsync("/kms/keys?limit=1")).Data["next_cursor"]!;
        string ofEvents = (string)(await ListAsync("limit=1")).Data["next_cursor"]!;

        Refused(await ListAsync($"cursor={ofKeys}"), "cursor");
        Refused(await ListAsync($"order=asc&cursor={ofEvents}"), "cursor");
        Refused(await ListAsync($"cursor={ofEvents[..^1]}{(ofEvents[^1] == 'A' ? 'B' : 'A')}"), "cursor");
    }

    /// <summary>F-15: an event that was edited is not shown as if it were one.</summary>
    [Fact]
    public async Task An_edited_event_is_listed_as_unreadable()
    {
        string kid = (await Client.GenerateAsync()).Text("kid");
        await Client.RevokeAsync(kid);
        using (Database database = App.OpenDatabase())
            database.Execute("UPDATE audit_events SET action = 'key.retired', to_state = 'retired' WHERE action = 'key.revoked'");

        JsonNode data = (await ListAsync("limit=3")).Data;

        Actions(data).Should().Equal("key.generated", "api_key.created");
        data["unreadable"]!.AsArray().Select(position => (long)position!).Should().Equal(3);
        App.Log.Lines.Should().Contain(line => line.StartsWith("Critical ", StringComparison.Ordinal)
            && line.Contains("position 3 of journal stream 1", StringComparison.Ordinal));
    }

    /// <summary>F-15: what is listed is enough to check the chain: here with nothing of the service, from docs/journal.md.</summary>
    [Fact]
    public async Task The_chain_can_be_checked_from_the_list()
    {
        string kid = (await Client.GenerateAsync()).Text("kid");
        await Client.RotateAsync();
        await Client.RevokeAsync(kid, """{"reason":"Zürich"}""");
        JsonNode data = (await ListAsync("order=asc")).Data;

        string previous = (string)data["first_previous_hash"]!;
        foreach (JsonNode? one in data["events"]!.AsArray())
        {
            ((string?)one!["previous_hash"]).Should().Be(previous);
            byte[] leaf =
            [
                0, 3, .. Id(data["installation_id"]), .. Id(data["tenant_id"]), .. Number(data["stream"]), .. Number(one["position"]),
                .. Bytes(one["previous_hash"]), .. Id(one["id"]), .. Time(one["time"]), .. Text(one["action"]), .. Text(one["actor_kind"]),
                .. Text(one["actor_id"]), .. Id(one["key_id"]), .. Text(one["kid"]), .. Number(one["key_version"]), .. Text(one["from"]),
                .. Text(one["to"]), .. Text(one["reason"]), .. Id(one["request_id"]), .. Id(one["server_request_id"]),
                .. Bytes(one["row_seal"]), .. Bytes(one["key_seal"]),
            ];
            previous = Convert.ToBase64String(SHA256.HashData(leaf));
            ((string?)one["leaf_hash"]).Should().Be(previous);
        }

        ((string?)data["head_hash"]).Should().Be(previous);
    }

    /// <summary>F-15: a program without Qkms checks an export, and names what was done to it.</summary>
    [FactIf(Requirement.NodePrograms)]
    public async Task A_program_without_qkms_checks_an_export()
    {
        string kid = (await Client.GenerateAsync()).Text("kid");
        await Client.RotateAsync();
        await Client.RevokeAsync(kid, """{"reason":"Zürich 💥"}""");
        JsonArray pages = [];
        string cursor = "";
        do
        {
            JsonNode data = (await ListAsync($"order=asc&limit=3{cursor}")).Data;
            pages.Add(data.DeepClone());
            cursor = (string?)data["next_cursor"] is { } next ? $"&cursor={next}" : "";
        }
        while (cursor.Length > 0);

        pages.Should().HaveCount(2);
        (await NodeProgram.RunAsync("journal.mjs", pages.ToJsonString())).Trim().Should().Be("[]");

        pages[0]!["events"]![2]!["action"] = "key.retired";
        pages[1]!["events"]!.AsArray().RemoveAt(2);
        (await NodeProgram.RunAsync("journal.mjs", pages.ToJsonString())).Trim().Should().Be(
            """["position 2 was edited","position 3 does not follow the event before it","the export ends before position 6"]""");
    }

    private Task<Answer> ListAsync(string query) => Client.GetJsonAsync($"/audit/events?{query}");

    private static IEnumerable<string> Actions(JsonNode data) => data["events"]!.AsArray().Select(one => (string)one!["action"]!);

    private static void Refused(Answer answer, string field)
    {
        answer.ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001");
        ((string?)answer.Json["error"]!["details"]![0]!["field"]).Should().Be(field);
    }

    private static byte[] Id(JsonNode? value) => Part(value is null ? null : Guid.Parse((string)value!).ToByteArray(bigEndian: true));

    private static byte[] Bytes(JsonNode? value) => Part(value is null ? null : Convert.FromBase64String((string)value!));

    private static byte[] Text(JsonNode? value) => Part(value is null ? null : Encoding.UTF8.GetBytes((string)value!));

    private static byte[] Number(JsonNode? value) => Part(value is null ? null : BigEndian((long)value));

    private static byte[] Time(JsonNode? value) => Part(BigEndian(DateTimeOffset.Parse(
        (string)value!, System.Globalization.CultureInfo.InvariantCulture).ToUnixTimeMilliseconds()));

    private static byte[] Part(byte[]? part)
    {
        byte[] length = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(length, part is null ? uint.MaxValue : (uint)part.Length);
        return [.. length, .. part ?? []];
    }

    private static byte[] BigEndian(long number)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        return bytes;
    }
}
