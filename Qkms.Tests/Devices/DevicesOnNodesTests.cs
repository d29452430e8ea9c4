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
}
