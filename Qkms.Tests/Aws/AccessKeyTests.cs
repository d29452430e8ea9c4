using Qkms.Core.Tenants;
using Qkms.Tests.ApiKeys;
using static Qkms.Tests.ApiKeys.ApiKeyVerbs;

namespace Qkms.Tests.Aws;

/// <summary>Who may call the operations of AWS KMS, and with what.</summary>
public sealed class AccessKeyTests : SharedServiceTests
{
    /// <summary>E-12: an access key narrowed to decryption with one key can do that and nothing else.</summary>
    [Fact]
    public async Task A_narrowed_access_key_can_do_what_it_is_narrowed_to_and_nothing_else()
    {
        AwsSigner all = await Client.CreateAccessKeyAsync();
        string id = (await Client.GenerateAsync("AES-256", new { name = "mine" })).Text("key_id");
        string other = (await Client.GenerateAsync("AES-256", new { name = "other" })).Text("key_id");
        AwsSigner narrow = await Client.CreateAccessKeyAsync(
            new { permissions = Words("crypto:decrypt"), key_names = Words("mine") });
        string blob = await EncryptAsync(all, id);
        string foreign = await EncryptAsync(all, other);
        string dataKey = (await Client.CallAsync(all, "GenerateDataKey", new { KeyId = id, KeySpec = "AES_256" })).Member("CiphertextBlob");

        (await Client.CallAsync(narrow, "Decrypt", new { CiphertextBlob = blob })).Member("Plaintext").Should().Be("aGVsbG8=");
        (await Client.CallAsync(narrow, "Decrypt", new { CiphertextBlob = foreign })).ShouldBeException("InvalidCiphertextException");
        (await Client.CallAsync(narrow, "Decrypt", new { CiphertextBlob = blob, KeyId = other })).ShouldBeException("NotFoundException");
        (await Client.CallAsync(narrow, "Decrypt", new { CiphertextBlob = dataKey })).ShouldBeException("AccessDeniedException");
        foreach (string operation in new[]
        {
            "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GenerateRandom", "DescribeKey", "GetPublicKey", "Sign",
            "Verify", "GenerateMac", "VerifyMac", "Encapsulate", "Decapsulate",
        })
            (await Client.CallAsync(narrow, operation, new { KeyId = id })).ShouldBeException("AccessDeniedException");

        AwsSigner dataKeys = await Client.CreateAccessKeyAsync(new { permissions = Words("data-keys:decrypt") });
        (await Client.CallAsync(dataKeys, "Decrypt", new { CiphertextBlob = dataKey })).ShouldBe(HttpStatusCode.OK);
        (await Client.CallAsync(dataKeys, "Decrypt", new { CiphertextBlob = blob })).ShouldBeException("AccessDeniedException");
    }

    /// <summary>A key outside the narrowing does not exist, whether or not it was asked for before.</summary>
    [Fact]
    public async Task A_key_outside_the_narrowing_does_not_exist()
    {
        AwsSigner all = await Client.CreateAccessKeyAsync();
        AwsSigner narrow = await Client.CreateAccessKeyAsync(new { key_names = Words("mine") });
        string id = (await Client.GenerateAsync("AES-256", new { name = "other" })).Text("key_id");

        for (int i = 0; i < 2; i++)
        {
            (await Client.CallAsync(narrow, "DescribeKey", new { KeyId = id })).ShouldBeException("NotFoundException");
            (await Client.CallAsync(narrow, "GenerateDataKey", new { KeyId = id, KeySpec = "AES_256" }))
                .ShouldBeException("NotFoundException");
            (await Client.CallAsync(all, "GenerateDataKey", new { KeyId = id, KeySpec = "AES_256" })).ShouldBe(HttpStatusCode.OK);
        }
    }

    /// <summary>A key of another tenant answers as one that does not exist.</summary>
    [Fact]
    public async Task A_key_of_another_tenant_does_not_exist()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        using HttpClient stranger = await StrangerAsync();
        AwsSigner strangers = await stranger.CreateAccessKeyAsync();
        string id = (await Client.GenerateAsync("AES-256")).Text("key_id");
        string blob = await EncryptAsync(signer, id);
        string random = RandomId().ToString();

        Answer foreign = await Client.CallAsync(strangers, "DescribeKey", new { KeyId = id });
        Answer unknown = await Client.CallAsync(strangers, "DescribeKey", new { KeyId = random });

        foreign.ShouldBeException("NotFoundException").Body.Replace(id, random, StringComparison.Ordinal).Should().Be(unknown.Body);
        (await Client.CallAsync(strangers, "Decrypt", new { CiphertextBlob = blob })).ShouldBeException("InvalidCiphertextException");
    }

    [Fact]
    public async Task A_revoked_access_key_is_refused_at_once_and_an_expired_one_too()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        (await Client.CallAsync(signer, "GenerateRandom", new { NumberOfBytes = 8 })).ShouldBe(HttpStatusCode.OK);
        Answer list = await Client.GetJsonAsync("/api-keys");
        string id = list.Data["api_keys"]!.AsArray()
            .Where(one => (string?)one!["lookup_id"] == signer.AccessKeyId).Select(one => (string)one!["api_key_id"]!).Single();

        (await Client.PostJsonAsync($"/api-keys/{id}/actions/disable", null)).ShouldBe(HttpStatusCode.OK);
        (await Client.CallAsync(signer, "GenerateRandom", new { NumberOfBytes = 8 })).ShouldBeException("InvalidSignatureException");
        (await Client.PostJsonAsync($"/api-keys/{id}/actions/enable", null)).ShouldBe(HttpStatusCode.OK);
        (await Client.CallAsync(signer, "GenerateRandom", new { NumberOfBytes = 8 })).ShouldBe(HttpStatusCode.OK);
        (await Client.PostJsonAsync($"/api-keys/{id}/actions/revoke", null)).ShouldBe(HttpStatusCode.OK);
        (await Client.CallAsync(signer, "GenerateRandom", new { NumberOfBytes = 8 })).ShouldBeException("InvalidSignatureException");
    }

    [Fact]
    public async Task A_rotated_access_key_has_a_new_id_and_a_new_secret()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        Answer list = await Client.GetJsonAsync("/api-keys");
        JsonNode own = list.Data["api_keys"]!.AsArray().Single(one => (string?)one!["lookup_id"] == signer.AccessKeyId)!;
        ((string?)own["kind"]).Should().Be("sigv4");

        Answer rotated = await Client.UseAsync(
            $"/tenants/{(string)own["tenant_id"]!}/api-keys/rotate", new { api_key_id = (string)own["api_key_id"]!, grace_seconds = 0 });

        AwsSigner next = new(rotated.Text("lookup_id"), rotated.Text("secret_access_key"));
        next.Should().NotBe(signer);
        (await Client.CallAsync(next, "GenerateRandom", new { NumberOfBytes = 8 })).ShouldBe(HttpStatusCode.OK);
        (await Client.CallAsync(signer, "GenerateRandom", new { NumberOfBytes = 8 })).ShouldBeException("InvalidSignatureException");
    }

    /// <summary>An access key is no API key, and the other way round.</summary>
    [Fact]
    public async Task An_access_key_opens_nothing_of_the_api()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        using HttpClient client = App.ClientFor($"qkms_{signer.AccessKeyId}_{signer.Secret}");

        (await client.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
    }

    [Theory]
    [InlineData("a wrong secret", "InvalidSignatureException")]
    [InlineData("an id that was made up", "UnrecognizedClientException")]
    [InlineData("a changed body", "InvalidSignatureException")]
    [InlineData("a changed body with a declared hash", "InvalidSignatureException")]
    [InlineData("another target", "InvalidSignatureException")]
    [InlineData("a clock ten minutes slow", "InvalidSignatureException")]
    [InlineData("a clock ten minutes fast", "InvalidSignatureException")]
    [InlineData("no signature", "MissingAuthenticationTokenException")]
    [InlineData("two signatures", "IncompleteSignatureException")]
    [InlineData("a presigned request", "IncompleteSignatureException")]
    [InlineData("another media type", "InvalidSignatureException")]
    public async Task Who_did_not_sign_is_refused(string how, string exception)
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        AwsSigner used = how switch
        {
            "a wrong secret" => signer with { Secret = new string('a', 40) },
            "an id that was made up" => signer with { AccessKeyId = "AKIAAAAAAAAAAAAAAAAA" },
            _ => signer,
        };
        DateTimeOffset at = TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(how switch
        {
            "a clock ten minutes slow" => -10,
            "a clock ten minutes fast" => 10,
            _ => 0,
        });

        Answer answer = await Client.CallAsync(
            used, "GenerateRandom", new { NumberOfBytes = 8 }, Change, at, how.EndsWith("declared hash", StringComparison.Ordinal));

        answer.ShouldBeException(exception);

        void Change(HttpRequestMessage request)
        {
            switch (how)
            {
                case "a changed body" or "a changed body with a declared hash":
                    request.Content = new ByteArrayContent("""{"NumberOfBytes":9}"""u8.ToArray());
                    request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/x-amz-json-1.1");
                    break;

                case "another target":
                    request.Headers.Remove("x-amz-target");
                    request.Headers.TryAddWithoutValidation("x-amz-target", "TrentService.DescribeKey");
                    break;

                case "no signature":
                    request.Headers.Remove("Authorization");
                    break;

                case "two signatures":
                    request.Headers.TryAddWithoutValidation("Authorization", request.Headers.GetValues("Authorization").Single());
                    break;

                case "a presigned request":
                    request.Headers.Remove("Authorization");
                    request.RequestUri = new Uri("/?X-Amz-Signature=x", UriKind.Relative);
                    break;

                case "another media type":
                    request.Content!.Headers.Remove("Content-Type");
                    request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
                    break;
            }
        }
    }

    /// <summary>Its secret stands nowhere: not in the list, not in the journal, and sealed in the database.</summary>
    [Fact]
    public async Task The_secret_is_shown_once()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();

        (await Client.GetJsonAsync("/api-keys")).Body.Should().Contain(signer.AccessKeyId).And.NotContain(signer.Secret);
        (await Client.GetJsonAsync("/audit/events?limit=1000")).Body.Should().NotContain(signer.Secret);
        App.Log.Text.Should().NotContain(signer.Secret);
    }

    /// <summary>K-03: an access key takes one of the places that the plan has for API keys.</summary>
    [Fact]
    public async Task An_access_key_takes_the_place_of_an_api_key()
    {
        string apiKey = await App.CreateTenantAsync($"small {RandomId()}", plan: "growth");
        using HttpClient client = App.ClientFor(apiKey);
        int places = new PlanOptions().Of("growth").MaxApiKeys - 1;
        for (int i = 0; i < places; i++)
            await client.CreateAccessKeyAsync();

        (await client.UseAsync("/api-keys", new { label = "aws", roles = Words("user"), kind = "sigv4" }))
            .ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_001");
        (await client.CreateApiKeyAsync()).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_001");
    }

    private static Guid RandomId() => new(RandomNumberGenerator.GetBytes(16));

    private async Task<string> EncryptAsync(AwsSigner signer, string id) =>
        (await Client.CallAsync(signer, "Encrypt", new { KeyId = id, Plaintext = "aGVsbG8=" })).Member("CiphertextBlob");
}
