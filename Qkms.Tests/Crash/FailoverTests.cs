using Npgsql;
using Qkms.Tests.Support.Proxy;
using Xunit.Abstractions;

namespace Qkms.Tests.Crash;

/// <summary>
/// F-40: failovers as they happen, under load, with two nodes and a synchronous standby: the primary is killed or cut off, the standby is
/// promoted, the old primary comes back as if nothing had happened and takes writes, and in the end, rewound or made anew, follows the new
/// one and takes over.
/// </summary>
public sealed class FailoverTests(ITestOutputHelper output)
{
    private const string Ours = "qkms";

    [TheoryIf(Requirement.PostgresPrograms)]
    [InlineData("killed")]
    [InlineData("cut off")]
    public async Task Nothing_acknowledged_is_lost_and_no_revoked_key_works(string how)
    {
        using PostgresCluster a = new();
        a.CreateDatabase(Ours);
        using PostgresCluster b = a.MakeStandby();
        using PostgresProxy wayToA = new(a.ConnectionStringOf(Ours));
        using PostgresProxy wayToB = new(b.ConnectionStringOf(Ours));
        using TemporaryDirectory directory = new();
        a.Set("synchronous_standby_names", "standby");
        Dictionary<string, string?> environment = new()
        {
            ["Qkms__Storage__Provider"] = "postgresql",
            ["Qkms__Storage__ConnectionString"] = new NpgsqlConnectionStringBuilder(wayToA.ConnectionString)
            {
                Host = $"{wayToA.Address},{wayToB.Address}",
                Pooling = true,
            }.ConnectionString,
            ["QKMS_ROOT_KEY"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
        };
        using ServiceProcess first = await ServiceProcess.StartAsync(directory.File("first"), environment);
        using ServiceProcess second = await ServiceProcess.StartAsync(directory.File("second"), environment);
        using HttpClient clientOfFirst = first.Client();
        using HttpClient clientOfSecond = new() { BaseAddress = second.Address };
        clientOfSecond.DefaultRequestHeaders.Add("x-api-key", clientOfFirst.DefaultRequestHeaders.GetValues("x-api-key"));
        HttpClient[] clients = [clientOfFirst, clientOfSecond];

        // What one node has revoked the other refuses within a second.
        Ledger ledger = new() { UntilKnownElsewhere = TimeSpan.FromSeconds(1) };
        using CancellationTokenSource stop = new();
        MixedLoad[] loads = [.. clients.Select(client => MixedLoad.Start(client, ledger, outlivesFaults: true, stop.Token))];
        await GoOnAsync(loads, 40);
        if (how == "killed")
            a.Kill();
        else
            wayToA.Become(ProxyWay.Silent);

        b.Promote();
        b.Set("synchronous_standby_names", "");
        await GoOnAsync(loads, 20);
        if (how == "killed")
            a.Start();

        a.Set("synchronous_standby_names", "");
        object? left = a.Run("SELECT COUNT(*) FROM audit_events", Ours);
        wayToA.Become(ProxyWay.Open);
        await GoOnAsync(loads, 40);
        foreach (ServiceProcess node in (ServiceProcess[])[first, second])
            await Eventually.HoldsAsync(() => Task.FromResult(node.Output.Contains("older timeline", StringComparison.Ordinal)));

        a.Run("SELECT COUNT(*) FROM audit_events", Ours).Should().Be(left, "nobody wrote to the old primary");
        await stop.CancelAsync();
        await Task.WhenAll(loads.Select(load => load.EndAsync()));
        await CheckAsync(b);

        // It learns what happened, and is the primary again.
        a.StopImmediately();
        if (how == "killed")
            a.Rewind(b);
        else
            a.FollowAnew(b);

        b.Set("synchronous_standby_names", "standby");
        using CancellationTokenSource stopAgain = new();
        loads = [.. clients.Select(client => MixedLoad.Start(client, ledger, outlivesFaults: true, stopAgain.Token))];
        await GoOnAsync(loads, 20);
        b.Kill();
        a.Promote();
        a.Set("synchronous_standby_names", "");
        await GoOnAsync(loads, 20);
        await stopAgain.CancelAsync();
        await Task.WhenAll(loads.Select(load => load.EndAsync()));
        await CheckAsync(a);
        a.Run("SELECT string_agg(DISTINCT timeline::text, ',') FROM epochs", Ours).Should().Be("1,2,3");
        output.WriteLine($"{how}: {ledger.Acknowledged} acknowledged writes, 0 lost; {ledger.Adopted} committed without an answer");

        async Task CheckAsync(PostgresCluster server)
        {
            foreach (HttpClient client in clients)
                await Invariants.CheckAsync(client, () => Database.OfPostgresUntouched(server.ConnectionStringOf(Ours)), ledger);

            (first.HasExited || second.HasExited).Should().BeFalse("they need no restart");
            (first.Output + second.Output).Should().NotContain("The failover lost writes");
        }
    }

    /// <summary>Waits until each load has had so many more writes acknowledged.</summary>
    private static async Task GoOnAsync(MixedLoad[] loads, int further)
    {
        // They share a ledger: each counts the writes of both.
        int before = loads[0].Acknowledged;
        await loads[0].WaitForAsync(before + (2 * further)).WaitAsync(TimeSpan.FromMinutes(2));
    }
}
