using Qkms.Tests.ApiKeys;
using Qkms.Tests.Rotations;

namespace Qkms.Tests.Aws;

/// <summary>Rotation by the protocol of AWS KMS: the same keys, periods and versions as over REST.</summary>
public sealed class AwsRotationTests : ServiceTests
{
    private static readonly string[] _all = ["keys:update", "keys:read", "keys:rotate"];

    /// <summary>E-11: the period that is set here is the one that REST shows, and the other way round.</summary>
    [Fact]
    public async Task The_period_is_that_of_rest()
    {
        await ShareServiceAsync();
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        Answer key = await Client.GenerateAsync("AES-256");
        string id = key.Text("key_id");
        string kid = key.Text("kid");
        (await StatusAsync(signer, id)).ToJsonString().Should().Be($$"""{"KeyRotationEnabled":false,"KeyId":"{{id}}"}""");

        (await CallAsync(signer, "EnableKeyRotation", new { KeyId = id })).ShouldBe(HttpStatusCode.OK).Body.Should().Be("{}");
        JsonObject usual = await StatusAsync(signer, id);
        (await CallAsync(signer, "EnableKeyRotation", new { KeyId = id, RotationPeriodInDays = 90 })).ShouldBe(HttpStatusCode.OK);
        JsonObject shorter = await StatusAsync(signer, id);
        Answer shown = await Client.GetJsonAsync($"/kms/keys/{kid}");
        (await CallAsync(signer, "DisableKeyRotation", new { KeyId = id })).ShouldBe(HttpStatusCode.OK).Body.Should().Be("{}");
        JsonObject none = await StatusAsync(signer, id);

        ((bool)usual["KeyRotationEnabled"]!, (int)usual["RotationPeriodInDays"]!).Should().Be((true, 365));
        ((int)shorter["RotationPeriodInDays"]!).Should().Be(90);
        DateTimeOffset next = DateTimeOffset.FromUnixTimeMilliseconds((long)((double)shorter["NextRotationDate"]! * 1000));
        next.Should().BeCloseTo(Now.AddDays(90), TimeSpan.FromMinutes(5));
        shown.Number("rotation_period").Should().Be(90);
        none.Select(member => member.Key).Should().BeEquivalentTo("KeyRotationEnabled", "KeyId");
        (await Client.SendJsonAsync(HttpMethod.Patch, $"/kms/keys/{kid}", """{"rotation_period":7}""")).ShouldBe(HttpStatusCode.OK);
        ((int)(await StatusAsync(signer, id))["RotationPeriodInDays"]!).Should().Be(7, "over REST it may be shorter");
    }

    /// <summary>To enable a period that the key has already does not put the next rotation off.</summary>
    [Fact]
    public async Task A_period_that_is_set_again_goes_on()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string id = (await Client.GenerateAsync("AES-256")).Text("key_id");
        await CallAsync(signer, "EnableKeyRotation", new { KeyId = id, RotationPeriodInDays = 90 });
        double first = (double)(await StatusAsync(signer, id))["NextRotationDate"]!;

        App.Time.Pass(TimeSpan.FromDays(30));
        (await CallAsync(signer, "EnableKeyRotation", new { KeyId = id, RotationPeriodInDays = 90 })).ShouldBe(HttpStatusCode.OK);

        ((double)(await StatusAsync(signer, id))["NextRotationDate"]!).Should().Be(first);
    }

    /// <summary>
    /// E-11: rotations by hand and by the period are listed as what they were; what older versions encrypted opens without a KeyId, and
    /// data keys come from the newest; after a restart too.
    /// </summary>
    [Fact]
    public async Task Rotations_are_listed_and_old_ciphertexts_open()
    {
        using TemporaryDirectory directory = new();
        AwsSigner signer;
        string id;
        List<string> blobs = [];
        await using (QkmsApplication app = new(directory.Path))
        {
            using HttpClient client = app.Client();
            signer = await client.CreateAccessKeyAsync();
            id = (await client.GenerateAsync("AES-256")).Text("key_id");
            await EncryptAsync(client, app);
            (await client.CallAsync(signer, "RotateKeyOnDemand", new { KeyId = id }, at: app.Time.GetUtcNow()))
                .Member("KeyId").Should().Be(id);
            await EncryptAsync(client, app);
            (await client.CallAsync(signer, "EnableKeyRotation", new { KeyId = id, RotationPeriodInDays = 90 }, at: app.Time.GetUtcNow()))
                .ShouldBe(HttpStatusCode.OK);
            (await app.RotateDueAsync(TimeSpan.FromDays(90))).Should().Be(1);
            await EncryptAsync(client, app);
        }

        await using QkmsApplication again = new(directory.Path);
        using HttpClient reader = again.Client();
        foreach (string blob in blobs)
            (await reader.CallAsync(signer, "Decrypt", new { CiphertextBlob = blob }, at: again.Time.GetUtcNow()))
                .Member("KeyId").Should().EndWith(id);
        Convert.FromBase64String(blobs[0])[5..21].Should().NotEqual(Convert.FromBase64String(blobs[2])[5..21], "each names its version");
        JsonArray rotations = (await reader.CallAsync(signer, "ListKeyRotations", new { KeyId = id }, at: again.Time.GetUtcNow()))
            .ShouldBe(HttpStatusCode.OK).Json["Rotations"]!.AsArray();
        rotations.Select(one => ((string?)one!["RotationType"], (string?)one["KeyMaterialState"], (string?)one["KeyId"]))
            .Should().Equal(("ON_DEMAND", "NON_CURRENT", id), ("AUTOMATIC", "CURRENT", id));

        async Task EncryptAsync(HttpClient client, QkmsApplication app) => blobs.Add((await client.CallAsync(
            signer, "GenerateDataKey", new { KeyId = id, KeySpec = "AES_256" }, at: app.Time.GetUtcNow())).Member("CiphertextBlob"));
    }

    /// <summary>E-11: page by page, while more rotations are made.</summary>
    [Fact]
    public async Task Rotations_come_page_by_page()
    {
        await ShareServiceAsync();
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string id = (await Client.GenerateAsync("AES-256")).Text("key_id");
        string other = (await Client.GenerateAsync("AES-256", new { name = "other" })).Text("key_id");
        await CallAsync(signer, "RotateKeyOnDemand", new { KeyId = other });
        await CallAsync(signer, "RotateKeyOnDemand", new { KeyId = other });
        await CallAsync(signer, "RotateKeyOnDemand", new { KeyId = id });
        await CallAsync(signer, "RotateKeyOnDemand", new { KeyId = id });

        JsonNode first = (await CallAsync(signer, "ListKeyRotations", new { KeyId = id, Limit = 1 })).ShouldBe(HttpStatusCode.OK).Json;
        string marker = (string)first["NextMarker"]!;
        await CallAsync(signer, "RotateKeyOnDemand", new { KeyId = id });
        JsonNode rest = (await CallAsync(signer, "ListKeyRotations", new { KeyId = id, Limit = 2, Marker = marker })).Json;
        JsonNode all = (await CallAsync(signer, "ListKeyRotations", new { KeyId = id, IncludeKeyMaterial = "ALL_KEY_MATERIAL" })).Json;

        ((bool)first["Truncated"]!, first["Rotations"]!.AsArray().Count).Should().Be((true, 1));
        ((bool)rest["Truncated"]!, rest["Rotations"]!.AsArray().Count).Should().Be((false, 2));
        rest["NextMarker"].Should().BeNull();
        first["Rotations"]!.AsArray().Concat(rest["Rotations"]!.AsArray()).Select(one => (double)one!["RotationDate"]!)
            .Should().BeInAscendingOrder();
        all["Rotations"]!.AsArray().Select(one => (string?)one!["KeyMaterialState"])
            .Should().Equal("NON_CURRENT", "NON_CURRENT", "NON_CURRENT", "CURRENT");
        all["Rotations"]![0]!.AsObject().Select(member => member.Key).Should().BeEquivalentTo("KeyId", "KeyMaterialState");
        using HttpClient stranger = await SharedServiceTests.StrangerAsync();
        AwsSigner strangers = await stranger.CreateAccessKeyAsync();
        string theirs = (await stranger.GenerateAsync("AES-256")).Text("key_id");
        foreach ((AwsSigner by, object body) in new (AwsSigner, object)[]
        {
            (signer, new { KeyId = id, Marker = "x" }),
            (signer, new { KeyId = id, Marker = marker[..^1] + (marker[^1] == 'A' ? 'B' : 'A') }),
            (signer, new { KeyId = other, Marker = marker }),
            (signer, new { KeyId = id, IncludeKeyMaterial = "ALL_KEY_MATERIAL", Marker = marker }),
            (strangers, new { KeyId = theirs, Marker = marker }),
        })
            (await Client.CallAsync(by, "ListKeyRotations", body)).ShouldBeException("InvalidMarkerException");
    }

    /// <summary>Two that rotate at once make two versions, and every one of them is listed.</summary>
    [Fact]
    public async Task Rotations_at_once_are_all_made()
    {
        await ShareServiceAsync();
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string id = (await Client.GenerateAsync("AES-256")).Text("key_id");

        Answer[] answers = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(i => i % 2 == 0
                ? CallAsync(signer, "RotateKeyOnDemand", new { KeyId = id })
                : CallAsync(signer, "EnableKeyRotation", new { KeyId = id, RotationPeriodInDays = 100 + i })));

        answers.Should().OnlyContain(answer => answer.Status == HttpStatusCode.OK);
        (await CallAsync(signer, "ListKeyRotations", new { KeyId = id })).Json["Rotations"]!.AsArray().Should().HaveCount(4);
        ((int)(await StatusAsync(signer, id))["RotationPeriodInDays"]!).Should().BeInRange(101, 107);
    }

    [Theory]
    [InlineData("EnableKeyRotation", """{"KeyId":"AES","RotationPeriodInDays":89}""", "ValidationException")]
    [InlineData("EnableKeyRotation", """{"KeyId":"AES","RotationPeriodInDays":2561}""", "ValidationException")]
    [InlineData("EnableKeyRotation", """{"KeyId":"AES","RotationPeriodInDays":90.5}""", "SerializationException")]
    [InlineData("EnableKeyRotation", """{"KeyId":"AES","RotationPeriodInDays":99999999999}""", "SerializationException")]
    [InlineData("EnableKeyRotation", "{}", "ValidationException")]
    [InlineData("EnableKeyRotation", """{"KeyId":"MAC"}""", "UnsupportedOperationException")]
    [InlineData("DisableKeyRotation", """{"KeyId":"RSA"}""", "UnsupportedOperationException")]
    [InlineData("GetKeyRotationStatus", """{"KeyId":"RSA"}""", "UnsupportedOperationException")]
    [InlineData("RotateKeyOnDemand", """{"KeyId":"RSA"}""", "UnsupportedOperationException")]
    [InlineData("ListKeyRotations", """{"KeyId":"MAC"}""", "UnsupportedOperationException")]
    [InlineData("ListKeyRotations", """{"KeyId":"AES","Limit":0}""", "ValidationException")]
    [InlineData("ListKeyRotations", """{"KeyId":"AES","Limit":1001}""", "ValidationException")]
    [InlineData("ListKeyRotations", """{"KeyId":"AES","IncludeKeyMaterial":"ALL"}""", "ValidationException")]
    [InlineData("RotateKeyOnDemand", """{"KeyId":"00000000-0000-0000-0000-000000000000"}""", "NotFoundException")]
    [InlineData("EnableKeyRotation", """{"KeyId":"REVOKED"}""", "KMSInvalidStateException")]
    [InlineData("RotateKeyOnDemand", """{"KeyId":"REVOKED"}""", null)]
    public async Task What_is_wrong_with_a_request_is_an_exception_of_aws(string operation, string body, string? exception)
    {
        await ShareServiceAsync();
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        Answer revoked = await Client.GenerateAsync("AES-256", new { name = "revoked" });
        await Client.RevokeAsync(revoked.Text("kid"));
        Dictionary<string, string> ids = new()
        {
            ["AES"] = (await Client.GenerateAsync("AES-256")).Text("key_id"),
            ["MAC"] = (await Client.GenerateAsync("HMAC-256")).Text("key_id"),
            ["RSA"] = (await Client.GenerateAsync("RSA-2048", new { use = "sig" })).Text("key_id"),
            ["REVOKED"] = revoked.Text("key_id"),
        };
        string named = ids.Aggregate(body, (text, id) => text.Replace($"\"{id.Key}\"", $"\"{id.Value}\"", StringComparison.Ordinal));

        Answer answer = await CallAsync(signer, operation, named);

        if (exception is null)
            answer.ShouldBe(HttpStatusCode.OK);
        else
            answer.ShouldBeException(exception);
    }

    /// <summary>E-12: each needs its permission, and a key outside the narrowing or of another tenant does not exist.</summary>
    [Fact]
    public async Task Each_needs_its_permission_and_a_key_that_one_may_know_of()
    {
        await ShareServiceAsync();
        string id = (await Client.GenerateAsync("AES-256")).Text("key_id");
        using HttpClient stranger = await SharedServiceTests.StrangerAsync();
        AwsSigner strangers = await stranger.CreateAccessKeyAsync();
        AwsSigner elsewhere = await Client.CreateAccessKeyAsync(new { key_names = ApiKeyVerbs.Words("mine") });
        foreach ((string operation, string permission) in new[]
        {
            ("EnableKeyRotation", "keys:update"), ("DisableKeyRotation", "keys:update"), ("GetKeyRotationStatus", "keys:read"),
            ("RotateKeyOnDemand", "keys:rotate"), ("ListKeyRotations", "keys:read"),
        })
        {
            AwsSigner may = await Client.CreateAccessKeyAsync(new { permissions = ApiKeyVerbs.Words(permission) });
            AwsSigner mayNot = await Client.CreateAccessKeyAsync(
                new { permissions = _all.Where(one => one != permission) });

            (await CallAsync(may, operation, new { KeyId = id })).ShouldBe(HttpStatusCode.OK);
            (await CallAsync(mayNot, operation, new { KeyId = id })).ShouldBeException("AccessDeniedException");
            (await CallAsync(strangers, operation, new { KeyId = id })).ShouldBeException("NotFoundException");
            (await CallAsync(elsewhere, operation, new { KeyId = id })).ShouldBeException("NotFoundException");
        }
    }

    private Task<Answer> CallAsync(AwsSigner signer, string operation, object body) =>
        Client.CallAsync(signer, operation, body, at: Now);

    private async Task<JsonObject> StatusAsync(AwsSigner signer, string id) =>
        (await CallAsync(signer, "GetKeyRotationStatus", new { KeyId = id })).ShouldBe(HttpStatusCode.OK).Json.AsObject();
}
