using Qkms.Tests.Nodes;

namespace Qkms.Tests.Devices;

/// <summary>Two nodes generate keys for one device.</summary>
public sealed class DevicesOnNodesTests(TwoNodes nodes) : IClassFixture<TwoNodes>
{
    /// <summary>D-04, D-05: 50 registrations at once on two nodes make one key.</summary>
    [FactIf(Requirement.Postgres)]
    public async Task Fifty_registrations_on_two_nodes_make_one_key()
    {
        IReadOnlyList<Answer> answers = await nodes.RaceAsync(25, client => client.RegisterAsync("one"));

        answers.Count(answer => answer.Status == HttpStatusCode.Created).Should().Be(1);
        answers.Count(answer => answer.Status == HttpStatusCode.OK).Should().Be(49);
        answers.Select(answer => answer.Text("kid")).Distinct().Should().ContainSingle();
    }

    /// <summary>D-05: 50 rotations at once on two nodes make four keys beside the first, and no fifth.</summary>
    [FactIf(Requirement.Postgres)]
    public async Task Fifty_rotations_on_two_nodes_make_as_many_keys_as_are_left()
    {
        (await nodes.A.RegisterAsync("many", "ML-KEM-768")).ShouldBe(HttpStatusCode.Created);

        IReadOnlyList<Answer> answers = await nodes.RaceAsync(25, client => client.RotateDeviceAsync("many"));

        answers.Count(answer => answer.Status == HttpStatusCode.Created).Should().Be(4);
        foreach (Answer refused in answers.Where(answer => answer.Status != HttpStatusCode.Created))
            refused.ShouldBeRefused(HttpStatusCode.TooManyRequests, "ERR_RATE_002");
    }

    /// <summary>D-01: with room for one more device, 64 registrations at once on two nodes make one.</summary>
    [FactIf(Requirement.Postgres)]
    public async Task Sixty_four_devices_on_two_nodes_get_the_one_place_that_is_left()
    {
        await using QkmsApplication one = nodes.Cluster.NodeHere();
        await using QkmsApplication two = nodes.Cluster.NodeHere();
        foreach (QkmsApplication node in new[] { one, two })
            node.Settings["Qkms:Plans:growth:MaxDevices"] = "4";

        _ = (one.Server, two.Server);
        string apiKey = await one.CreateTenantAsync("many devices", plan: "growth");
        HttpClient[] clients = [one.ClientFor(apiKey), two.ClientFor(apiKey)];
        for (int i = 0; i < 3; i++)
            (await clients[i % 2].RegisterAsync($"before-{i}", "ML-KEM-768")).ShouldBe(HttpStatusCode.Created);

        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 64)
            .Select(i => Task.Run(() => clients[i % 2].RegisterAsync($"race-{i}", "ML-KEM-768"))));

        answers.Count(answer => answer.Status == HttpStatusCode.Created).Should().Be(1);

        // Some wait for the database for too long; nothing was done then.
        answers.Where(answer => answer.Status != HttpStatusCode.Created).Select(answer => answer.ErrorCode).Distinct()
            .Should().Contain("ERR_FORBIDDEN_001").And.BeSubsetOf(["ERR_FORBIDDEN_001", "ERR_SERVICE_001"]);
        nodes.Cluster.Ask<long>("SELECT COUNT(*) FROM devices WHERE device_id LIKE 'before-%' OR device_id LIKE 'race-%'").Should().Be(4);
        Array.ForEach(clients, client => client.Dispose());
    }
}
