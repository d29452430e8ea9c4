using Qkms.Tests.Keys;

namespace Qkms.Tests.Nodes;

/// <summary>Nodes whose wall clocks differ.</summary>
public sealed class ClocksTests
{
    // Versions are listed newest first, and what is new is a matter of the chain and not of the clock of the node that made it.
    [TheoryIf(Requirement.Postgres)]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task Versions_of_a_key_stay_in_order_when_one_node_is_an_hour_off(int hours)
    {
        using NodeCluster cluster = new(PostgresServer.CreateMigrated());
        ManualTime off = ManualTime.Running();
        off.ShiftWallClock(TimeSpan.FromHours(hours));
        await using QkmsApplication right = cluster.NodeHere();
        await using QkmsApplication wrong = cluster.NodeHere(time: off);
        using HttpClient a = right.Client();
        using HttpClient b = wrong.ClientFor(right.InitialApiKey);
        await a.GenerateAsync(KeyUseVerbs.Aes);
        for (int i = 0; i < 3; i++)
        {
            await b.RotateAsync(KeyUseVerbs.Aes);
            await a.RotateAsync(KeyUseVerbs.Aes);
        }

        foreach (HttpClient client in new[] { a, b })
            RotateKeyTests.ChainShouldBeWhole(await VersionsAsync(client), 7);

        // The same where no version is active that the new one would follow.
        (await a.RetireAsync(7, KeyUseVerbs.Aes, new { allow_no_active = true })).ShouldBe(HttpStatusCode.OK);
        await b.GenerateAsync(KeyUseVerbs.Aes);
        await a.RevokeAsync((await b.ActiveAsync(KeyUseVerbs.Aes)).Text("kid"));
        await a.GenerateAsync(KeyUseVerbs.Aes);
        (await VersionsAsync(a)).Select(version => (int)version!["key_version"]!).Should().Equal(Enumerable.Range(1, 9).Reverse());
    }

    private static async Task<JsonArray> VersionsAsync(HttpClient client) =>
        (await client.GetJsonAsync("/kms/keys")).Data["keys"]!.AsArray();
}
