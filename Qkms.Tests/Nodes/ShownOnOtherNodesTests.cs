using System.Diagnostics;

namespace Qkms.Tests.Nodes;

/// <summary>
/// what one node has changed the other shows within a second, however often it was asked until then. Counted as in
/// <see cref="RevokeOnOtherNodesTests"/>: to the beginning of the last request that was answered as before.
/// </summary>
public sealed class ShownOnOtherNodesTests(TwoNodes nodes) : IClassFixture<TwoNodes>
{
    private static readonly TimeSpan _promise = TimeSpan.FromSeconds(1);

    [FactIf(Requirement.Postgres)]
    public async Task What_one_node_changes_the_other_shows()
    {
        (string Name, Func<string, Task<Answer>> Change)[] changes =
        [
            ("revoked", kid => nodes.A.RevokeAsync(kid)),
            ("retired", kid => nodes.A.RetireAsync(1, KeyUseVerbs.Aes, new { name = "retired", allow_no_active = true })),
            ("rotated", kid => nodes.A.RotateAsync(KeyUseVerbs.Aes, new { name = "rotated" })),
            ("limited", kid => nodes.A.SendJsonAsync(HttpMethod.Patch, $"/kms/keys/{kid}", """{"max_usage_limit":7}""")),
            ("destroyed", DestroyAsync),
        ];
        foreach ((string name, Func<string, Task<Answer>> change) in changes)
        {
            string kid = (await nodes.A.GenerateAsync(KeyUseVerbs.Aes, new { name })).Text("kid");
            string[] paths =
            [
                $"/kms/keys/{kid}",
                $"/kms/keys/active?algorithm=AES-256&name={name}",
                $"/kms/keys/1?algorithm=AES-256&name={name}",
            ];
            string[] shown = await Task.WhenAll(paths.Select(path => ShownAsync(nodes.B, path)));
            Task<long>[] last = [.. paths.Select((path, i) => AskUntilOtherwiseAsync(path, shown[i]))];

            ((int)(await change(kid)).Status).Should().BeLessThan(300);
            long changed = Stopwatch.GetTimestamp();

            foreach (long begun in await Task.WhenAll(last))
                Stopwatch.GetElapsedTime(changed, begun).Should().BeLessThan(_promise, name);

            // And where it was changed, by the next request.
            for (int i = 0; i < paths.Length; i++)
                (await ShownAsync(nodes.A, paths[i])).Should().NotBe(shown[i], $"{name} {paths[i]}");
        }
    }

    private async Task<Answer> DestroyAsync(string kid)
    {
        await nodes.A.RevokeAsync(kid);
        return await nodes.A.DestroyAsync(kid);
    }

    private async Task<long> AskUntilOtherwiseAsync(string path, string shown)
    {
        Stopwatch limit = Stopwatch.StartNew();
        long last = Stopwatch.GetTimestamp();
        while (true)
        {
            long begun = Stopwatch.GetTimestamp();
            if (await ShownAsync(nodes.B, path) != shown)
                return last;

            last = begun;
            limit.Elapsed.Should().BeLessThan(TimeSpan.FromMinutes(1), path);
        }
    }

    private static async Task<string> ShownAsync(HttpClient client, string path)
    {
        Answer answer = await client.GetJsonAsync(path);
        return answer.Json["data"]?.ToJsonString() ?? answer.ErrorCode!;
    }
}
