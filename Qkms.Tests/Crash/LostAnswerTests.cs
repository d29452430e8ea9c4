using System.Collections.Concurrent;

namespace Qkms.Tests.Crash;

public sealed class LostAnswerTests
{
    private const int Kills = 3;
    private const int Workers = 8;

    // kill -9 under rotations with keys. Whatever each request had come to, sent again it has been done once, and whoever had
    // an answer gets the same.
    [FactIf(Requirement.LongTests)]
    public async Task A_retry_after_a_lost_answer_finds_what_was_done()
    {
        using TemporaryDirectory directory = new();
        ConcurrentDictionary<string, string> acknowledged = new();
        ConcurrentDictionary<string, byte> lost = new();
        int retried = 0;
        for (int round = 0; round <= Kills; round++)
        {
            using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path);
            using HttpClient client = service.Client(repeats: true);
            if (round == 0)
                await client.GenerateAsync(KeyUseVerbs.Aes);

            foreach (string key in lost.Keys)
            {
                Note(acknowledged, key, await RotateAsync(client, key));
                lost.TryRemove(key, out _);
                retried++;
            }

            foreach ((string key, string kid) in acknowledged)
                (await RotateAsync(client, key)).ShouldBe(HttpStatusCode.Created).Text("kid").Should().Be(kid);

            (await client.GetJsonAsync("/kms/keys?limit=1")).Number("total").Should().Be(acknowledged.Count + 1);
            if (round == Kills)
                break;

            int before = acknowledged.Count;
            Task[] workers =
                [.. Enumerable.Range(0, Workers).Select(worker => RotateUntilKilledAsync(client, $"{round}-{worker}", acknowledged, lost))];
            while (acknowledged.Count < before + 40)
                await Task.Delay(1);

            await service.KillAsync();
            await Task.WhenAll(workers);
        }

        retried.Should().Be(Kills * Workers);
    }

    private static async Task RotateUntilKilledAsync(
        HttpClient client, string name, ConcurrentDictionary<string, string> acknowledged, ConcurrentDictionary<string, byte> lost)
    {
        for (int i = 0; ; i++)
        {
            string key = $"{name}-{i}";
            try
            {
                Note(acknowledged, key, await RotateAsync(client, key));
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                lost[key] = 0;
                return;
            }
        }
    }

    private static Task<Answer> RotateAsync(HttpClient client, string key) =>
        client.PostOnceAsync(key, "/kms/keys/rotate", """{"algorithm":"AES-256"}""");

    private static void Note(ConcurrentDictionary<string, string> acknowledged, string key, Answer answer) =>
        acknowledged[key] = answer.ShouldBe(HttpStatusCode.Created).Text("kid");
}
