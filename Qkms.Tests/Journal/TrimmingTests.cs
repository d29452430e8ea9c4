using Qkms.Core.Journal;
using Qkms.Core.Lifecycle;
using Qkms.Core.Sealing;
using Qkms.Tests.Verification;

namespace Qkms.Tests.Journal;

/// <summary>A-40: uses that are older than they are kept are removed from the beginning of their stream, and the journal says so.</summary>
public sealed class TrimmingTests : ServiceTests
{
    private static readonly TimeSpan _kept = TimeSpan.FromDays(91);

    /// <summary>A-40: what is old goes, and the event of it names the last event that went; the life cycle stays.</summary>
    [Fact]
    public async Task Old_uses_go_and_an_event_names_the_last_of_them()
    {
        await UseAsync(3);
        JsonNode before = await ListAsync("stream=2&order=asc");
        int lifecycle = (await ListAsync("limit=1000"))["events"]!.AsArray().Count;
        App.Time.Pass(_kept);
        await UseAsync(2);

        (await TrimAsync()).Should().Be(3);

        JsonNode after = await ListAsync("stream=2&order=asc");
        string hash = (string)before["events"]![2]!["leaf_hash"]!;
        Actions(after).Should().Equal("key.used", "key.used", "journal.trimmed");
        ((long)after["first_position"]!).Should().Be(3);
        ((string?)after["first_previous_hash"]).Should().Be(hash);
        ((string?)after["events"]![2]!["reason"]).Should().Be(
            $"up to position 2; {Convert.ToHexStringLower(Convert.FromBase64String(hash))}");
        ((string?)after["events"]![2]!["actor_id"]).Should().Be("trimming");
        (await ListAsync("limit=1000"))["events"]!.AsArray().Should().HaveCount(lifecycle);
        await ShouldHoldAsync();
        (await TrimAsync()).Should().Be(0);
        await UseAsync(1);
        await ShouldHoldAsync();
    }

    /// <summary>A-40: many go in pieces, each with its event; of a stream that nobody adds to, those events stay.</summary>
    [Fact]
    public async Task Many_uses_go_in_pieces_and_the_last_event_stays()
    {
        await AppendAsync("idle", 2 * UseTrimming.Piece);
        App.Time.Pass(_kept);

        (await TrimAsync()).Should().Be(2 * UseTrimming.Piece);

        JsonNode left = await ListAsync("stream=2&order=asc");
        Actions(left).Should().AllBe("journal.trimmed").And.HaveCount(2);
        ((long)left["first_position"]!).Should().Be(2 * UseTrimming.Piece);
        await ShouldHoldAsync();
        App.Time.Pass(_kept);
        (await TrimAsync()).Should().Be(0);
    }

    /// <summary>A-40: a clock that jumps ahead empties nothing, however long it keeps step afterwards, nor when it is set back.</summary>
    [Fact]
    public async Task A_clock_that_jumps_ahead_empties_nothing()
    {
        await UseAsync(2);
        App.Time.ShiftWallClock(TimeSpan.FromDays(400));
        (await TrimAsync()).Should().Be(0);
        App.Time.Pass(TimeSpan.FromDays(80));
        await UseAsync(1);

        (await TrimAsync()).Should().Be(0);
        App.Time.ShiftWallClock(TimeSpan.FromDays(-400));
        App.Time.Pass(TimeSpan.FromDays(5));
        (await TrimAsync()).Should().Be(0);
        Actions(await ListAsync("stream=2")).Should().Equal("key.used", "key.used", "key.used");

        // The use of the time that has not come holds nothing up: what follows it is old too.
        await UseAsync(1);
        App.Time.Pass(_kept);
        await UseAsync(1);
        (await TrimAsync()).Should().Be(4);
        await ShouldHoldAsync();
    }

    /// <summary>A-40: the last event of a stream goes only when another follows it, if only that of the trimming before it.</summary>
    [Fact]
    public async Task A_last_event_goes_when_another_follows_it()
    {
        await AppendAsync("idle", 5);
        App.Time.Pass(_kept);

        (await TrimAsync()).Should().Be(5);

        JsonNode left = await ListAsync("stream=2&order=asc");
        left["events"]!.AsArray().Select(one => ((string)one!["reason"]!).Split(';')[0]).Should()
            .Equal("up to position 3", "up to position 4");
        ((long)left["first_position"]!).Should().Be(5);
        await ShouldHoldAsync();
    }

    /// <summary>A-40: the writer itself takes no last event away, whatever it is asked for.</summary>
    [Fact]
    public async Task A_whole_stream_is_not_removed()
    {
        await AppendAsync("idle", 3);

        (await TrimUpToAsync(2)).Should().BeFalse();
        (await TrimUpToAsync(1)).Should().BeTrue();

        Actions(await ListAsync("stream=2&order=asc")).Should().Equal("key.used", "journal.trimmed");
        await ShouldHoldAsync();
    }

    /// <summary>A-40: what somebody removes between the look and the trimming is not covered up by the event of it.</summary>
    [Fact]
    public async Task A_trimming_that_removes_fewer_events_than_it_found_is_undone()
    {
        await AppendAsync("idle", 5);

        Func<Task> trim = () => TrimUpToAsync(2, () => App.Execute("DELETE FROM audit_events WHERE stream = 2 AND position = 1"));

        (await trim.Should().ThrowAsync<SealBrokenException>()).Which.What.Should().EndWith("positions 0 to 2");
        Actions(await ListAsync("stream=2&order=asc")).Should().HaveCount(4).And.AllBe("key.used");
        await ShouldBeFoundAsync("journal stream 2 * position 1 is missing");
    }

    /// <summary>A-40: an event of another history, and what follows a gap, are evidence too: they stay, and the alarm is raised.</summary>
    [Theory]
    [InlineData(true, 4, "does not follow the event before it")]
    [InlineData(false, 1, "is missing")]
    public async Task What_does_not_follow_the_event_before_it_is_not_trimmed_away(bool exchanged, int position, string finding)
    {
        WatchClocks();
        if (exchanged)
        {
            await App.ExchangeAsync(events: 6);
        }
        else
        {
            await AppendAsync("a", 6);
            App.Execute("DELETE FROM audit_events WHERE stream = 2 AND position = 1");
        }

        App.Time.Pass(_kept);

        (await TrimAsync()).Should().Be(0);

        App.Log.Lines.Should().Contain(line => line.StartsWith("Critical ", StringComparison.Ordinal)
            && line.Contains($"position {position}", StringComparison.Ordinal));
        Actions(await ListAsync("stream=2&order=asc")).Should().HaveCount(exchanged ? 6 : 5).And.AllBe("key.used");
        await ShouldBeFoundAsync($"journal stream 2 * position {position} *{finding}");
    }

    /// <summary>A-32, A-40: a counter says more than the journal once every use of its version was trimmed, and that holds.</summary>
    [Fact]
    public async Task A_counter_whose_uses_were_all_trimmed_holds()
    {
        await UseAsync(3);
        await Client.GenerateAsync("AES-256", new { name = "other", kid = "other-1" });
        App.Time.Pass(_kept);
        await Client.MustUseAsync("/crypto/encrypt", new { kid = "other-1", plaintext = "aGVsbG8=" });

        (await TrimAsync()).Should().Be(3);

        Actions(await ListAsync("stream=2")).Should().Equal("journal.trimmed", "key.used");
        await ShouldHoldAsync();
    }

    /// <summary>A-40: of several nodes that trim at once, each event goes once.</summary>
    [Fact]
    public async Task Several_nodes_at_once_trim_each_piece_once()
    {
        await AppendAsync("idle", 3 * UseTrimming.Piece);
        App.Time.Pass(_kept);
        UseTrimming[] nodes = [.. Enumerable.Range(0, 3).Select(_ => ActivatorUtilities.CreateInstance<UseTrimming>(App.Services))];

        await Task.WhenAll(nodes.Select(node => Task.Run(() => TrimToTheEndAsync(node))));

        JsonNode left = await ListAsync("stream=2&order=asc");
        Actions(left).Should().AllBe("journal.trimmed").And.HaveCount(3);
        left["events"]!.AsArray().Select(one => ((string)one!["reason"]!).Split(';')[0]).Should()
            .Equal(Enumerable.Range(1, 3).Select(piece => $"up to position {(piece * UseTrimming.Piece) - 1}"));
        await ShouldHoldAsync();
    }

    /// <summary>A-40: an edited event is evidence: it stays with all that follow it, and the alarm is raised.</summary>
    [Fact]
    public async Task What_was_edited_is_not_trimmed_away()
    {
        await UseAsync(4);
        App.Execute("UPDATE audit_events SET reason = 'nothing' WHERE stream = 2 AND position = 1");
        App.Time.Pass(_kept);
        await UseAsync(1);

        (await TrimAsync()).Should().Be(0);

        App.Log.Lines.Should().Contain(line => line.StartsWith("Critical ", StringComparison.Ordinal)
            && line.Contains("journal stream 2", StringComparison.Ordinal) && line.Contains("position 1", StringComparison.Ordinal));
        (await Verify.RunAsync(App.DataDirectory)).Output.Should().Contain("position 1 (key.used) was edited");
    }

    /// <summary>A-40: a beginning that somebody else removed, or more than the event says, is found.</summary>
    [Theory]
    [InlineData("DELETE FROM audit_events WHERE stream = 2 AND position < 6", "positions 4 to 5 are missing")]
    [InlineData("DELETE FROM audit_events WHERE stream = 2 AND position = 4", "position 4 is missing")]
    [InlineData("DELETE FROM audit_events WHERE stream = 2 AND action = 'journal.trimmed'", "was cut off: positions 7 to 7 are missing")]
    [InlineData("UPDATE audit_events SET position = position - 4 WHERE stream = 2 AND position = 5", "position 1 is one that was trimmed")]
    [InlineData("UPDATE audit_streams SET first_position = 5 WHERE stream = 2", "the row of journal stream 2 * was edited")]
    public async Task What_somebody_else_removed_is_found(string attack, string finding)
    {
        await UseAsync(4);
        App.Time.Pass(_kept);
        await UseAsync(3);
        (await TrimAsync()).Should().Be(4);
        await ShouldHoldAsync();

        App.Execute(attack);

        await ShouldBeFoundAsync(finding);
    }

    /// <summary>A-40: a stream whose row says that more was trimmed than the event says, with a seal that holds.</summary>
    [Theory]
    [InlineData(0, 2, "begins with position 2, and its newest event of a trimming says that it was trimmed nowhere")]
    [InlineData(91, 6, "begins with position 6, and its newest event of a trimming says that it was trimmed up to position 3")]
    public async Task A_row_that_says_more_than_the_event_is_found(int days, int first, string finding)
    {
        await UseAsync(4);
        App.Time.Pass(TimeSpan.FromDays(days));
        await UseAsync(3);
        (await TrimAsync()).Should().Be(days == 0 ? 0 : 4);
        await ShouldHoldAsync();

        await RaiseFirstPositionAsync(first);

        await ShouldBeFoundAsync(finding);
    }

    /// <summary>A-40: a cursor whose page was trimmed goes on where the stream begins; towards older events nothing is left.</summary>
    [Fact]
    public async Task A_cursor_of_what_was_trimmed_goes_on_where_the_stream_begins()
    {
        await UseAsync(5);
        string forward = (string)(await ListAsync("stream=2&order=asc&limit=2"))["next_cursor"]!;
        string backward = (string)(await ListAsync("stream=2&limit=3"))["next_cursor"]!;
        App.Time.Pass(_kept);
        await UseAsync(2);
        (await TrimAsync()).Should().Be(5);

        JsonNode newer = await ListAsync($"stream=2&order=asc&cursor={forward}");
        JsonNode older = await ListAsync($"stream=2&cursor={backward}");

        newer["events"]!.AsArray().Select(one => (long)one!["position"]!).Should().Equal(5, 6, 7);
        ((long)newer["first_position"]!).Should().Be(5);
        older["events"]!.AsArray().Should().BeEmpty();
        older["next_cursor"].Should().BeNull();
        ((long)older["first_position"]!).Should().Be(5);
    }

    /// <summary>A-40: a program without Qkms accepts an export of a trimmed stream, and none whose beginning somebody removed.</summary>
    [FactIf(Requirement.NodePrograms)]
    public async Task A_program_without_qkms_checks_the_export_of_a_trimmed_stream()
    {
        await UseAsync(3);
        App.Time.Pass(_kept);
        await UseAsync(3);
        (await TrimAsync()).Should().Be(3);
        JsonArray pages = [(await ListAsync("stream=2&order=asc")).DeepClone()];

        (await NodeProgram.RunAsync("journal.mjs", pages.ToJsonString())).Trim().Should().Be("[]");
        pages[0]!["events"]!.AsArray().RemoveAt(0);
        pages[0]!["first_position"] = 4;
        (await NodeProgram.RunAsync("journal.mjs", pages.ToJsonString())).Should()
            .Contain("the export begins with position 4, and was trimmed up to position 2; ");
    }

    // Tests trim by themselves: the service's own round would take away what they count.
    private protected override QkmsApplication NewApplication() => new() { KeepsHouse = false };

    private async Task UseAsync(int times)
    {
        WatchClocks();
        if ((await Client.GetJsonAsync("/kms/keys/trimmed-1")).Status != HttpStatusCode.OK)
            await Client.GenerateAsync("AES-256", new { name = "trimmed", kid = "trimmed-1", max_usage_limit = 1000 });

        for (int i = 0; i < times; i++)
            await Client.MustUseAsync("/crypto/encrypt", new { kid = "trimmed-1", plaintext = "aGVsbG8=" });
    }

    private Task AppendAsync(string node, int count)
    {
        WatchClocks();
        return App.AppendUsesAsync(node, count);
    }

    // A node that has to wait too long for another one's piece goes on with its next sweep.
    private static Task TrimToTheEndAsync(UseTrimming node) => Eventually.HoldsAsync(async () =>
    {
        try
        {
            return await node.RunAsync(CancellationToken.None) == 0;
        }
        catch (KmsException refusal) when (refusal.Error == KmsErrors.Unavailable)
        {
            return false;
        }
    });

    // As a node does that has found this: what happens meanwhile comes in between.
    private async Task<bool> TrimUpToAsync(long last, Action? meanwhile = null)
    {
        TenantId tenant = await App.FirstTenantAsync();
        RowSealer sealer = App.Services.GetRequiredService<RowSealer>();
        JournalQuery query = new(2, OldestFirst: true, null, null, null, null, null);
        (JournalStream stream, StoredEvent found) = await App.Store().ReadAsync(
            async session => (
                sealer.Open((await Repositories.Journal.FindStreamAsync(session, tenant, 2))!),
                (await Repositories.Journal.ListEventsAsync(
                    session, tenant, query, KeyScope.All, new JournalWindow(last, last + 1), 1)).Single()),
            CancellationToken.None);
        meanwhile?.Invoke();
        JournalWriter writer = App.Services.GetRequiredService<JournalWriter>();
        return await App.Store().WriteAsync(session => writer.TrimAsync(session, stream, found.Chained), CancellationToken.None);
    }

    // Time counts from when the service first looks at its clocks.
    private void WatchClocks() => App.Services.GetRequiredService<ObservedTime>();

    // A service is believed when its clocks have kept step for a while.
    private Task<long> TrimAsync()
    {
        App.Time.Pass(TimeSpan.FromMinutes(11));
        return App.Services.GetRequiredService<UseTrimming>().RunAsync(CancellationToken.None);
    }

    private async Task RaiseFirstPositionAsync(long first)
    {
        TenantId tenant = await App.FirstTenantAsync();
        RowSealer sealer = App.Services.GetRequiredService<RowSealer>();
        await App.Store().WriteAsync(
            async session =>
            {
                JournalStream stream = sealer.Open((await Repositories.Journal.FindStreamAsync(session, tenant, 2))!);
                JournalQuery query = new(2, OldestFirst: true, null, null, null, null, null);
                JournalWindow window = new(first - 1, first);
                IReadOnlyList<StoredEvent> last =
                    await Repositories.Journal.ListEventsAsync(session, tenant, query, KeyScope.All, window, 1);
                await Repositories.Journal.DeleteEventsAsync(session, stream, stream.FirstPosition, first);
                return await Repositories.Journal.UpdateStreamAsync(session, sealer.Seal(stream with
                {
                    FirstPosition = first,
                    FirstPreviousHash = last[0].Chained.LeafHash,
                    RowVersion = stream.RowVersion + 1,
                }));
            },
            CancellationToken.None);
    }

    private async Task ShouldHoldAsync()
    {
        (int exitCode, string output) = await Verify.RunAsync(App.DataDirectory);
        exitCode.Should().Be(0, output);
    }

    private async Task ShouldBeFoundAsync(string finding)
    {
        (int exitCode, string output) = await Verify.RunAsync(App.DataDirectory);
        exitCode.Should().Be(1, output);
        output.Should().Match($"*FOUND: *{finding}*");
    }

    private async Task<JsonNode> ListAsync(string query) =>
        (await Client.GetJsonAsync($"/audit/events?{query}")).ShouldBe(HttpStatusCode.OK).Data;

    private static IEnumerable<string> Actions(JsonNode data) => data["events"]!.AsArray().Select(one => (string)one!["action"]!);
}
