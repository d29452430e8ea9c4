using Npgsql;
using Qkms.Tests.Verification;

namespace Qkms.Tests.Crash;

/// <summary>
/// The disk of a PostgreSQL server is full, under load: that of its tables, which undoes statements, or that of its write-ahead log,
/// which ends the server. Writes are refused, nothing is half done, and the service goes on by itself when there is room.
/// </summary>
public sealed class FullPostgresDiskTests : IDisposable
{
    private readonly SmallDisk _disk = new(megabytes: 32);
    private readonly TemporaryDirectory _directory = new();
    private readonly Ledger _ledger = new();

    public void Dispose()
    {
        _disk.Dispose();
        _directory.Dispose();
    }

    [FactIf(Requirement.SmallDiskOfPostgres)]
    public async Task Without_room_for_tables_writes_alone_are_refused()
    {
        PostgresCluster.GiveToServer(_disk.Path);
        using PostgresCluster cluster = new();
        await FillUnderLoadAsync(cluster.CreateDatabase("qkms", _disk.Path), _disk.Fill, async client =>
        {
            for (int i = 0; i < 20; i++)
                await ReadsShouldGoOnAsync(client);

            _disk.Free();
        });
        cluster.Run("DROP DATABASE qkms WITH (FORCE)");
    }

    [FactIf(Requirement.SmallDiskOfPostgres)]
    public async Task Without_room_for_the_write_ahead_log_all_are_refused_until_somebody_starts_the_server_again()
    {
        PostgresCluster.GiveToServer(_disk.Path);
        using PostgresCluster cluster = new(wal: Path.Combine(_disk.Path, "wal"));
        cluster.Set("wal_keep_size", "0");
        await FillUnderLoadAsync(cluster.CreateDatabase("qkms"), () => FillLog(cluster), async client =>
        {
            // It does not recover either: that takes room, too.
            await Eventually.HoldsAsync(() => Task.FromResult(!cluster.IsRunning));
            ShouldBeRefused(await client.GetJsonAsync("/kms/keys?limit=10"));
            ShouldBeRefused(await UseAsync(client));
            ShouldBeRefused(await GenerateAsync(client, "refused"));
            _disk.Free();
            cluster.Start();
        });
    }

    // Checkpoints make new files of the log out of old ones, and on a busy machine do so faster than the load fills them. So more of them
    // are begun at once than there are.
    private void FillLog(PostgresCluster cluster)
    {
        _disk.Fill();
        try
        {
            cluster.Run("SELECT pg_logical_emit_message(false, 'filler', 'x'), pg_switch_wal() FROM generate_series(1, 20)");
        }
        catch (NpgsqlException)
        {
            // The server ends by that, or has ended.
        }
    }

    private async Task FillUnderLoadAsync(string database, Action fill, Func<HttpClient, Task> whileFullAsync)
    {
        Dictionary<string, string> storage = new()
        {
            ["Qkms:Storage:Provider"] = "postgresql",
            ["Qkms:Storage:ConnectionString"] = database,
        };
        TestStorage.WriteRootKey(_directory.Path, RandomNumberGenerator.GetBytes(32));
        using CancellationTokenSource stop = new();
        using ServiceProcess service = await ServiceProcess.StartAsync(
            _directory.Path,
            storage.ToDictionary(pair => pair.Key.Replace(":", "__", StringComparison.Ordinal), pair => (string?)pair.Value));
        using HttpClient client = service.Client();
        (await GenerateAsync(client, "used")).ShouldBe(HttpStatusCode.Created);

        // A commit whose answer went with the server may be of unknown outcome.
        MixedLoad load = MixedLoad.Start(client, _ledger, outlivesFaults: true, stop.Token);
        await load.WaitForAsync(30);
        await Eventually.HoldsAsync(async () =>
        {
            fill();
            return IsRefused(await UseAsync(client)) & IsRefused(await GenerateAsync(client, $"n{RandomNumberGenerator.GetHexString(16)}"));
        });
        await whileFullAsync(client);
        int before = load.Acknowledged;
        await load.WaitForAsync(before + 30);
        await stop.CancelAsync();
        await load.EndAsync();

        service.HasExited.Should().BeFalse("it needs no restart");
        await Invariants.CheckAsync(client, () => Database.OfPostgresUntouched(database), _ledger);
        (int exitCode, string said) = await Verify.RunAsync(_directory.Path, storage);
        exitCode.Should().Be(0, said);
    }

    private static async Task ReadsShouldGoOnAsync(HttpClient client)
    {
        await Eventually.HoldsAsync(async () => (await client.GetJsonAsync("/health/ready")).Status == HttpStatusCode.OK);
        (await client.GetJsonAsync("/kms/keys?limit=10")).ShouldBe(HttpStatusCode.OK);
        (await client.GetJsonAsync("/audit/events?limit=10")).ShouldBe(HttpStatusCode.OK);
    }

    private async Task<Answer> GenerateAsync(HttpClient client, string name)
    {
        _ledger.WillMake();
        Answer answer = await client.PostJsonAsync("/kms/keys/generate", $$"""{"algorithm":"{{KeyUseVerbs.Aes}}","name":"{{name}}"}""");
        if (answer.Status == HttpStatusCode.Created)
            _ledger.Made(answer.Text("kid"), answer.Number("key_version"), name, KeyUseVerbs.Aes);

        _ledger.WasAnswered();
        return answer;
    }

    // It has to be in the journal before its answer leaves.
    private static Task<Answer> UseAsync(HttpClient client) =>
        client.UseAsync("/crypto/encrypt", new { plaintext = new byte[1], name = "used" });

    private static bool IsRefused(Answer answer)
    {
        if (answer.Status != HttpStatusCode.ServiceUnavailable)
            return false;

        ShouldBeRefused(answer);
        return true;
    }

    private static void ShouldBeRefused(Answer answer)
    {
        answer.ShouldBeRefused(HttpStatusCode.ServiceUnavailable, "ERR_SERVICE_001");
        answer.Headers.Should().ContainKey("Retry-After");
    }
}
