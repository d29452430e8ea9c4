namespace Qkms.Tests.Encryption;

/// <summary>F-05: what finding a successor costs does not grow with the versions of the key. Counted in reads of the database.</summary>
public sealed class SuccessorCostTests : ServiceTests
{
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

            App.Time.OutliveCaches();
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

    private protected override QkmsApplication NewApplication() =>
        new() { KeepsHouse = false, StoreInFront = store => new StoreWithLanes(store, _lanes) };
}
