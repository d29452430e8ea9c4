using Xunit.Abstractions;

namespace Qkms.Tests.Crash;

/// <summary>
/// Not the service but its PostgreSQL server is killed, under load; the service goes on by itself when the server is back.
/// </summary>
public sealed class DatabaseCrashTests(ITestOutputHelper output)
{
    [TheoryIf(Requirement.PostgresPrograms)]
    [InlineData("immediate stop")]
    [InlineData("kill -9 of everything")]
    [InlineData("kill -9 of one backend")]
    public async Task After_the_server_came_back_what_was_acknowledged_is_there(string how)
    {
        using PostgresCluster cluster = new();
        using TemporaryDirectory directory = new();
        string database = cluster.CreateDatabase("qkms");
        Dictionary<string, string?> environment = new()
        {
            ["Qkms__Storage__Provider"] = "postgresql",
            ["Qkms__Storage__ConnectionString"] = database,
            ["QKMS_ROOT_KEY"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
        };
        Ledger ledger = new();
        int rounds = CrashCount.Or(1);
        using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path, environment);
        using HttpClient client = service.Client();
        for (int round = 0; round < rounds; round++)
        {
            using CancellationTokenSource stop = new();
            MixedLoad load = MixedLoad.Start(client, ledger, outlivesFaults: true, stop.Token);
            await load.WaitForAsync(RandomNumberGenerator.GetInt32(10, 60));
            Strike(cluster, how);
            int before = load.Acknowledged;
            await load.WaitForAsync(before + 20);
            await stop.CancelAsync();
            await load.EndAsync();
            if (ledger.Faults.Count > 0)
                output.WriteLine(service.Output);

            await Invariants.CheckAsync(client, () => Database.OfPostgresUntouched(database), ledger);
        }

        service.HasExited.Should().BeFalse("it needs no restart");
        output.WriteLine(
            $"{rounds} times {how}: {ledger.Acknowledged} acknowledged writes, 0 lost; {ledger.Adopted} committed without an answer");
    }

    private static void Strike(PostgresCluster cluster, string how)
    {
        switch (how)
        {
            case "immediate stop":
                cluster.StopImmediately();
                cluster.Start();
                break;
            case "kill -9 of everything":
                cluster.Kill();
                cluster.Start();
                break;
            default:
                cluster.KillBackend();
                break;
        }
    }
}
