using Qkms.Tests.Keys;
using Qkms.Tests.Support.Proxy;

namespace Qkms.Tests.Nodes;

/// <summary>Q-47: clients that try again what they are told to try again, while connections to the database break all the time.</summary>
public sealed class StormTests
{
    private const int Clients = 4;
    private const int MostTries = 200;

    private static readonly int _rotations = LongTests.Choose(usual: 10, large: 50);

    // Each goes to the other node when it tries again, as behind a load balancer.
    [FactIf(Requirement.Postgres)]
    public async Task Every_rotation_is_made_once_however_often_connections_break()
    {
        await using NodeBehindProxy service = new();
        string apiKey = service.Node.InitialApiKey;
        QkmsApplication[] nodes = [service.Node, service.Add()];
        HttpClient[] clients = [.. nodes.Select(node => node.ClientFor(apiKey))];
        for (int key = 0; key < Clients; key++)
            await clients[0].GenerateAsync("AES-256", new { name = $"key-{key}" });

        using CancellationTokenSource calm = new();
        int broken = 0;
        int passed = 0;
        service.Proxy.OnCommit = _ =>
        {
            CommitFate fate = AnyFate();
            Interlocked.Increment(ref fate == CommitFate.Pass ? ref passed : ref broken);
            return new CommitOrder(fate);
        };
        Task cutting = CutAsync(service.Proxy, () => Volatile.Read(ref passed), calm.Token);
        try
        {
            await Task.WhenAll(Enumerable.Range(0, Clients).Select(key => Task.Run(() => RotateAsync(clients, nodes, key))));
        }
        finally
        {
            await calm.CancelAsync();
            await cutting;
        }

        service.Proxy.OnCommit = _ => default;
        await service.ReopenAsync();

        for (int key = 0; key < Clients; key++)
        {
            Answer list = await clients[1].GetJsonAsync($"/kms/keys?name=key-{key}");
            list.Number("total").Should().Be(1 + _rotations);
            RotateKeyTests.ChainShouldBeWhole(list.Data["keys"]!.AsArray(), 1 + _rotations);
        }

        service.Count("key.rotated").Should().Be(Clients * _rotations);
        broken.Should().BeGreaterThan(Clients * _rotations / 10, "it was a storm");
    }

    private static async Task RotateAsync(HttpClient[] nodes, QkmsApplication[] services, int key)
    {
        int tries = 0;
        for (int version = 1; version <= _rotations; version++)
        {
            string body = $$"""{"algorithm":"AES-256","name":"key-{{key}}","expected_key_version":{{version}}}""";
            Answer answer = await nodes[tries % nodes.Length].PostJsonAsync("/kms/keys/rotate", body);
            for (int failed = 0; answer.Status == HttpStatusCode.ServiceUnavailable; failed++)
            {
                answer.ShouldSayLater();
                failed.Should().BeLessThan(MostTries);

                // Sooner than Retry-After says, so that the storm is worse.
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(500, 20 << Math.Min(failed, 5)) + RandomNumberGenerator.GetInt32(20)));
                answer = await nodes[++tries % nodes.Length].PostJsonAsync("/kms/keys/rotate", body);
            }

            // A conflict would mean that an answer before it was not true.
            if (answer.Status == HttpStatusCode.InternalServerError)
                throw new InvalidOperationException(string.Join('\n', services[tries % nodes.Length].Log.Lines.Where(IsFailure)));

            answer.ShouldBe(HttpStatusCode.Created).Number("key_version").Should().Be(version + 1);
        }
    }

    private static bool IsFailure(string line) =>
        line.StartsWith("Error", StringComparison.Ordinal) || line.StartsWith("Critical", StringComparison.Ordinal);

    // Not before a commit has passed since the last cut: where connecting takes longer than this takes to cut, none ever would.
    private static async Task CutAsync(PostgresProxy proxy, Func<int> passed, CancellationToken calm)
    {
        int before = 0;
        while (!calm.IsCancellationRequested)
        {
            int now = passed();
            if (now > before)
                proxy.CutOne();

            before = now;
            await Task.Delay(RandomNumberGenerator.GetInt32(10, 60), CancellationToken.None);
        }
    }

    // Those that nobody notices until a statement has taken too long are rare, or it would take all day.
    private static CommitFate AnyFate() => RandomNumberGenerator.GetInt32(100) switch
    {
        < 15 => CommitFate.CutBefore,
        < 30 => CommitFate.CutAfter,
        < 31 => CommitFate.LoseAnswer,
        < 32 => CommitFate.ArriveLate,
        _ => CommitFate.Pass,
    };
}
