using System.Diagnostics;
using Qkms.Tests.Tenants;

namespace Qkms.Tests.Nodes;

/// <summary>14.1: a tenant that one node suspends is shut out by both.</summary>
public sealed class SuspendOnNodesTests(TwoNodes nodes) : IClassFixture<TwoNodes>
{
    private static readonly TimeSpan _promise = TimeSpan.FromSeconds(1);

    /// <summary>
    /// 14.1: while 20 callers encrypt on two nodes, no use is recorded after the suspension was answered, on neither of them; no request
    /// begins that still succeeds, there at once, and on the other node after a second.
    /// </summary>
    [FactIf(Requirement.Postgres)]
    public async Task No_use_is_recorded_after_the_answer()
    {
        Answer made = (await nodes.A.CreateTenantAsync("suspended")).ShouldBe(HttpStatusCode.Created);
        string id = made.Text("tenant_id");
        HttpClient[] clients = [.. nodes.Processes.Select(node => nodes.Cluster.ClientOf(node, made.InitialApiKey()))];
        (await clients[0].GenerateAsync("AES-256")).ShouldBe(HttpStatusCode.Created);
        long succeeded = 0;
        Task<long>[] callers = [.. Enumerable.Range(0, 20).Select(i => Task.Run(() => EncryptUntilRefusedAsync(clients[i % 2])))];
        await Eventually.HoldsAsync(() => Task.FromResult(Interlocked.Read(ref succeeded) > 200));

        (await nodes.A.ActOnTenantAsync(id, "suspend")).ShouldBe(HttpStatusCode.OK);
        long suspendedAt = Stopwatch.GetTimestamp();
        long uses = nodes.Cluster.Ask<long>(UsesOf(id));

        long[] lastBegun = await Task.WhenAll(callers);
        nodes.Cluster.Ask<long>(UsesOf(id)).Should().Be(uses).And.Be(succeeded);
        for (int i = 0; i < lastBegun.Length; i++)
            Stopwatch.GetElapsedTime(suspendedAt, lastBegun[i]).Should().BeLessThan(i % 2 == 0 ? TimeSpan.Zero : _promise);

        (await nodes.B.ActOnTenantAsync(id, "resume")).ShouldBe(HttpStatusCode.OK);
        await Eventually.HoldsAsync(async () => (await EncryptAsync(clients[0])).Status == HttpStatusCode.OK);
        Array.ForEach(clients, client => client.Dispose());

        // When the last request began that succeeded.
        async Task<long> EncryptUntilRefusedAsync(HttpClient client)
        {
            long last = 0;
            Stopwatch limit = Stopwatch.StartNew();
            while (true)
            {
                Answer answer = await EncryptAsync(client);
                if (answer.Status != HttpStatusCode.OK)
                {
                    answer.ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_003");
                    return last;
                }

                Interlocked.Increment(ref succeeded);
                last = RepeatingHandler.BegunOf(answer);
                limit.Elapsed.Should().BeLessThan(TimeSpan.FromMinutes(1));
            }
        }
    }

    /// <summary>14.1: a plan that one node sets holds on the other within a second.</summary>
    [FactIf(Requirement.Postgres)]
    public async Task A_plan_holds_on_the_other_node()
    {
        // So little becomes free that any machine spends more.
        await using QkmsApplication here = nodes.Cluster.NodeHere();
        await using QkmsApplication other = nodes.Cluster.NodeHere();
        foreach (QkmsApplication node in (QkmsApplication[])[here, other])
        {
            node.Settings["Qkms:Plans:free:CostUnitsPerSecond"] = "1";
            node.Settings["Qkms:Plans:free:Burst"] = "1000";
        }

        using HttpClient operators = here.ClientFor(nodes.Cluster.InitialApiKey);
        Answer made = (await operators.CreateTenantAsync("planned", "free")).ShouldBe(HttpStatusCode.Created);
        using HttpClient there = other.ClientFor(made.InitialApiKey());
        Answer answer = await there.GetJsonAsync("/kms/keys");
        for (int i = 0; i < 5_000 && answer.Status == HttpStatusCode.OK; i++)
            answer = await there.GetJsonAsync("/kms/supported-algorithms");

        answer.ShouldBeRefused(HttpStatusCode.TooManyRequests, "ERR_RATE_001");

        (await operators.UpdateTenantAsync(made.Text("tenant_id"), """{"plan":"enterprise"}""")).ShouldBe(HttpStatusCode.OK);
        await Task.Delay(_promise);

        for (int i = 0; i < 300; i++)
            (await there.GetJsonAsync("/kms/supported-algorithms")).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>14.1: of parallel creations of one name on two nodes one wins, and none fails otherwise; so of renames.</summary>
    [FactIf(Requirement.Postgres)]
    public async Task Parallel_creations_and_renames_on_two_nodes()
    {
        IReadOnlyList<Answer> made = await nodes.RaceAsync(8, client => client.CreateTenantAsync("raced"));
        string[] ids = new string[4];
        for (int i = 0; i < ids.Length; i++)
            ids[i] = (await nodes.A.CreateTenantAsync($"renamed {i}")).Text("tenant_id");

        int next = -1;
        IReadOnlyList<Answer> renamed = await nodes.RaceAsync(
            2, client => client.UpdateTenantAsync(ids[Interlocked.Increment(ref next)], """{"name":"the one"}"""));
        IReadOnlyList<Answer> suspended = await nodes.RaceAsync(8, client => client.ActOnTenantAsync(ids[0], "suspend"));

        made.Count(answer => answer.Status == HttpStatusCode.Created).Should().Be(1);
        renamed.Count(answer => answer.Status == HttpStatusCode.OK).Should().Be(1);
        foreach (Answer refused in made.Concat(renamed).Where(answer => answer.Status is not (HttpStatusCode.Created or HttpStatusCode.OK)))
            refused.ShouldBeRefused(HttpStatusCode.Conflict, "ERR_TENANT_001");

        suspended.Should().OnlyContain(answer => answer.Status == HttpStatusCode.OK);
        nodes.Cluster.Ask<long>("SELECT COUNT(*) FROM audit_events WHERE action = 'tenant.suspended' AND to_state = '" + ids[0] + "'")
            .Should().Be(2, "one stands in each of the two journals");
    }

    private static Task<Answer> EncryptAsync(HttpClient client) => client.UseAsync("/crypto/encrypt", new { plaintext = "AAAA" });

    private static string UsesOf(string tenant) =>
        $"SELECT COALESCE(SUM(used), 0)::bigint FROM key_usage WHERE tenant_id = '\\x{tenant.Replace("-", "", StringComparison.Ordinal)}'";
}
