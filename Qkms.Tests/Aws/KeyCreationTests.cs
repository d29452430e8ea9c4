using Qkms.Tests.ApiKeys;
using Qkms.Tests.Devices;

namespace Qkms.Tests.Aws;

/// <summary>CreateKey and ListKeys.</summary>
public sealed class KeyCreationTests : SharedServiceTests
{
    public static TheoryData<string, string?, string, string, string> Kinds => new()
    {
        { "SYMMETRIC_DEFAULT", null, "AES-256", "enc", "ENCRYPT_DECRYPT" },
        { "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "AES-256", "enc", "ENCRYPT_DECRYPT" },
        { "RSA_2048", "SIGN_VERIFY", "RSA-2048", "sig", "SIGN_VERIFY" },
        { "RSA_2048", "ENCRYPT_DECRYPT", "RSA-2048", "enc", "ENCRYPT_DECRYPT" },
        { "RSA_3072", "SIGN_VERIFY", "RSA-3072", "sig", "SIGN_VERIFY" },
        { "ECC_NIST_P256", "SIGN_VERIFY", "EC-P256", "sig", "SIGN_VERIFY" },
        { "ECC_NIST_P384", "SIGN_VERIFY", "EC-P384", "sig", "SIGN_VERIFY" },
        { "ECC_NIST_P521", "SIGN_VERIFY", "EC-P521", "sig", "SIGN_VERIFY" },
        { "ECC_NIST_EDWARDS25519", "SIGN_VERIFY", "Ed25519", "sig", "SIGN_VERIFY" },
        { "HMAC_256", "GENERATE_VERIFY_MAC", "HMAC-256", "sig", "GENERATE_VERIFY_MAC" },
        { "HMAC_384", "GENERATE_VERIFY_MAC", "HMAC-384", "sig", "GENERATE_VERIFY_MAC" },
        { "HMAC_512", "GENERATE_VERIFY_MAC", "HMAC-512", "sig", "GENERATE_VERIFY_MAC" },
        { "ML_DSA_44", "SIGN_VERIFY", "ML-DSA-44", "sig", "SIGN_VERIFY" },
        { "ML_DSA_65", "SIGN_VERIFY", "ML-DSA-65", "sig", "SIGN_VERIFY" },
        { "ML_DSA_87", "SIGN_VERIFY", "ML-DSA-87", "sig", "SIGN_VERIFY" },
        { "ML_KEM_512", "ENCAPSULATE_DECAPSULATE", "ML-KEM-512", "kem", "ENCAPSULATE_DECAPSULATE" },
        { "ML_KEM_768", "ENCAPSULATE_DECAPSULATE", "ML-KEM-768", "kem", "ENCAPSULATE_DECAPSULATE" },
        { "ML_KEM_1024", "ENCAPSULATE_DECAPSULATE", "ML-KEM-1024", "kem", "ENCAPSULATE_DECAPSULATE" },
    };

    /// <summary>E-14: one key is one key: what CreateKey made stands in the lists of REST, under its id.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_key_is_made_and_is_there_over_both_protocols(
        string spec, string? given, string algorithm, string use, string usage)
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        object request = given is null ? new { KeySpec = spec } : new { KeySpec = spec, KeyUsage = given, Description = "of a test" };

        JsonNode made = (await Client.CallAsync(signer, "CreateKey", request)).ShouldBe(HttpStatusCode.OK).Json["KeyMetadata"]!;

        string id = (string)made["KeyId"]!;
        ((string?)made["Arn"]).Should().EndWith($":key/{id}");
        ((string?)made["KeySpec"], (string?)made["KeyUsage"], (string?)made["KeyState"]).Should().Be((spec, usage, "Enabled"));
        ((bool?)made["Enabled"]).Should().BeTrue();
        ((string?)made["Description"]).Should().Be(given is null ? "" : "of a test");
        ((string?)made["Origin"], (string?)made["KeyManager"]).Should().Be(("AWS_KMS", "CUSTOMER"));
        JsonNode described = (await Client.CallAsync(signer, "DescribeKey", new { KeyId = id })).Json["KeyMetadata"]!;
        JsonNode.DeepEquals(described, made).Should().BeTrue();
        JsonNode listed = (await Client.GetJsonAsync($"/kms/keys?name={id}")).ShouldBe(HttpStatusCode.OK).Data["keys"]!.AsArray().Single()!;
        ((string?)listed["key_id"], (string?)listed["algorithm"], (string?)listed["use"]).Should().Be((id, algorithm, use));
    }

    /// <summary>E-13, E-14: each kind does what it is for, at once.</summary>
    [Fact]
    public async Task A_key_that_was_made_can_be_used_at_once()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();

        string kem = await CreateAsync(signer, new { KeySpec = "ML_KEM_768", KeyUsage = "ENCAPSULATE_DECAPSULATE" });
        Answer secret = await Client.CallAsync(signer, "Encapsulate", new { KeyId = kem, EncapsulationAlgorithm = "ML_KEM" });
        (await Client.CallAsync(
            signer,
            "Decapsulate",
            new
            {
                KeyId = kem,
                SharedSecretCiphertextBlob = secret.Member("SharedSecretCiphertextBlob"),
                EncapsulationAlgorithm = "ML_KEM",
            })).Member("SharedSecret").Should().Be(secret.Member("SharedSecret"));

        string rsa = await CreateAsync(signer, new { CustomerMasterKeySpec = "RSA_2048", KeyUsage = "ENCRYPT_DECRYPT" });
        string blob = (await Client.CallAsync(
            signer, "Encrypt", new { KeyId = rsa, Plaintext = "aGk=", EncryptionAlgorithm = "RSAES_OAEP_SHA_256" }))
            .Member("CiphertextBlob");
        (await Client.CallAsync(
            signer, "Decrypt", new { KeyId = rsa, CiphertextBlob = blob, EncryptionAlgorithm = "RSAES_OAEP_SHA_256" }))
            .Member("Plaintext").Should().Be("aGk=");

        string aes = await CreateAsync(signer, new { });
        (await Client.UseAsync("/crypto/encrypt", new { plaintext = "aGk=", name = aes })).ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("""{"KeySpec":"RSA_1024","KeyUsage":"SIGN_VERIFY"}""", "ValidationException", "KeySpec")]
    [InlineData("""{"KeySpec":"aes-256"}""", "ValidationException", "KeySpec")]
    [InlineData("""{"KeySpec":"","KeyUsage":"SIGN_VERIFY"}""", "ValidationException", "KeySpec")]
    [InlineData("""{"CustomerMasterKeySpec":"RSA_1024","KeyUsage":"SIGN_VERIFY"}""", "ValidationException", "CustomerMasterKeySpec")]
    [InlineData(
        """{"KeySpec":"RSA_2048","CustomerMasterKeySpec":"RSA_3072","KeyUsage":"SIGN_VERIFY"}""",
        "ValidationException",
        "CustomerMasterKeySpec")]
    [InlineData("""{"KeySpec":"RSA_2048"}""", "ValidationException", "KeyUsage")]
    [InlineData("""{"KeySpec":"HMAC_256"}""", "ValidationException", "KeyUsage")]
    [InlineData("""{"KeySpec":"HMAC_256","KeyUsage":"SIGN_VERIFY"}""", "ValidationException", "KeyUsage")]
    [InlineData("""{"KeySpec":"ECC_NIST_P256","KeyUsage":"ENCRYPT_DECRYPT"}""", "ValidationException", "KeyUsage")]
    [InlineData("""{"KeySpec":"ECC_NIST_P256","KeyUsage":"KEY_AGREEMENT"}""", "UnsupportedOperationException", "KEY_AGREEMENT")]
    [InlineData("""{"KeySpec":"ML_KEM_768","KeyUsage":"ENCRYPT_DECRYPT"}""", "ValidationException", "KeyUsage")]
    [InlineData("""{"KeySpec":"ML_DSA_65","KeyUsage":"ENCAPSULATE_DECAPSULATE"}""", "ValidationException", "KeyUsage")]
    [InlineData("""{"KeyUsage":"SIGN_VERIFY"}""", "ValidationException", "KeyUsage")]
    [InlineData("""{"KeyUsage":"encrypt"}""", "ValidationException", "KeyUsage")]
    [InlineData("""{"KeySpec":"ECC_SECG_P256K1","KeyUsage":"SIGN_VERIFY"}""", "UnsupportedOperationException", "ECC_SECG_P256K1")]
    [InlineData("""{"KeySpec":"HMAC_224","KeyUsage":"GENERATE_VERIFY_MAC"}""", "UnsupportedOperationException", "HMAC_224")]
    [InlineData("""{"Origin":"EXTERNAL"}""", "UnsupportedOperationException", "Origin")]
    [InlineData("""{"Origin":"AWS_CLOUDHSM","CustomKeyStoreId":"cks-1"}""", "UnsupportedOperationException", "Origin")]
    [InlineData("""{"Origin":"elsewhere"}""", "ValidationException", "Origin")]
    [InlineData("""{"CustomKeyStoreId":"cks-1"}""", "UnsupportedOperationException", "CustomKeyStoreId")]
    [InlineData("""{"MultiRegion":true}""", "UnsupportedOperationException", "MultiRegion")]
    [InlineData("""{"MultiRegion":"yes"}""", "SerializationException", "JSON")]
    [InlineData("""{"Policy":"{"}""", "MalformedPolicyDocumentException", "Policy")]
    [InlineData("""{"Policy":"[]"}""", "MalformedPolicyDocumentException", "Policy")]
    [InlineData("""{"Policy":"{\"a\":1,\"a\":2}"}""", "MalformedPolicyDocumentException", "Policy")]
    [InlineData("""{"Policy":"{\"Version\":\"\\ud800\"}"}""", "MalformedPolicyDocumentException", "Policy")]
    [InlineData("""{"Policy":"{\"\\ud800\":1}"}""", "MalformedPolicyDocumentException", "Policy")]
    [InlineData("""{"Policy":""}""", "ValidationException", "Policy")]
    [InlineData("""{"Policy":"{}"}""", "UnsupportedOperationException", "Policy")]
    [InlineData("""{"Policy":"{\"Version\":\"2012-10-17\",\"Statement\":[]}"}""", "UnsupportedOperationException", "Policy")]
    [InlineData("""{"Description":"a\u0000b"}""", "ValidationException", "Description")]
    [InlineData("""{"Description":"\ud800"}""", "SerializationException", "JSON")]
    [InlineData("""{"Description":5}""", "SerializationException", "JSON")]
    public async Task What_is_wrong_is_an_exception_of_aws_that_names_the_member(string body, string exception, string named)
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        int before = await CountAsync();

        Answer answer = await Client.CallAsync(signer, "CreateKey", body);

        answer.ShouldBeException(exception);
        ((string?)answer.Json["message"]).Should().Contain(named);
        (await CountAsync()).Should().Be(before);
    }

    [Fact]
    public async Task A_description_has_at_most_8192_characters()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string longest = new('x', 8192);

        (await Client.CallAsync(signer, "CreateKey", new { Description = longest + "x" })).ShouldBeException("ValidationException");

        string id = await CreateAsync(signer, new { Description = longest });
        JsonNode described = (await Client.CallAsync(signer, "DescribeKey", new { KeyId = id })).Json["KeyMetadata"]!;
        ((string?)described["Description"]).Should().Be(longest);
    }

    [Fact]
    public async Task The_default_policy_is_accepted_and_one_of_another_account_is_not()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string account = (string)(await Client.CallAsync(signer, "CreateKey", new { })).Json["KeyMetadata"]!["AWSAccountId"]!;

        (await Client.CallAsync(signer, "CreateKey", new { Policy = PolicyOf(account), BypassPolicyLockoutSafetyCheck = true }))
            .ShouldBe(HttpStatusCode.OK);
        (await Client.CallAsync(signer, "CreateKey", new { Policy = PolicyOf("000000000000") }))
            .ShouldBeException("UnsupportedOperationException");

        static string PolicyOf(string account) =>
            $$"""
            {"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions","Effect":"Allow",
            "Principal":{"AWS":"arn:aws:iam::{{account}}:root"},"Action":"kms:*","Resource":"*"}]}
            """;
    }

    /// <summary>E-12: who may not generate keys makes none; who is limited to a folder makes them there, and nowhere else.</summary>
    [Fact]
    public async Task An_access_key_makes_keys_only_where_it_may()
    {
        AwsSigner user = await Client.CreateAccessKeyAsync(new { roles = ApiKeyVerbs.Words("user") });
        AwsSigner narrowed = await Client.CreateAccessKeyAsync(new { key_names = ApiKeyVerbs.Words("orders") });
        AwsSigner folder = await Client.CreateAccessKeyAsync(new { key_names = ApiKeyVerbs.Words("team/*", "orders") });
        AwsSigner folders = await Client.CreateAccessKeyAsync(new { key_names = ApiKeyVerbs.Words("team/*", "other/*") });
        int before = await CountAsync();

        foreach (AwsSigner none in new[] { user, narrowed, folders })
            (await Client.CallAsync(none, "CreateKey", new { })).ShouldBeException("AccessDeniedException");

        (await CountAsync()).Should().Be(before);
        string id = await CreateAsync(folder, new { });
        (await Client.GetJsonAsync($"/kms/keys?name=team/{id}")).Data["keys"]!.AsArray().Should().ContainSingle();
        (await Client.CallAsync(narrowed, "DescribeKey", new { KeyId = id })).ShouldBeException("NotFoundException");
        (await Client.CallAsync(folder, "DescribeKey", new { KeyId = id })).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>ListKeys has pages, and what is made meanwhile comes behind.</summary>
    [Fact]
    public async Task Keys_are_listed_in_pages_while_others_are_made()
    {
        await using QkmsApplication app = new();
        using HttpClient client = app.Client();
        AwsSigner signer = await client.CreateAccessKeyAsync();
        List<string> made = [];
        for (int i = 0; i < 7; i++)
            made.Add((string)(await client.CallAsync(signer, "CreateKey", new { })).Json["KeyMetadata"]!["KeyId"]!);

        List<string> listed = [];
        string? marker = null;
        do
        {
            Answer page = await client.CallAsync(
                signer, "ListKeys", marker is null ? new { Limit = 3 } : (object)new { Limit = 3, Marker = marker });
            JsonNode json = page.ShouldBe(HttpStatusCode.OK).Json;
            listed.AddRange(json["Keys"]!.AsArray().Select(key => (string)key!["KeyId"]!));
            json["Keys"]!.AsArray().Should().OnlyContain(
                key => ((string)key!["KeyArn"]!).EndsWith(":key/" + (string)key["KeyId"]!, StringComparison.Ordinal));
            marker = (string?)json["NextMarker"];
            ((bool?)json["Truncated"]).Should().Be(marker is not null);
            if (made.Count < 9)
                made.Add((string)(await client.CallAsync(signer, "CreateKey", new { })).Json["KeyMetadata"]!["KeyId"]!);
        }
        while (marker is not null);

        listed.Should().Equal(made);
    }

    [Fact]
    public async Task A_marker_is_that_of_the_list_and_of_the_tenant()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        for (int i = 0; i < 2; i++)
            await CreateAsync(signer, new { });

        string marker = (await Client.CallAsync(signer, "ListKeys", new { Limit = 1 })).Member("NextMarker");
        string ofRest = (await Client.GetJsonAsync("/kms/keys?limit=1")).Text("next_cursor");
        using HttpClient other = await StrangerAsync();
        AwsSigner stranger = await other.CreateAccessKeyAsync();

        (await Client.CallAsync(signer, "ListKeys", new { Marker = marker })).ShouldBe(HttpStatusCode.OK);
        foreach ((AwsSigner by, string wrong) in new[]
        {
            (stranger, marker), (signer, ofRest), (signer, "x"), (signer, ""), (signer, new string('x', 1025)), (signer, marker + "A"),
        })
        {
            (await Client.CallAsync(by, "ListKeys", new { Marker = wrong })).ShouldBeException("InvalidMarkerException");
        }

        foreach (int limit in new[] { 0, -1, 1001 })
            (await Client.CallAsync(signer, "ListKeys", new { Limit = limit })).ShouldBeException("ValidationException");

        (await Client.CallAsync(signer, "ListKeys", new { Limit = 1000 })).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>E-12: the list has what the access key may know of: nothing of others, of devices, or without a version.</summary>
    [Fact]
    public async Task The_list_has_what_the_access_key_may_know_of()
    {
        await using QkmsApplication app = new();
        using HttpClient client = app.Client();
        AwsSigner signer = await client.CreateAccessKeyAsync();
        string mine = (await client.GenerateAsync("AES-256", new { name = "team/a" })).Text("key_id");
        string other = (await client.GenerateAsync("AES-256", new { name = "b" })).Text("key_id");
        Answer gone = await client.GenerateRetiredAsync("AES-256", "c");
        (await client.DestroyAsync(gone.Text("kid"), """{"waiting_days":7}""")).ShouldBe(HttpStatusCode.Accepted);
        (await app.SweepAfterAsync(TimeSpan.FromDays(7))).Should().Be(1);
        (await client.RegisterAsync()).ShouldBe(HttpStatusCode.Created);
        using HttpClient elsewhere = app.ClientFor(await app.CreateTenantAsync("elsewhere"));
        AwsSigner stranger = await elsewhere.CreateAccessKeyAsync();
        AwsSigner narrowed = await client.CreateAccessKeyAsync(new { key_names = ApiKeyVerbs.Words("team/*") });
        AwsSigner blind = await client.CreateAccessKeyAsync(new { permissions = ApiKeyVerbs.Words("crypto:encrypt") });

        (await ListAsync(signer)).Should().Equal(mine, other);
        (await ListAsync(narrowed)).Should().Equal(mine);
        (await ListAsync(stranger)).Should().BeEmpty();
        (await CallAsync(blind, "ListKeys", new { })).ShouldBeException("AccessDeniedException");
        (await CallAsync(signer, "DescribeKey", new { KeyId = gone.Text("key_id") })).ShouldBeException("NotFoundException");
        (await CallAsync(signer, "EnableKey", new { KeyId = gone.Text("key_id") })).ShouldBeException("NotFoundException");
        (await CallAsync(signer, "GenerateDataKey", new { KeyId = gone.Text("key_id"), KeySpec = "AES_256" }))
            .ShouldBeException("NotFoundException");

        // The clock of the service is not that of the machine here.
        Task<Answer> CallAsync(AwsSigner by, string operation, object request) =>
            client.CallAsync(by, operation, request, at: app.Time.GetUtcNow());

        async Task<string[]> ListAsync(AwsSigner by) =>
        [
            .. (await CallAsync(by, "ListKeys", new { })).ShouldBe(HttpStatusCode.OK)
                .Json["Keys"]!.AsArray().Select(key => (string)key!["KeyId"]!),
        ];
    }

    private async Task<string> CreateAsync(AwsSigner signer, object request) =>
        (string)(await Client.CallAsync(signer, "CreateKey", request)).ShouldBe(HttpStatusCode.OK).Json["KeyMetadata"]!["KeyId"]!;

    private async Task<int> CountAsync() => (await Client.GetJsonAsync("/kms/keys?limit=1")).Number("total");
}
