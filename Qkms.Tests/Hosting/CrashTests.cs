using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Qkms.Tests.Keys;
using Qkms.Tests.Support;

namespace Qkms.Tests.Hosting;

public sealed class CrashTests
{
    private const int Kills = 5;

    // kill -9 in the middle of rotations.
    [Fact]
    public async Task After_a_kill_every_acknowledged_version_is_there_and_the_chain_is_whole()
    {
        using TemporaryDirectory directory = new();
        ConcurrentDictionary<string, int> acknowledged = new();
        for (int round = 0; round < Kills; round++)
        {
            using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path);
            using HttpClient client = service.Client();
            if (round == 0)
                Note(acknowledged, await client.GenerateAsync());

            Task[] rotations = [.. Enumerable.Range(0, 8).Select(_ => RotateUntilKilledAsync(client, acknowledged))];
            int before = acknowledged.Count;
            while (acknowledged.Count < before + 20)
                await Task.Delay(1);

            await service.KillAsync();
            await Task.WhenAll(rotations);
        }

        using ServiceProcess after = await ServiceProcess.StartAsync(directory.Path);
        using HttpClient reader = after.Client();
        Answer list = await reader.GetJsonAsync("/kms/keys");
        JsonArray versions = list.Data["keys"]!.AsArray();
        RotateKeyTests.ChainShouldBeWhole(versions, list.Number("total"));
        list.Data["unreadable"]!.AsArray().Should().BeEmpty();
        Dictionary<string, int> stored = versions.ToDictionary(v => (string)v!["kid"]!, v => (int)v!["key_version"]!);
        stored.Should().Contain(acknowledged);
        EveryVersionHasItsMaterialAndItsEvents(directory.Path, stored.Count);
        await reader.RotateAsync();
    }

    private static void EveryVersionHasItsMaterialAndItsEvents(string dataDirectory, int versions)
    {
        using Database database = TestStorage.Open(dataDirectory);
        database.Scalar("SELECT COUNT(*) FROM key_versions").Should().Be((long)versions);
        database.Scalar("SELECT COUNT(*) FROM key_material m JOIN key_versions v ON v.id = m.version_id").Should().Be((long)versions);
        database.Scalar("SELECT COUNT(*) FROM key_versions v WHERE NOT EXISTS (SELECT 1 FROM audit_events e WHERE e.kid = v.kid AND e.action IN ('key.generated', 'key.rotated'))").Should().Be(0L);
        database.Scalar("SELECT COUNT(*) FROM key_versions v WHERE v.state = 2 AND NOT EXISTS (SELECT 1 FROM audit_events e WHERE e.kid = v.kid AND e.action = 'key.retired')").Should().Be(0L);
        database.Flaws().Should().BeEmpty();
    }

    private static async Task RotateUntilKilledAsync(HttpClient client, ConcurrentDictionary<string, int> acknowledged)
    {
        try
        {
            while (true)
            {
                Answer answer = await client.PostJsonAsync("/kms/keys/rotate", """{"algorithm":"ML-KEM-768"}""");
                if (answer.Status == HttpStatusCode.Created)
                    Note(acknowledged, answer);
            }
        }
        catch (HttpRequestException)
        {
            // The service was killed.
        }
        catch (IOException)
        {
            // It was killed while it answered.
        }
    }

    private static void Note(ConcurrentDictionary<string, int> acknowledged, Answer answer) =>
        acknowledged[answer.Text("kid")] = answer.Number("key_version");
}
