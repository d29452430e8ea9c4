using Qkms.Core.Administration;
using Qkms.Core.Uses;
using Qkms.Tests.Tenants;
using static Qkms.Tests.Tenants.TenantDeletionVerbs;

namespace Qkms.Tests.Nodes;

/// <summary>14.1: the deletion of a tenant with two nodes on one database, in this process.</summary>
public sealed class TenantDeletionOnNodesTests
{
    /// <summary>
    /// 14.1: what one node orders the other refuses, and its memory lets go of the keys although nobody asks for them there any more.
    /// </summary>
    [FactIf(Requirement.Postgres)]
    public async Task The_keys_of_the_tenant_leave_the_memory_of_the_other_node()
    {
        using NodeCluster cluster = new(PostgresServer.CreateMigrated());
        await using QkmsApplication first = cluster.NodeHere();
        await using QkmsApplication second = cluster.NodeHere();
        using HttpClient operators = first.ClientFor(await InitialApiKeyAsync(first));
        Answer made = (await operators.CreateTenantAsync("leaving")).ShouldBe(HttpStatusCode.Created);
        using HttpClient theirs = second.ClientFor(made.InitialApiKey());
        await theirs.GenerateAsync(KeyUseVerbs.Aes);
        await theirs.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA" });
        MaterialCache memory = second.Services.GetRequiredService<MaterialCache>();
        memory.Count.Should().Be(1);

        (await operators.DeleteTenantAsync(made.Text("tenant_id"))).ShouldBe(HttpStatusCode.Accepted);

        await Eventually.HoldsAsync(() => Task.FromResult(memory.Count == 0));
        await Eventually.HoldsAsync(
            async () => (await theirs.UseAsync("/crypto/encrypt", new { plaintext = "AAAA" })).Status == HttpStatusCode.Forbidden);
        memory.Count.Should().Be(0);
    }

    /// <summary>14.1: sweeps of two nodes at the same time delete each tenant once, with pieces of the rows by either.</summary>
    [FactIf(Requirement.Postgres)]
    public async Task Two_nodes_delete_each_tenant_once()
    {
        using NodeCluster cluster = new(PostgresServer.CreateMigrated());
        await using QkmsApplication first = cluster.NodeHere();
        await using QkmsApplication second = cluster.NodeHere();
        using HttpClient operators = first.ClientFor(await InitialApiKeyAsync(first));
        _ = second.Server;
        string[] ids = new string[6];
        for (int i = 0; i < ids.Length; i++)
        {
            (ids[i], HttpClient theirs) = await first.FurnishTenantAsync(operators, $"n{i}");
            theirs.Dispose();
            (await operators.DeleteTenantAsync(ids[i])).ShouldBe(HttpStatusCode.Accepted);
        }

        await first.LeaveDueWorkAsync();
        await second.LeaveDueWorkAsync();
        first.Time.Pass(Week);
        second.Time.Pass(Week);
        int[] deleted = await Task.WhenAll(new[] { first, second }.Select(node => Task.Run(
            () => node.Services.GetRequiredService<TenantDeletionSweep>().RunAsync(CancellationToken.None))));

        deleted.Sum().Should().Be(ids.Length);
        using Database database = Database.OfPostgresUntouched(cluster.Database.ConnectionString);
        foreach (string id in ids)
        {
            database.ShouldHoldNothingOf(id);
            database.Scalar($"SELECT COUNT(*) FROM audit_events WHERE tenant_id = {Stored(id)} AND action LIKE 'tenant.%ed'")
                .Should().Be(4L, "created, scheduled, deleted, erased");
        }

        foreach (QkmsApplication node in (QkmsApplication[])[first, second])
            node.Log.Text.Should().NotContain("Critical ").And.NotContain("Error ");
    }

    private static async Task<string> InitialApiKeyAsync(QkmsApplication first)
    {
        _ = first.Server;
        return await File.ReadAllTextAsync(Path.Combine(first.DataDirectory, "initial-api-key"));
    }
}
