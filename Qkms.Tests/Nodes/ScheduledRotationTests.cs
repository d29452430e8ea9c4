using Qkms.Core.Lifecycle;
using Qkms.Tests.Rotations;

namespace Qkms.Tests.Nodes;

/// <summary>A-13: scheduled rotations with two nodes on one database.</summary>
public sealed class ScheduledRotationTests
{
    private const int Jobs = 40;

    /// <summary>A-13: each job is done once, whichever node is faster, also when their clocks do not agree.</summary>
    [FactIf(Requirement.Postgres)]
    public async Task Two_nodes_do_each_job_once()
    {
        using NodeCluster cluster = new(PostgresServer.CreateMigrated());
        await using QkmsApplication one = cluster.NodeHere();
        await using QkmsApplication other = cluster.NodeHere();

        using HttpClient client = one.Client();
        using HttpClient reader = other.ClientFor(cluster.InitialApiKey);
        (await reader.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        for (int i = 0; i < Jobs; i++)
        {
            string kid = $"k{i}";
            await client.GenerateAsync(i % 2 == 0 ? "AES-256" : "ML-DSA-44", new { kid, name = kid });
            await client.ScheduleAsync(kid, one.InHours(1));
        }

        // Two hours apart: what one of them has just begun, the other takes for cut off.
        QkmsApplication[] nodes = [one, other];
        foreach (QkmsApplication node in nodes)
            await node.LeaveDueWorkAsync();

        one.Time.Pass(TimeSpan.FromHours(1));
        other.Time.Pass(TimeSpan.FromHours(3));
        int[] rotated = await Task.WhenAll(nodes.Select(
            node => Task.Run(() => node.Services.GetRequiredService<RotationScheduler>().RunAsync(CancellationToken.None))));

        rotated.Sum().Should().Be(Jobs);
        cluster.Ask<long>("SELECT COUNT(*) FROM rotation_jobs WHERE state = 3").Should().Be(Jobs);
        cluster.Ask<long>("SELECT COUNT(*) FROM key_versions").Should().Be(2 * Jobs);
        cluster.Ask<long>("SELECT COUNT(*) FROM audit_events WHERE action = 'key.rotated'").Should().Be(Jobs);
        cluster.Ask<long>("SELECT COUNT(*) FROM key_versions WHERE state = 1").Should().Be(Jobs);
    }
}
