using Qkms.Tests.Aws;

namespace Qkms.Tests.Integrity;

/// <summary>
/// Aliases and tags, which only clients of AWS KMS know. They are of the second tenant, so that the event which is attacked of the first
/// one's journal keeps its place.
/// </summary>
public sealed partial class IntegrityTableTests
{
    private static readonly string[] _askedAliases = ["alias/moved", "alias/still", "alias/inserted"];

    private AwsSigner? _signer;

    private HttpClient? _named;

    // Two aliases, and two keys with tags.
    private async Task NameKeysAsync(HttpClient client, Action later)
    {
        _named = client;
        string spare = (await client.GenerateAsync("AES-256", new { name = "spare", kid = "spare-1" })).Text("key_id");
        string orders = await OrdersAsync();
        _signer = await client.CreateAccessKeyAsync();
        foreach (string key in new[] { spare, orders })
        {
            later();
            await TagAsync(key, "old");
        }

        foreach ((string alias, string key) in new[] { ("alias/moved", spare), ("alias/still", orders) })
        {
            later();
            (await AwsAsync("CreateAlias", new { AliasName = alias, TargetKeyId = key })).ShouldBe(HttpStatusCode.OK);
        }
    }

    private async Task ChangeNamesAsync()
    {
        string orders = await OrdersAsync();
        (await AwsAsync("UpdateAlias", new { AliasName = "alias/moved", TargetKeyId = orders })).ShouldBe(HttpStatusCode.OK);
        await TagAsync(orders, "new");
    }

    private async Task<(string Name, Func<Task<Answer>> Ask, Func<Answer, string> Say)[]> ProbesOfNamesAsync()
    {
        string orders = await OrdersAsync();
        return
        [
            .. _askedAliases.Select(alias => Probe("DescribeKey", new { KeyId = alias })),
            Probe("ListAliases", new { }),
            Probe("ListResourceTags", new { KeyId = orders }),
        ];

        (string, Func<Task<Answer>>, Func<Answer, string>) Probe(string operation, object body) =>
            ($"{operation} {body}", () => AwsAsync(operation, body), answer => answer.Body);
    }

    private async Task<string> OrdersAsync() => (await _named!.GetJsonAsync("/kms/keys/right-1")).Text("key_id");

    private Task<Answer> AwsAsync(string operation, object body) =>
        _named!.CallAsync(_signer!, operation, body, at: App.Time.GetUtcNow());

    private async Task TagAsync(string key, string value) =>
        (await AwsAsync("TagResource", new { KeyId = key, Tags = new[] { new { TagKey = "stage", TagValue = value } } }))
            .ShouldBe(HttpStatusCode.OK);
}
