using Npgsql;

namespace Qkms.Tests.Nodes;

// V-04
/// <summary>
/// F-40: one server dies, its standby is promoted, and the first one comes back knowing nothing of what happened since. Whoever has worked
/// on the newer timeline never goes back to the older one, on which revoked keys still work.
/// </summary>
public sealed class FailoverTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly List<IDisposable> _made = [];
    private int _nodes;

    public void Dispose()
    {
        _made.Reverse();
        _made.ForEach(made => made.Dispose());
        _directory.Dispose();
    }

    /// <summary>F-40: as it was found.</summary>
    [FactIf(Requirement.PostgresPrograms)]
    public async Task The_old_primary_is_not_used_when_it_comes_back()
    {
        (PostgresCluster a, PostgresCluster b) = MakePair();
        await using QkmsApplication node = Node(a, b);
        using HttpClient client = node.Client();
        using HttpClient anybody = node.ClientFor(null);
        string kid = (await client.GenerateAsync(KeyUseVerbs.Aes)).Text("kid");
        (await EncryptAsync(client, kid)).ShouldBe(HttpStatusCode.OK);
        WaitForStandby(a);

        a.Kill();
        b.Promote();
        await Eventually.HoldsAsync(async () => (await client.RevokeAsync(kid)).Status == HttpStatusCode.NoContent);
        a.Start();
        await AskForAsync(TimeSpan.FromSeconds(4), async () =>
        {
            Answer answer = await EncryptAsync(client, kid);
            answer.ErrorCode.Should().BeOneOf("ERR_KMS_006", "ERR_SERVICE_001");
        });
        await Eventually.HoldsAsync(async () => (await EncryptAsync(client, kid)).ErrorCode == "ERR_KMS_006");
        await Eventually.HoldsAsync(async () => (await anybody.GetJsonAsync("/health/ready")).Status == HttpStatusCode.OK);

        b.StopImmediately();
        await Eventually.HoldsAsync(async () => (await EncryptAsync(client, kid)).ErrorCode == "ERR_SERVICE_001");
        await Eventually.HoldsAsync(async () => (await anybody.GetJsonAsync("/health/ready")).Status == HttpStatusCode.ServiceUnavailable);
        await AskForAsync(TimeSpan.FromSeconds(4), async () =>
        {
            (await EncryptAsync(client, kid)).ShouldSayLater();
            (await anybody.GetJsonAsync("/health/ready")).ShouldSayLater();
        });
        node.Log.Lines.Should().Contain(line => line.StartsWith("Critical", StringComparison.Ordinal)
            && line.Contains("older timeline", StringComparison.Ordinal));

        b.Start();
        await Eventually.HoldsAsync(async () => (await EncryptAsync(client, kid)).ErrorCode == "ERR_KMS_006");

        // A node that remembers nothing looks at both before it chooses.
        await using QkmsApplication fresh = Node(a, b);
        File.Copy(Path.Combine(node.DataDirectory, "root.key"), Path.Combine(fresh.DataDirectory, "root.key"), overwrite: true);
        using HttpClient clientOfFresh = fresh.ClientFor(node.InitialApiKey);
        (await EncryptAsync(clientOfFresh, kid)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");
    }

    private static async Task AskForAsync(TimeSpan time, Func<Task> ask)
    {
        long begun = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(begun) < time)
        {
            await ask();
            await Task.Delay(20);
        }
    }

    private static Task<Answer> EncryptAsync(HttpClient client, string kid) =>
        client.UseAsync("/crypto/encrypt", new { kid, plaintext = "to be or not"u8.ToArray() });

    private static void WaitForStandby(PostgresCluster primary)
    {
        while (primary.Run("SELECT BOOL_AND(replay_lsn >= pg_current_wal_lsn()) FROM pg_stat_replication") is not true)
            Thread.Sleep(20);
    }

    /// <summary>A primary with a database for Qkms, and its standby.</summary>
    private (PostgresCluster Primary, PostgresCluster Standby) MakePair()
    {
        PostgresCluster primary = Keep(new PostgresCluster());
        primary.CreateDatabase("qkms");
        return (primary, Keep(primary.MakeStandby()));
    }

    private T Keep<T>(T made)
        where T : IDisposable
    {
        _made.Add(made);
        return made;
    }

    private QkmsApplication Node(params PostgresCluster[] servers)
    {
        QkmsApplication node = new(_directory.File($"node-{++_nodes}")) { Patience = null };
        TestStorage.WriteRootKey(node.DataDirectory, RandomNumberGenerator.GetBytes(32));
        node.Settings["Qkms:Storage:Provider"] = "postgresql";
        node.Settings["Qkms:Storage:ConnectionString"] = new NpgsqlConnectionStringBuilder
        {
            Host = string.Join(',', servers.Select(server => $"127.0.0.1:{server.Port}")),
            Username = "postgres",
            Database = "qkms",
        }.ConnectionString;
        return node;
    }
}
