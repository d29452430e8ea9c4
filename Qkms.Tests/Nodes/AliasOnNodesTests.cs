using Qkms.Tests.Aws;

namespace Qkms.Tests.Nodes;

/// <summary>What one node changes of an alias the other follows, however often it was asked until then; and names are given once.</summary>
public sealed class AliasOnNodesTests(TwoNodes nodes) : IClassFixture<TwoNodes>
{
    [FactIf(Requirement.Postgres)]
    public async Task What_one_node_changes_of_an_alias_the_other_follows()
    {
        AwsSigner signer = await nodes.A.CreateAccessKeyAsync();
        string first = (await nodes.A.GenerateAsync("AES-256", new { name = "first" })).Text("key_id");
        string second = (await nodes.A.GenerateAsync("AES-256", new { name = "second" })).Text("key_id");

        await ChangeAsync("CreateAlias", new { AliasName = "alias/shared", TargetKeyId = first }, first);
        await ChangeAsync("UpdateAlias", new { AliasName = "alias/shared", TargetKeyId = second }, second);
        await ChangeAsync("DeleteAlias", new { AliasName = "alias/shared" }, null);
        await ChangeAsync("CreateAlias", new { AliasName = "alias/shared", TargetKeyId = first }, first);

        async Task ChangeAsync(string operation, object body, string? expected)
        {
            // So that both remember what is true until then.
            await KeyOfAsync(nodes.A, signer);
            await KeyOfAsync(nodes.B, signer);
            (await nodes.A.CallAsync(signer, operation, body)).ShouldBe(HttpStatusCode.OK);
            (await KeyOfAsync(nodes.A, signer)).Should().Be(expected, "where it was changed the next request sees it");
            await Eventually.HoldsAsync(async () => await KeyOfAsync(nodes.B, signer) == expected);
        }
    }

    [FactIf(Requirement.Postgres)]
    public async Task A_name_is_given_once_by_all_nodes()
    {
        AwsSigner signer = await nodes.A.CreateAccessKeyAsync();
        string key = (await nodes.A.GenerateAsync("AES-256", new { name = "raced" })).Text("key_id");
        for (int i = 0; i < 46; i++)
            (await nodes.A.CallAsync(signer, "CreateAlias", new { AliasName = $"alias/n{i}", TargetKeyId = key }))
                .ShouldBe(HttpStatusCode.OK);

        IReadOnlyList<Answer> wanted = await nodes.RaceAsync(
            6, client => client.CallAsync(signer, "CreateAlias", new { AliasName = "alias/wanted", TargetKeyId = key }));
        int number = 100;
        IReadOnlyList<Answer> last = await nodes.RaceAsync(
            6,
            client => client.CallAsync(
                signer, "CreateAlias", new { AliasName = $"alias/n{Interlocked.Increment(ref number)}", TargetKeyId = key }));

        wanted.Count(answer => answer.Status == HttpStatusCode.OK).Should().Be(1);
        foreach (Answer refused in wanted.Where(answer => answer.Status != HttpStatusCode.OK))
            refused.ShouldBeException("AlreadyExistsException");

        last.Count(answer => answer.Status == HttpStatusCode.OK).Should().Be(3, "a key has at most 50");
        foreach (Answer refused in last.Where(answer => answer.Status != HttpStatusCode.OK))
            refused.ShouldBeException("LimitExceededException");
    }

    private static async Task<string?> KeyOfAsync(HttpClient client, AwsSigner signer)
    {
        Answer answer = await client.CallAsync(signer, "DescribeKey", new { KeyId = "alias/shared" });
        return answer.Status == HttpStatusCode.OK
            ? (string?)answer.Json["KeyMetadata"]!["KeyId"]
            : (string?)answer.ShouldBeException("NotFoundException").Json["none"];
    }
}
