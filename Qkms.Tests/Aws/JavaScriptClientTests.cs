namespace Qkms.Tests.Aws;

/// <summary>More of AWS's unmodified libraries for JavaScript, and a service on a real port.</summary>
public sealed class JavaScriptClientTests : ServiceTests
{
    private static readonly string[] _algorithms =
        ["RSA-2048", "EC-P256", "EC-P384", "EC-P521", "Ed25519", "HMAC-256", "HMAC-384", "HMAC-512"];

    /// <summary>E-11, E-12: what Qkms signs holds for OpenSSL, and what is not as it was signed is refused.</summary>
    [FactIf(Requirement.NodePrograms)]
    public async Task The_sdk_signs_and_what_is_changed_on_the_way_is_refused()
    {
        using HttpClient client = App.StartOnKestrel();
        AwsSigner signer = await client.CreateAccessKeyAsync();
        Dictionary<string, string> keys = [];
        foreach (string algorithm in _algorithms)
        {
            object? use = algorithm == "RSA-2048" ? new { use = "sig" } : null;
            keys[algorithm] = (await client.GenerateAsync(algorithm, use)).Text("key_id");
        }

        string input = JsonSerializer.Serialize(new
        {
            url = client.BaseAddress!.GetLeftPart(UriPartial.Authority),
            accessKeyId = signer.AccessKeyId,
            secretAccessKey = signer.Secret,
            keys,
        });

        JsonNode counts = JsonNode.Parse(await NodeProgram.RunAsync("live-aws-signatures.mjs", input))!;

        CountsOf(counts).Should().BeEquivalentTo(new Dictionary<string, int>
        {
            ["signed by Qkms, verified by node:crypto and by Qkms"] = 7,
            ["MACs"] = 3,
            ["refused strangers"] = 5,
            ["changed on the way and refused"] = 5,
        });
    }

    /// <summary>E-14: envelope encryption by a library of AWS that knows nothing of Qkms.</summary>
    [FactIf(Requirement.NodePrograms)]
    public async Task The_encryption_sdk_for_javascript_works()
    {
        using HttpClient client = App.StartOnKestrel();
        AwsSigner signer = await client.CreateAccessKeyAsync();
        List<string> arns = [];
        foreach (string name in (string[])["first", "second"])
        {
            string id = (await client.GenerateAsync("AES-256", new { name })).Text("key_id");
            Answer described = await client.CallAsync(signer with { Region = "eu-central-1" }, "DescribeKey", new { KeyId = id });
            arns.Add((string)described.ShouldBe(HttpStatusCode.OK).Json["KeyMetadata"]!["Arn"]!);
        }

        string input = JsonSerializer.Serialize(new
        {
            url = client.BaseAddress!.GetLeftPart(UriPartial.Authority),
            apiKey = client.DefaultRequestHeaders.GetValues("x-api-key").Single(),
            accessKeyId = signer.AccessKeyId,
            secretAccessKey = signer.Secret,
            keys = arns,
            rotates = new { algorithm = "AES-256", name = "first" },
        });

        JsonNode counts = JsonNode.Parse(await NodeProgram.RunAsync("live-encryption-sdk.mjs", input))!;

        CountsOf(counts).Should().BeEquivalentTo(new Dictionary<string, int>
        {
            ["opened by the key that made it"] = 1,
            ["opened by a keyring that takes the key from the message"] = 1,
            ["not opened by another key"] = 1,
            ["opened by the first of two keys"] = 1,
            ["opened by the second of two keys"] = 1,
            ["not opened in another context"] = 1,
            ["opened after a rotation"] = 1,
            ["made and opened after a rotation"] = 1,
            ["refused with a wrong secret"] = 1,
        });
    }

    private static Dictionary<string, int> CountsOf(JsonNode counts) =>
        counts.AsObject().ToDictionary(count => count.Key, count => (int)count.Value!);
}
