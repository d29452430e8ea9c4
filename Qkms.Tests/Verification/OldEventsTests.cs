using Qkms.Tests.Integrity;
using Qkms.Tests.Journal;

namespace Qkms.Tests.Verification;

/// <summary>
/// F-15: what somebody without a key does to a stream with events and heads that Qkms itself wrote once. Each HMAC and each seal holds; one
/// rule of <c>qkms verify</c> alone says what is wrong.
/// </summary>
public sealed class OldEventsTests : ServiceTests
{
    /// <summary>F-15: an event of another history, which the event after it does not follow.</summary>
    [Fact]
    public async Task An_event_of_another_history_is_found_by_the_one_after_it()
    {
        await App.ExchangeAsync(events: 5);

        await ShouldBeFoundAsync("*journal stream 2 of tenant *, position 4 (key.used) does not follow the event before it: *");
    }

    /// <summary>F-15: the same at the end of the stream, where only its row knows which event was the last.</summary>
    [Fact]
    public async Task A_last_event_of_another_history_is_found_by_the_row_of_the_stream()
    {
        await App.ExchangeAsync(events: 4);

        await ShouldBeFoundAsync("*journal stream 2 of tenant *: the last event is not the one that the row of the stream names*");
    }

    /// <summary>F-15: an old row of a stream, whose newer events are still there.</summary>
    [Fact]
    public async Task Events_behind_an_old_head_are_named()
    {
        await App.AppendUsesAsync("a", 3);
        OldRows head = OldRows.Of(App, "audit_streams", StreamHistory.FirstUses);
        await App.AppendUsesAsync("a", 2);

        head.PutBack();

        await ShouldBeFoundAsync(
            "*journal stream 2 of tenant *, position 3 is behind the head of the stream: *",
            "*journal stream 2 of tenant *, position 4 is behind the head of the stream: *");
    }

    /// <summary>F-15: the last events removed, so that the row of the stream names one that is not there.</summary>
    [Theory]
    [InlineData("position = 4", "positions 4 to 4 are missing*")]
    [InlineData("position >= 2", "positions 2 to 4 are missing*")]
    public async Task Events_cut_off_are_named(string which, string finding)
    {
        await App.AppendUsesAsync("a", 5);

        App.Execute($"DELETE FROM audit_events WHERE {StreamHistory.FirstUses} AND {which}");

        await ShouldBeFoundAsync($"*journal stream 2 of tenant * was cut off: {finding}");
    }

    /// <summary>A-32, F-15: the last use removed with the newer row of its stream: the counter of the version says that it was.</summary>
    [Fact]
    public async Task A_use_that_was_taken_out_of_the_journal_is_found_by_the_counter()
    {
        await Client.GenerateAsync("AES-256", new { kid = "counted-1", name = "counted" });
        await UseAsync();
        OldRows head = OldRows.Of(App, "audit_streams", StreamHistory.FirstUses);
        await UseAsync();
        head.PutBack();
        App.Execute($"DELETE FROM audit_events WHERE {StreamHistory.FirstUses} AND position = 1");

        await ShouldBeFoundAsync("*the counter of key version counted-1 says 2, and the journal tells of 1 uses*");

        Task UseAsync() => Client.MustUseAsync("/crypto/encrypt", new { kid = "counted-1", plaintext = "aGVsbG8=" });
    }

    // Each finding by its pattern, and no other: nothing else notices.
    private async Task ShouldBeFoundAsync(params string[] findings)
    {
        (int exitCode, string output) = await Verify.RunAsync(App.DataDirectory);

        exitCode.Should().Be(1, output);
        string[] found = [.. output.Split('\n').Where(line => line.StartsWith("FOUND: ", StringComparison.Ordinal))];
        found.Should().HaveCount(findings.Length, output);
        foreach ((string line, string finding) in found.Zip(findings))
            line.Should().Match(finding);
    }
}
