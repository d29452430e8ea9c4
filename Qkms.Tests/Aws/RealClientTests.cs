using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;

namespace Qkms.Tests.Aws;

/// <summary>The unmodified SDKs of AWS for JavaScript and .NET, and a service on a real port.</summary>
public sealed class RealClientTests : ServiceTests
{
    private static readonly string[] _algorithms = ["AES-256", "ML-KEM-512", "ML-KEM-768", "ML-KEM-1024", "ML-DSA-65", "RSA-2048"];

    /// <summary>E-11, E-13, E-15.</summary>
    [FactIf(Requirement.NodePrograms)]
    public async Task The_sdk_for_javascript_works()
    {
        (AwsSigner signer, Dictionary<string, string> keys, Uri address) = await StartAsync();
        string input = JsonSerializer.Serialize(new
        {
            url = address.GetLeftPart(UriPartial.Authority),
            accessKeyId = signer.AccessKeyId,
            secretAccessKey = signer.Secret,
            keys,
        });

        JsonNode counts = JsonNode.Parse(await NodeProgram.RunAsync("live-aws.mjs", input))!;

        counts.AsObject().ToDictionary(count => count.Key, count => (int)count.Value!).Should().BeEquivalentTo(new Dictionary<string, int>
        {
            ["encrypted and decrypted, not in another context"] = 1,
            ["data keys, with and without plaintext"] = 1,
            ["random bytes"] = 1,
            ["encapsulated by Qkms and by noble, decapsulated by Qkms"] = 3,
            ["signed by Qkms, verified by noble and by Qkms"] = 1,
            ["aliases and tags"] = 1,
            ["refused by the name of the exception"] = 1,
        });
    }

    /// <summary>E-11, E-13, E-14.</summary>
    [Fact]
    public async Task The_sdk_for_dotnet_works()
    {
        (AwsSigner signer, Dictionary<string, string> keys, Uri address) = await StartAsync();
        using AmazonKeyManagementServiceClient client = ClientOf(signer, address);

        GenerateDataKeyResponse made = await client.GenerateDataKeyAsync(
            new GenerateDataKeyRequest { KeyId = keys["AES-256"], KeySpec = DataKeySpec.AES_256 });
        DecryptResponse opened = await client.DecryptAsync(new DecryptRequest { CiphertextBlob = made.CiphertextBlob });
        opened.Plaintext.ToArray().Should().HaveCount(32).And.Equal(made.Plaintext.ToArray());

        EncapsulateResponse secret = await client.EncapsulateAsync(
            new EncapsulateRequest { KeyId = keys["ML-KEM-768"], EncapsulationAlgorithm = EncapsulationAlgorithmSpec.ML_KEM });
        DecapsulateResponse again = await client.DecapsulateAsync(new DecapsulateRequest
        {
            KeyId = keys["ML-KEM-768"],
            SharedSecretCiphertextBlob = secret.SharedSecretCiphertextBlob,
            EncapsulationAlgorithm = EncapsulationAlgorithmSpec.ML_KEM,
        });
        again.SharedSecret.ToArray().Should().HaveCount(32).And.Equal(secret.SharedSecret.ToArray());

        KeyMetadata key = (await client.DescribeKeyAsync(new DescribeKeyRequest { KeyId = keys["RSA-2048"] })).KeyMetadata;
        key.KeySpec.Value.Should().Be("RSA_2048");
        key.CreationDate.Should().BeAfter(default);

        await NameAndTagAsync(client, keys["AES-256"]);
        await Awaiting(() => client.DescribeKeyAsync(new DescribeKeyRequest { KeyId = "none" }))
            .Should().ThrowAsync<NotFoundException>();
        using AmazonKeyManagementServiceClient wrong = ClientOf(signer with { Secret = new string('a', 40) }, address);
        (await Awaiting(() => wrong.DescribeKeyAsync(new DescribeKeyRequest { KeyId = keys["AES-256"] }))
            .Should().ThrowAsync<AmazonKeyManagementServiceException>()).Which.ErrorCode.Should().Be("InvalidSignatureException");
    }

    private static async Task NameAndTagAsync(AmazonKeyManagementServiceClient client, string key)
    {
        await client.CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/net/one", TargetKeyId = key });
        await client.CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/net/two", TargetKeyId = key });
        await Awaiting(() => client.CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/net/two", TargetKeyId = key }))
            .Should().ThrowAsync<AlreadyExistsException>();
        ListAliasesResponse first = await client.ListAliasesAsync(new ListAliasesRequest { KeyId = key, Limit = 1 });
        ListAliasesResponse second = await client.ListAliasesAsync(new ListAliasesRequest { KeyId = key, Marker = first.NextMarker });
        first.Aliases.Concat(second.Aliases).Select(alias => alias.AliasName).Should().Equal("alias/net/one", "alias/net/two");
        second.Truncated.Should().BeFalse();
        (await client.GenerateDataKeyAsync(
            new GenerateDataKeyRequest { KeyId = first.Aliases[0].AliasArn, KeySpec = DataKeySpec.AES_256 })).KeyId.Should().EndWith(key);
        await client.UpdateAliasAsync(new UpdateAliasRequest { AliasName = "alias/net/two", TargetKeyId = key });
        foreach (string alias in new[] { "alias/net/one", "alias/net/two" })
            await client.DeleteAliasAsync(new DeleteAliasRequest { AliasName = alias });

        await Awaiting(() => client.DescribeKeyAsync(new DescribeKeyRequest { KeyId = "alias/net/one" }))
            .Should().ThrowAsync<NotFoundException>();
        await client.TagResourceAsync(new TagResourceRequest
        {
            KeyId = key,
            Tags = [new Tag { TagKey = "team", TagValue = "blue" }, new Tag { TagKey = "empty", TagValue = "" }],
        });
        await client.UntagResourceAsync(new UntagResourceRequest { KeyId = key, TagKeys = ["empty"] });
        (await client.ListResourceTagsAsync(new ListResourceTagsRequest { KeyId = key })).Tags
            .Select(tag => (tag.TagKey, tag.TagValue)).Should().Equal(("team", "blue"));
        await Awaiting(() => client.TagResourceAsync(
            new TagResourceRequest { KeyId = key, Tags = [new Tag { TagKey = "aws:a", TagValue = "b" }] }))
            .Should().ThrowAsync<TagException>();
    }

    private static AmazonKeyManagementServiceClient ClientOf(AwsSigner signer, Uri address) => new(
        new BasicAWSCredentials(signer.AccessKeyId, signer.Secret),
        new AmazonKeyManagementServiceConfig
        {
            ServiceURL = address.GetLeftPart(UriPartial.Authority),
            AuthenticationRegion = "eu-central-1",
            MaxErrorRetry = 0,
        });

    private static Func<Task> Awaiting(Func<Task> work) => work;

    private async Task<(AwsSigner Signer, Dictionary<string, string> Keys, Uri Address)> StartAsync()
    {
        using HttpClient client = App.StartOnKestrel();
        Dictionary<string, string> keys = [];
        foreach (string algorithm in _algorithms)
            keys[algorithm] = (await client.GenerateAsync(algorithm)).Text("key_id");

        return (await client.CreateAccessKeyAsync(), keys, client.BaseAddress!);
    }
}
