using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;

namespace Qkms.Tests.Aws;

/// <content>Clients that make keys and change them.</content>
public sealed partial class RealClientTests
{
    /// <summary>E-14: every kind of key that AWS's own client knows, listed in pages, switched off and on, deleted and saved.</summary>
    [FactIf(Requirement.NodePrograms)]
    public async Task The_sdk_for_javascript_makes_and_changes_keys()
    {
        using HttpClient client = App.StartOnKestrel();
        AwsSigner signer = await client.CreateAccessKeyAsync();
        string input = JsonSerializer.Serialize(new
        {
            url = client.BaseAddress!.GetLeftPart(UriPartial.Authority),
            accessKeyId = signer.AccessKeyId,
            secretAccessKey = signer.Secret,
        });

        JsonNode counts = JsonNode.Parse(await NodeProgram.RunAsync("live-aws-keys.mjs", input))!;

        counts.AsObject().ToDictionary(count => count.Key, count => (int)count.Value!).Should().BeEquivalentTo(new Dictionary<string, int>
        {
            ["made, described and listed in pages"] = 15,
            ["used at once"] = 3,
            ["switched off and on"] = 1,
            ["deletion scheduled and cancelled"] = 1,
            ["refused by the name of the exception"] = 1,
        });
    }

    /// <summary>E-14: the same with the SDK for .NET.</summary>
    [Fact]
    public async Task The_sdk_for_dotnet_makes_and_changes_keys()
    {
        using HttpClient http = App.StartOnKestrel();
        using AmazonKeyManagementServiceClient client = ClientOf(await http.CreateAccessKeyAsync(), http.BaseAddress!);

        KeyMetadata key = (await client.CreateKeyAsync(new CreateKeyRequest
        {
            KeySpec = KeySpec.ECC_NIST_P256,
            KeyUsage = KeyUsageType.SIGN_VERIFY,
            Description = "of a test",
        })).KeyMetadata;
        (key.KeyState.Value, key.Description).Should().Be(("Enabled", "of a test"));
        (await client.ListKeysAsync(new ListKeysRequest { Limit = 10 })).Keys.Should().ContainSingle(one => one.KeyArn == key.Arn);
        await client.UpdateKeyDescriptionAsync(new UpdateKeyDescriptionRequest { KeyId = key.KeyId, Description = "other" });
        await client.DisableKeyAsync(new DisableKeyRequest { KeyId = key.Arn });
        await Awaiting(() => client.GetPublicKeyAsync(new GetPublicKeyRequest { KeyId = key.KeyId }))
            .Should().ThrowAsync<DisabledException>();
        await client.EnableKeyAsync(new EnableKeyRequest { KeyId = key.KeyId });

        ScheduleKeyDeletionResponse scheduled = await client.ScheduleKeyDeletionAsync(
            new ScheduleKeyDeletionRequest { KeyId = key.KeyId, PendingWindowInDays = 7 });

        (scheduled.KeyId, scheduled.KeyState.Value).Should().Be((key.Arn, "PendingDeletion"));
        scheduled.PendingWindowInDays.Should().Be(7);
        KeyMetadata waiting = (await client.DescribeKeyAsync(new DescribeKeyRequest { KeyId = key.KeyId })).KeyMetadata;
        waiting.Description.Should().Be("other");
        waiting.DeletionDate.Should().Be(scheduled.DeletionDate);
        await Awaiting(() => client.EnableKeyAsync(new EnableKeyRequest { KeyId = key.KeyId }))
            .Should().ThrowAsync<KMSInvalidStateException>();
        (await client.CancelKeyDeletionAsync(new CancelKeyDeletionRequest { KeyId = key.KeyId })).KeyId.Should().Be(key.Arn);
        await Awaiting(() => client.ListKeysAsync(new ListKeysRequest { Marker = "none" })).Should().ThrowAsync<InvalidMarkerException>();
        await Awaiting(() => client.CreateKeyAsync(new CreateKeyRequest { Policy = "{" }))
            .Should().ThrowAsync<MalformedPolicyDocumentException>();
    }
}
