namespace Qkms.Tests.Nodes;

/// <summary>What a plan allows, with two nodes on one database.</summary>
public sealed class KeyQuotaOnNodesTests(TwoNodes nodes) : IClassFixture<TwoNodes>
{
    /// <summary>Q-30: with one generation left, 64 requests to two nodes make one version, whatever keys they are for.</summary>
    [FactIf(Requirement.Postgres)]
    public async Task Two_nodes_make_as_many_versions_as_are_left()
    {
        await using QkmsApplication one = nodes.Cluster.NodeHere();
        await using QkmsApplication two = nodes.Cluster.NodeHere();
        foreach (QkmsApplication node in new[] { one, two })
            node.Settings["Qkms:Plans:growth:GenerationsPerDay"] = "4";

        _ = (one.Server, two.Server);
        string apiKey = await one.CreateTenantAsync("raced", plan: "growth");
        HttpClient[] clients = [one.ClientFor(apiKey), two.ClientFor(apiKey)];
        for (int i = 0; i < 3; i++)
            await clients[i % 2].GenerateAsync("AES-256", new { name = $"before{i}" });

        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(() => clients[i % 2].UseAsync(
            "/kms/keys/generate", new { algorithm = "AES-256", name = $"race{i}" }))));

        answers.Count(answer => answer.Status == HttpStatusCode.Created).Should().Be(1);

        // Some wait for the database for too long; nothing was done then.
        answers.Where(answer => answer.Status != HttpStatusCode.Created).Select(answer => answer.ErrorCode).Distinct()
            .Should().Contain("ERR_FORBIDDEN_001").And.BeSubsetOf(["ERR_FORBIDDEN_001", "ERR_SERVICE_001"]);
        (await clients[0].GetJsonAsync("/kms/keys")).Number("total").Should().Be(4);
        Array.ForEach(clients, client => client.Dispose());
    }
}
