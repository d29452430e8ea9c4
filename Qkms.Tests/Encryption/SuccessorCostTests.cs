namespace Qkms.Tests.Encryption;

/// <summary>F-05: what finding a successor costs does not grow with the versions of the key. Counted in reads of the database.</summary>
public sealed class SuccessorCostTests : ServiceTests
{
    // What is remembered grows old by the test's hand alone, however slow the machine is.
    private readonly ManualTime _time = ManualTime.Standing();
    private readonly Lanes _lanes = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_use_by_the_first_kid_reads_as_much_after_many_rotations_as_after_few(bool withoutActive)
    {
        string first = (await Client.GenerateAsync(KeyUseVerbs.Aes)).Text("kid");
        string last = "";
        List<int> reads = [];
        foreach (int rotations in (int[])[2, 30])
        {
            for (int i = 0; i < rotations; i++)
                last = (await Client.RotateAsync(KeyUseVerbs.Aes)).Text("kid");

            if (withoutActive)
                (await Client.RevokeAsync(last)).ShouldBe(HttpStatusCode.NoContent);

            _time.OutliveCaches();
            int before = _lanes.Reads;
            Answer answer = await Client.UseAsync("/crypto/encrypt", new { plaintext = "", kid = first });
            reads.Add(_lanes.Reads - before);

            if (withoutActive)
                answer.ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");
            else
                answer.ShouldBe(HttpStatusCode.OK).Text("kid").Should().Be(last);

            // Remembered: the second use reads nothing of the chain.
            before = _lanes.Reads;
            await Client.UseAsync("/crypto/encrypt", new { plaintext = "", kid = first });
            (_lanes.Reads - before).Should().BeLessThanOrEqualTo(1, "what was found is remembered");
        }

        reads[1].Should().Be(reads[0]).And.BeLessThanOrEqualTo(6);
    }

    // Of a key that was rotated since, its successor is used by the next request.
    [Fact]
    public async Task A_rotation_on_this_node_is_followed_at_once()
    {
        string first = (await Client.GenerateAsync(KeyUseVerbs.Aes)).Text("kid");
        for (int i = 0; i < 5; i++)
        {
            string next = (await Client.RotateAsync(KeyUseVerbs.Aes)).Text("kid");
            (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "", kid = first })).Text("kid").Should().Be(next);
        }
    }

    /// <summary>
    /// F-05: a chain that goes from key to key is followed through sixteen keys, one after the other. Behind them it is refused, and the
    /// refusal names where it goes on.
    /// </summary>
    [Fact]
    public async Task A_chain_across_keys_is_followed_through_sixteen_of_them()
    {
        List<string> kids = [];
        for (int i = 0; i < 17; i++)
            kids.Add((await Client.GenerateAsync(KeyUseVerbs.Aes, new { name = $"key-{i}" })).Text("kid"));

        for (int i = 0; i < 16; i++)
        {
            Kid next = Kid.FromStored(kids[i + 1]);
            await App.RewriteAsync(kids[i], version => version with { State = KeyState.Retired, NextKid = next });
        }

        int before = _lanes.Reads;
        (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "", kid = kids[1] })).Text("kid").Should().Be(kids[16]);
        (_lanes.Reads - before).Should().BeGreaterThan(16, "it looked at each of them");
        before = _lanes.Reads;
        (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "", kid = kids[1] })).Text("kid").Should().Be(kids[16]);
        (_lanes.Reads - before).Should().BeLessThanOrEqualTo(1, "what was found is remembered");

        (await Client.UseAsync("/crypto/encrypt", new { plaintext = "", kid = kids[0] }))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_008").Message.Should().Contain(kids[15]).And.Contain(kids[16]);
    }

    private protected override QkmsApplication NewApplication() =>
        new() { Time = _time, KeepsHouse = false, StoreInFront = store => new StoreWithLanes(store, _lanes) };
}
