using Qkms.Api.Aws;
using Qkms.Tests.ApiKeys;

namespace Qkms.Tests.Aws;

/// <summary>What a key has that nobody can change here, when it was used last, and what Qkms does not have.</summary>
public sealed class PolicyTests : SharedServiceTests
{
    /// <summary>E-11: every key has the default policy, for the account of its tenant.</summary>
    [Fact]
    public async Task Every_key_has_the_default_policy()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        Answer key = await Client.GenerateAsync("AES-256");
        string id = key.Text("key_id");
        string account = (string)(await Client.CallAsync(signer, "DescribeKey", new { KeyId = id })).Json["KeyMetadata"]!["AWSAccountId"]!;

        Answer policy = await Client.CallAsync(signer, "GetKeyPolicy", new { KeyId = id, PolicyName = "default" });
        Answer names = await Client.CallAsync(signer, "ListKeyPolicies", new { KeyId = id });

        policy.Member("PolicyName").Should().Be("default");
        JsonNode statement = JsonNode.Parse(policy.Member("Policy"))!["Statement"]![0]!;
        ((string?)statement["Principal"]!["AWS"]).Should().Be($"arn:aws:iam::{account}:root");
        ((string?)statement["Action"]).Should().Be("kms:*");
        names.ShouldBe(HttpStatusCode.OK).Body.Should().Be("""{"PolicyNames":["default"],"Truncated":false}""");
        (await Client.CallAsync(signer, "GetKeyPolicy", new { KeyId = id })).Body.Should().Be(policy.Body);
    }

    /// <summary>The default policy is what the key has, in whatever spelling; one that would change something is refused.</summary>
    [Fact]
    public async Task Only_the_policy_that_is_there_can_be_put()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string id = (await Client.GenerateAsync("AES-256")).Text("key_id");
        string policy = (await Client.CallAsync(signer, "GetKeyPolicy", new { KeyId = id })).Member("Policy");
        string spelled = JsonNode.Parse(policy)!.ToJsonString();

        (await Client.CallAsync(signer, "PutKeyPolicy", new { KeyId = id, Policy = spelled })).ShouldBe(HttpStatusCode.OK)
            .Body.Should().Be("{}");
        foreach ((string other, string exception) in new[]
        {
            (spelled.Replace("kms:*", "kms:Decrypt", StringComparison.Ordinal), "UnsupportedOperationException"),
            (spelled.Replace("Allow", "Deny", StringComparison.Ordinal), "UnsupportedOperationException"),
            ("{}", "UnsupportedOperationException"),
            ("[]", "MalformedPolicyDocumentException"),
            ("{", "MalformedPolicyDocumentException"),
            ("""{"Version":"1","Version":"2"}""", "MalformedPolicyDocumentException"),
            ("", "ValidationException"),
            (new string(' ', 33 * 1024), "ValidationException"),
        })
            (await Client.CallAsync(signer, "PutKeyPolicy", new { KeyId = id, Policy = other })).ShouldBeException(exception);
    }

    [Theory]
    [InlineData("GetKeyPolicy", """{"KeyId":"KEY","PolicyName":"other"}""", "NotFoundException")]
    [InlineData("GetKeyPolicy", "{}", "ValidationException")]
    [InlineData("GetKeyPolicy", """{"KeyId":"00000000-0000-0000-0000-000000000000"}""", "NotFoundException")]
    [InlineData("ListKeyPolicies", """{"KeyId":"KEY","Limit":0}""", "ValidationException")]
    [InlineData("ListKeyPolicies", """{"KeyId":"KEY","Marker":"x"}""", "InvalidMarkerException")]
    [InlineData("PutKeyPolicy", """{"KeyId":"KEY"}""", "ValidationException")]
    [InlineData("GetKeyLastUsage", "{}", "ValidationException")]
    [InlineData("GetKeyLastUsage", """{"KeyId":"00000000-0000-0000-0000-000000000000"}""", "NotFoundException")]
    [InlineData("Decrypt", """{"CiphertextBlob":"aGk=","Recipient":{}}""", "UnsupportedOperationException")]
    [InlineData("GenerateDataKey", """{"KeyId":"KEY","KeySpec":"AES_256","Recipient":{}}""", "UnsupportedOperationException")]
    [InlineData("GenerateRandom", """{"NumberOfBytes":8,"Recipient":{}}""", "UnsupportedOperationException")]
    [InlineData("GenerateRandom", """{"NumberOfBytes":8,"CustomKeyStoreId":"cks-1"}""", "UnsupportedOperationException")]
    public async Task What_is_wrong_with_a_request_is_an_exception_of_aws(string operation, string body, string exception)
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string id = (await Client.GenerateAsync("AES-256")).Text("key_id");

        (await Client.CallAsync(signer, operation, body.Replace("KEY", id, StringComparison.Ordinal))).ShouldBeException(exception);
    }

    /// <summary>E-12: each needs its permission, and a key outside the narrowing or of another tenant does not exist.</summary>
    [Fact]
    public async Task Each_needs_its_permission_and_a_key_that_one_may_know_of()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string id = (await Client.GenerateAsync("AES-256")).Text("key_id");
        string policy = (await Client.CallAsync(signer, "GetKeyPolicy", new { KeyId = id })).Member("Policy");
        AwsSigner mayNot = await Client.CreateAccessKeyAsync(new { permissions = ApiKeyVerbs.Words("crypto:encrypt") });
        AwsSigner elsewhere = await Client.CreateAccessKeyAsync(new { key_names = ApiKeyVerbs.Words("mine") });
        using HttpClient stranger = await StrangerAsync();
        AwsSigner strangers = await stranger.CreateAccessKeyAsync();

        foreach (string operation in new[] { "GetKeyPolicy", "ListKeyPolicies", "GetKeyLastUsage", "PutKeyPolicy" })
        {
            object body = new { KeyId = id, Policy = policy };
            (await Client.CallAsync(signer, operation, body)).ShouldBe(HttpStatusCode.OK);
            (await Client.CallAsync(mayNot, operation, body)).ShouldBeException("AccessDeniedException");
            (await Client.CallAsync(elsewhere, operation, body)).ShouldBeException("NotFoundException");
            (await Client.CallAsync(strangers, operation, body)).ShouldBeException("NotFoundException");
        }
    }

    /// <summary>E-11: the last use, of whichever version and by whichever protocol, with the event of the journal that says so.</summary>
    [Fact]
    public async Task The_last_use_of_a_key_is_known()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string id = (await Client.GenerateAsync("AES-256")).Text("key_id");
        JsonNode unused = (await Client.CallAsync(signer, "GetKeyLastUsage", new { KeyId = id })).ShouldBe(HttpStatusCode.OK).Json;
        Answer made = await Client.CallAsync(signer, "GenerateDataKey", new { KeyId = id, KeySpec = "AES_256" });
        await Client.RotateAsync("AES-256");
        Answer afterNew = await Client.CallAsync(signer, "Encrypt", new { KeyId = id, Plaintext = "aGk=" });
        Answer opened = await Client.CallAsync(signer, "Decrypt", new { CiphertextBlob = made.Member("CiphertextBlob") });

        JsonNode used = (await Client.CallAsync(signer, "GetKeyLastUsage", new { KeyId = id })).ShouldBe(HttpStatusCode.OK).Json;
        (await Client.UseAsync("/crypto/encrypt", new { algorithm = "AES-256", plaintext = "aGk=" })).ShouldBe(HttpStatusCode.OK);
        JsonNode byRest = (await Client.CallAsync(signer, "GetKeyLastUsage", new { KeyId = id })).Json;

        afterNew.ShouldBe(HttpStatusCode.OK);
        unused.AsObject().Select(member => member.Key).Should().BeEquivalentTo("KeyId", "TrackingStartDate", "KeyCreationDate");
        ((double)unused["TrackingStartDate"]!).Should().Be((double)unused["KeyCreationDate"]!, "every use is recorded from the start");
        JsonNode last = used["KeyLastUsage"]!;
        ((string?)last["Operation"], (string?)last["KmsRequestId"]).Should().Be(("Decrypt", opened.Headers["x-amzn-RequestId"]));
        ((double)last["Timestamp"]!).Should().BeGreaterThanOrEqualTo((double)used["KeyCreationDate"]!);
        Guid.TryParseExact((string?)last["CloudTrailEventId"], "D", out Guid _).Should().BeTrue();
        ((string?)byRest["KeyLastUsage"]!["Operation"]).Should().Be("Encrypt");
    }

    /// <summary>Of AWS's operations each is there or refused by its name; what AWS does not have is unknown.</summary>
    [Fact]
    public async Task An_operation_that_is_missing_is_told_from_one_that_does_not_exist()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();

        foreach (string operation in AwsOperations.Missing)
        {
            Answer refused = await Client.CallAsync(signer, operation, new { KeyId = "x" });
            ((string?)refused.ShouldBeException("UnsupportedOperationException").Json["message"]).Should().StartWith($"{operation} is not");
        }

        foreach (string operation in new[] { "createGrant", "CreateGrants", "DescribeKeys" })
            (await Client.CallAsync(signer, operation, "{}")).ShouldBeException("UnknownOperationException");
    }
}
