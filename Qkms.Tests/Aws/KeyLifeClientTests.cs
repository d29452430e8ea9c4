using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using KeyState = Amazon.KeyManagementService.KeyState;

namespace Qkms.Tests.Aws;

/// <summary>E-11, E-14: the life of keys with the unmodified SDKs of AWS, and a restart in between.</summary>
public sealed class KeyLifeClientTests
{
    private const string Unknown = "00000000-0000-4000-8000-000000000000";

    [FactIf(Requirement.NodePrograms)]
    public async Task The_sdk_for_javascript_makes_names_rotates_and_deletes_keys()
    {
        using TemporaryDirectory directory = new();
        Dictionary<string, int> counts = [];
        AwsSigner? signer = null;
        JsonNode? kept = null;
        for (int part = 0; part < 2; part++)
        {
            await using QkmsApplication app = new(directory.Path);
            using HttpClient client = app.StartOnKestrel();
            signer ??= await client.CreateAccessKeyAsync();
            string input = JsonSerializer.Serialize(new
            {
                url = client.BaseAddress!.GetLeftPart(UriPartial.Authority),
                accessKeyId = signer.AccessKeyId,
                secretAccessKey = signer.Secret,
                kept,
            });
            JsonNode output = JsonNode.Parse(await NodeProgram.RunAsync("live-aws-life.mjs", input))!;
            kept = output["kept"];
            foreach ((string what, JsonNode? count) in output["counts"]!.AsObject())
                counts.Add(what, (int)count!);
        }

        counts.Should().BeEquivalentTo(new Dictionary<string, int>
        {
            ["created and described"] = 16,
            ["listed in pages"] = 1,
            ["named by an alias"] = 1,
            ["tagged"] = 1,
            ["rotated, and opened what was made before"] = 1,
            ["moved to another key"] = 1,
            ["pairs, whose private key node:crypto uses"] = 2,
            ["encapsulated by noble for a key that the SDK made"] = 1,
            ["disabled, enabled, deleted and taken back"] = 1,
            ["policies"] = 1,
            ["found again after a restart"] = 1,
        });
    }

    [Fact]
    public async Task The_sdk_for_dotnet_makes_names_rotates_and_deletes_keys()
    {
        using TemporaryDirectory directory = new();
        AwsSigner signer;
        GenerateDataKeyResponse dataKey;
        string leaves;
        await using (QkmsApplication first = new(directory.Path))
        {
            using HttpClient rest = first.StartOnKestrel();
            signer = await rest.CreateAccessKeyAsync();
            using AmazonKeyManagementServiceClient client = DotnetClientTests.ClientOf(signer, rest.BaseAddress!);
            string id = await CreateAndListAsync(client);
            await NameAsync(client, id);
            dataKey = await client.GenerateDataKeyAsync(
                new GenerateDataKeyRequest { KeyId = "alias/dotnet", KeySpec = DataKeySpec.AES_256 });
            await client.RotateKeyOnDemandAsync(new RotateKeyOnDemandRequest { KeyId = id });
            await ChangeStatesAsync(client, id);
            leaves = (await client.CreateKeyAsync(new CreateKeyRequest())).KeyMetadata.KeyId;
            await client.ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = leaves, PendingWindowInDays = 7 });
        }

        await using QkmsApplication second = new(directory.Path);
        using HttpClient again = second.StartOnKestrel();
        using AmazonKeyManagementServiceClient reopened = DotnetClientTests.ClientOf(signer, again.BaseAddress!);
        DecryptResponse opened = await reopened.DecryptAsync(new DecryptRequest { CiphertextBlob = dataKey.CiphertextBlob });
        opened.Plaintext.ToArray().Should().Equal(dataKey.Plaintext.ToArray());
        (await StateAsync(reopened, "alias/dotnet")).Should().Be(KeyState.Enabled);
        (await StateAsync(reopened, leaves)).Should().Be(KeyState.PendingDeletion);
        (await Throwing(() => reopened.EncryptAsync(new EncryptRequest { KeyId = leaves, Plaintext = new([1]) })))
            .Should().BeOfType<KMSInvalidStateException>();
    }

    private static async Task<string> CreateAndListAsync(AmazonKeyManagementServiceClient client)
    {
        List<string> made = [];
        foreach ((KeySpec spec, KeyUsageType usage) in new[]
        {
            (KeySpec.SYMMETRIC_DEFAULT, KeyUsageType.ENCRYPT_DECRYPT), (KeySpec.ECC_NIST_P256, KeyUsageType.SIGN_VERIFY),
            (KeySpec.HMAC_256, KeyUsageType.GENERATE_VERIFY_MAC), (KeySpec.ML_DSA_65, KeyUsageType.SIGN_VERIFY),
            (KeySpec.ML_KEM_768, KeyUsageType.ENCAPSULATE_DECAPSULATE),
        })
        {
            KeyMetadata key = (await client.CreateKeyAsync(
                new CreateKeyRequest { KeySpec = spec, KeyUsage = usage, Description = spec.Value })).KeyMetadata;
            KeyMetadata shown = (await client.DescribeKeyAsync(new DescribeKeyRequest { KeyId = key.Arn })).KeyMetadata;
            (shown.KeyId, shown.KeySpec, shown.KeyUsage, shown.Description).Should().Be((key.KeyId, spec, usage, spec.Value));
            made.Add(key.KeyId);
        }

        List<string> listed = [];
        string? marker = null;
        do
        {
            ListKeysResponse page = await client.ListKeysAsync(new ListKeysRequest { Limit = 2, Marker = marker });
            page.Keys.Count.Should().BeLessThanOrEqualTo(2);
            listed.AddRange(page.Keys.Select(key => key.KeyId));
            marker = page.Truncated == true ? page.NextMarker : null;
        }
        while (marker is not null);

        listed.Should().OnlyHaveUniqueItems().And.Contain(made);
        return made[0];
    }

    private static async Task NameAsync(AmazonKeyManagementServiceClient client, string id)
    {
        CreateAliasRequest alias = new() { AliasName = "alias/dotnet", TargetKeyId = id };
        await client.CreateAliasAsync(alias);
        (await Throwing(() => client.CreateAliasAsync(alias))).Should().BeOfType<AlreadyExistsException>();
        ListAliasesResponse aliases = await client.ListAliasesAsync(new ListAliasesRequest { KeyId = id });
        aliases.Aliases.Select(one => one.AliasName).Should().Equal("alias/dotnet");
        (await Throwing(() => client.DescribeKeyAsync(new DescribeKeyRequest { KeyId = "alias/none" })))
            .Should().BeOfType<NotFoundException>();
        (await Throwing(() => client.DescribeKeyAsync(new DescribeKeyRequest { KeyId = Unknown }))).Should().BeOfType<NotFoundException>();
    }

    private static async Task ChangeStatesAsync(AmazonKeyManagementServiceClient client, string id)
    {
        EncryptRequest encrypt = new() { KeyId = id, Plaintext = new([1, 2, 3]) };
        await client.DisableKeyAsync(new DisableKeyRequest { KeyId = id });
        (await StateAsync(client, id)).Should().Be(KeyState.Disabled);
        (await Throwing(() => client.EncryptAsync(encrypt))).Should().BeOfType<DisabledException>();
        await client.EnableKeyAsync(new EnableKeyRequest { KeyId = id });
        await client.ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = id, PendingWindowInDays = 30 });
        (await StateAsync(client, id)).Should().Be(KeyState.PendingDeletion);
        encrypt.Plaintext = new([1, 2, 3]);
        (await Throwing(() => client.EncryptAsync(encrypt))).Should().BeOfType<KMSInvalidStateException>();
        await client.CancelKeyDeletionAsync(new CancelKeyDeletionRequest { KeyId = id });
        (await StateAsync(client, id)).Should().Be(KeyState.Disabled);
        await client.EnableKeyAsync(new EnableKeyRequest { KeyId = id });
        encrypt.Plaintext = new([1, 2, 3]);
        (await client.EncryptAsync(encrypt)).CiphertextBlob.Length.Should().BePositive();
    }

    private static async Task<KeyState> StateAsync(AmazonKeyManagementServiceClient client, string id) =>
        (await client.DescribeKeyAsync(new DescribeKeyRequest { KeyId = id })).KeyMetadata.KeyState;

    private static async Task<Exception?> Throwing(Func<Task> work)
    {
        try
        {
            await work();
            return null;
        }
        catch (AmazonServiceException e)
        {
            return e;
        }
    }
}
