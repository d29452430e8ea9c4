using Qkms.Core.Uses;
using Qkms.Tests.ApiKeys;
using Qkms.Tests.Devices;

namespace Qkms.Tests.Aws;

/// <summary>Keys that are switched off and on and described, over both protocols.</summary>
public sealed class WholeKeyTests : ServiceTests
{
    /// <summary>E-14: a disabled key does nothing, whichever protocol asks, and with any version; what it is may be seen.</summary>
    [Fact]
    public async Task A_disabled_key_does_nothing_until_it_is_enabled()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        Answer made = await Client.GenerateAsync("AES-256");
        string id = made.Text("key_id");
        string blob = (await Client.CallAsync(signer, "Encrypt", new { KeyId = id, Plaintext = "aGk=" })).Member("CiphertextBlob");
        string old = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "aGk=" })).Text("ciphertext");
        await Client.RotateAsync("AES-256");
        await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "aGk=" });
        await Client.MustUseAsync("/crypto/decrypt", new { ciphertext = old });
        MaterialCache memory = App.Services.GetRequiredService<MaterialCache>();
        memory.Count.Should().Be(2);

        (await Client.CallAsync(signer, "DisableKey", new { KeyId = id })).ShouldBe(HttpStatusCode.OK).Body.Should().Be("{}");

        memory.Count.Should().Be(0, "no version of it is kept in memory");
        foreach ((string operation, object request) in new (string, object)[]
        {
            ("Encrypt", new { KeyId = id, Plaintext = "aGk=" }),
            ("Decrypt", new { KeyId = id, CiphertextBlob = blob }),
            ("Decrypt", new { CiphertextBlob = blob }),
            ("GenerateDataKey", new { KeyId = id, KeySpec = "AES_256" }),
            ("GenerateDataKeyWithoutPlaintext", new { KeyId = id, KeySpec = "AES_256" }),

            // The state comes before the usage.
            ("Encrypt", new { KeyId = id, Plaintext = "aGk=", EncryptionAlgorithm = "RSAES_OAEP_SHA_256" }),
            ("Sign", new { KeyId = id, Message = "aGk=", SigningAlgorithm = "ML_DSA_SHAKE_256" }),
        })
        {
            Answer refused = await Client.CallAsync(signer, operation, request);
            refused.ShouldBeException("DisabledException");
            ((string?)refused.Json["message"]).Should().MatchRegex($"^arn:aws:kms:eu-west-1:[0-9]{{12}}:key/{id} is disabled\\.$");
        }

        (await Client.CallAsync(signer, "Encrypt", new { KeyId = id, Plaintext = "" })).ShouldBeException("ValidationException");
        (await Client.UseAsync("/crypto/encrypt", new { plaintext = "aGk=" })).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_011");
        (await Client.UseAsync("/crypto/decrypt", new { ciphertext = old })).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_011");
        (await Client.PostJsonAsync("/kms/keys/rotate", """{"algorithm":"AES-256"}"""))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_011");
        (await Client.RotateVersionAsync((await Client.ActiveAsync("AES-256")).Text("kid")))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_011");
        (await Client.PostJsonAsync("/kms/keys/generate", """{"algorithm":"AES-256"}"""))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_011");
        memory.Count.Should().Be(0);
        await ShouldShowAsync(signer, id, "Disabled", isEnabled: false);
        (await Client.GetJsonAsync($"/kms/keys/{made.Text("kid")}")).ShouldBe(HttpStatusCode.OK);

        (await Client.CallAsync(signer, "EnableKey", new { KeyId = id })).ShouldBe(HttpStatusCode.OK).Body.Should().Be("{}");

        (await Client.CallAsync(signer, "Decrypt", new { CiphertextBlob = blob })).Member("Plaintext").Should().Be("aGk=");
        (await Client.MustUseAsync("/crypto/decrypt", new { ciphertext = old })).Text("plaintext").Should().Be("aGk=");
        await ShouldShowAsync(signer, id, "Enabled", isEnabled: true);
    }

    /// <summary>E-14: signing, verifying and the public key of a disabled key are refused as AWS refuses them.</summary>
    [Fact]
    public async Task A_disabled_signature_key_neither_signs_nor_verifies_nor_shows_its_public_key()
    {
        await ShareServiceAsync();
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string id = (await Client.GenerateAsync("EC-P256")).Text("key_id");
        string signature = (await Client.CallAsync(
            signer, "Sign", new { KeyId = id, Message = "aGk=", SigningAlgorithm = "ECDSA_SHA_256" })).Member("Signature");

        (await Client.CallAsync(signer, "DisableKey", new { KeyId = id })).ShouldBe(HttpStatusCode.OK);

        (await Client.CallAsync(signer, "Sign", new { KeyId = id, Message = "aGk=", SigningAlgorithm = "ECDSA_SHA_256" }))
            .ShouldBeException("DisabledException");
        (await Client.CallAsync(
            signer, "Verify", new { KeyId = id, Message = "aGk=", Signature = signature, SigningAlgorithm = "ECDSA_SHA_256" }))
            .ShouldBeException("DisabledException");
        (await Client.CallAsync(signer, "GetPublicKey", new { KeyId = id })).ShouldBeException("DisabledException");
        (await Client.UseAsync("/signature/verify", new { message = "aGk=", signature, algorithm = "EC-P256" }))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_011");
    }

    [Fact]
    public async Task A_key_has_another_description_and_none()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string id = (await Client.GenerateAsync("AES-256")).Text("key_id");

        foreach (string description in new[] { "für Bestellungen", "x", "", "" })
        {
            (await Client.CallAsync(signer, "UpdateKeyDescription", new { KeyId = id, Description = description }))
                .ShouldBe(HttpStatusCode.OK).Body.Should().Be("{}");
            JsonNode described = (await Client.CallAsync(signer, "DescribeKey", new { KeyId = id })).Json["KeyMetadata"]!;
            ((string?)described["Description"]).Should().Be(description);
        }

        (await Client.CallAsync(signer, "DisableKey", new { KeyId = id })).ShouldBe(HttpStatusCode.OK);
        (await Client.CallAsync(signer, "UpdateKeyDescription", new { KeyId = id, Description = "of one that is off" }))
            .ShouldBe(HttpStatusCode.OK);
        Events().Should().Equal(
            "key.generated||active",
            "key.description_updated|enabled|enabled",
            "key.description_updated|enabled|enabled",
            "key.description_updated|enabled|enabled",
            "key.disabled|enabled|disabled",
            "key.description_updated|disabled|disabled");
    }

    /// <summary>F-15: each change is an event of the life cycle, and what changes nothing is none.</summary>
    [Fact]
    public async Task Every_change_is_journalled_once()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string id = (await Client.GenerateAsync("AES-256")).Text("key_id");
        foreach (string operation in new[] { "EnableKey", "DisableKey", "DisableKey", "EnableKey", "EnableKey" })
            (await Client.CallAsync(signer, operation, new { KeyId = id })).ShouldBe(HttpStatusCode.OK);

        Events().Should().Equal("key.generated||active", "key.disabled|enabled|disabled", "key.enabled|disabled|enabled");
        Answer events = await Client.GetJsonAsync("/audit/events?action=key.disabled");
        JsonNode one = events.ShouldBe(HttpStatusCode.OK).Data["events"]!.AsArray().Single()!;
        ((string?)one["key_id"], (string?)one["actor_kind"]).Should().Be((id, "api_key"));
    }

    [Theory]
    [InlineData("EnableKey", "{}", "ValidationException")]
    [InlineData("DisableKey", """{"KeyId":""}""", "ValidationException")]
    [InlineData("DisableKey", """{"KeyId":7}""", "SerializationException")]
    [InlineData("EnableKey", """{"KeyId":"00000000-0000-0000-0000-000000000000"}""", "NotFoundException")]
    [InlineData("EnableKey", """{"KeyId":"none"}""", "NotFoundException")]
    [InlineData("EnableKey", """{"KeyId":"arn:aws:s3:::bucket"}""", "InvalidArnException")]
    [InlineData("EnableKey", """{"KeyId":"arn:aws:kms:eu-west-1:000000000000:key/KEY"}""", "NotFoundException")]
    [InlineData("UpdateKeyDescription", """{"KeyId":"KEY"}""", "ValidationException")]
    [InlineData("UpdateKeyDescription", """{"KeyId":"KEY","Description":"a\u0000"}""", "ValidationException")]
    [InlineData("UpdateKeyDescription", """{"KeyId":"KEY","Description":"LONG"}""", "ValidationException")]
    [InlineData("ScheduleKeyDeletion", """{"KeyId":"KEY","PendingWindowInDays":6}""", "ValidationException")]
    [InlineData("ScheduleKeyDeletion", """{"KeyId":"KEY","PendingWindowInDays":31}""", "ValidationException")]
    [InlineData("ScheduleKeyDeletion", """{"KeyId":"KEY","PendingWindowInDays":7.5}""", "SerializationException")]
    [InlineData("ScheduleKeyDeletion", """{"KeyId":"KEY","PendingWindowInDays":"7"}""", "SerializationException")]
    [InlineData("CancelKeyDeletion", """{"KeyId":"KEY"}""", "KMSInvalidStateException")]
    [InlineData("CancelKeyDeletion", "{}", "ValidationException")]
    public async Task What_is_wrong_with_a_request_is_an_exception_of_aws(string operation, string body, string exception)
    {
        await ShareServiceAsync();
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string id = (await Client.GenerateAsync("AES-256")).Text("key_id");

        (await Client.CallAsync(
            signer,
            operation,
            body.Replace("KEY", id, StringComparison.Ordinal).Replace("LONG", new string('x', 8193), StringComparison.Ordinal)))
            .ShouldBeException(exception);

        await ShouldShowAsync(signer, id, "Enabled", isEnabled: true);
    }

    /// <summary>E-12: each operation has a permission of its own, and a key that the access key may not know of is not there.</summary>
    [Theory]
    [InlineData("EnableKey", "keys:disable")]
    [InlineData("DisableKey", "keys:disable")]
    [InlineData("UpdateKeyDescription", "keys:update")]
    [InlineData("ScheduleKeyDeletion", "keys:destroy")]
    [InlineData("CancelKeyDeletion", "keys:cancel-deletion")]
    public async Task Who_may_not_or_knows_nothing_of_it_changes_nothing(string operation, string permission)
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string id = (await Client.GenerateAsync("AES-256")).Text("key_id");
        string device = (await Client.RegisterAsync()).ShouldBe(HttpStatusCode.Created).Text("kid");
        using HttpClient other = App.ClientFor(await App.CreateTenantAsync("other"));
        AwsSigner stranger = await other.CreateAccessKeyAsync();
        AwsSigner user = await Client.CreateAccessKeyAsync(new { roles = ApiKeyVerbs.Words("user", "auditor") });
        AwsSigner narrowed = await Client.CreateAccessKeyAsync(new { key_names = ApiKeyVerbs.Words("elsewhere/*") });
        AwsSigner only = await Client.CreateAccessKeyAsync(new { permissions = ApiKeyVerbs.Words(permission) });
        if (operation == "CancelKeyDeletion")
            (await Client.CallAsync(signer, "ScheduleKeyDeletion", new { KeyId = id })).ShouldBe(HttpStatusCode.OK);

        object request = new { KeyId = id, Description = "new" };
        (await Client.CallAsync(user, operation, request)).ShouldBeException("AccessDeniedException");
        Answer outside = (await Client.CallAsync(narrowed, operation, request)).ShouldBeException("NotFoundException");
        Answer foreign = (await Client.CallAsync(stranger, operation, request)).ShouldBeException("NotFoundException");
        foreign.Body.Should().Be(outside.Body);
        string ofDevice = (await App.FindVersionAsync(device)).Key.Id.ToString();
        (await Client.CallAsync(signer, operation, new { KeyId = ofDevice, Description = "new" })).ShouldBeException("NotFoundException");
        Events().Should().HaveCount(operation == "CancelKeyDeletion" ? 2 : 1);

        (await Client.CallAsync(only, operation, request)).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>E-14: what a key is survives a restart.</summary>
    [Fact]
    public async Task A_disabled_key_stays_so_after_a_restart()
    {
        using TemporaryDirectory directory = new();
        string id;
        AwsSigner signer;
        await using (QkmsApplication before = new(directory.Path))
        {
            using HttpClient client = before.Client();
            signer = await client.CreateAccessKeyAsync();
            id = (await client.GenerateAsync("AES-256")).Text("key_id");
            (await client.CallAsync(signer, "DisableKey", new { KeyId = id })).ShouldBe(HttpStatusCode.OK);
        }

        await using QkmsApplication after = new(directory.Path);
        using HttpClient again = after.Client();
        (await again.CallAsync(signer, "GenerateDataKey", new { KeyId = id, KeySpec = "AES_256" })).ShouldBeException("DisabledException");
        (await again.CallAsync(signer, "EnableKey", new { KeyId = id })).ShouldBe(HttpStatusCode.OK);
        (await again.CallAsync(signer, "GenerateDataKey", new { KeyId = id, KeySpec = "AES_256" })).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>Changes at the same time come one after the other: each is written for the row that it was made for.</summary>
    [Fact]
    public async Task Changes_at_the_same_time_leave_one_history()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string id = (await Client.GenerateAsync("AES-256")).Text("key_id");
        string[] operations = ["EnableKey", "DisableKey", "ScheduleKeyDeletion", "CancelKeyDeletion", "UpdateKeyDescription"];

        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Task.Run(() => Client.CallAsync(
            signer, operations[i % operations.Length], new { KeyId = id, Description = $"{i}" }))));
        Answer[] rotations = await Task.WhenAll(Enumerable.Range(0, 5).Select(i => Task.Run(
            () => Client.PostJsonAsync("/kms/keys/rotate", """{"algorithm":"AES-256"}"""))));

        foreach (Answer answer in answers.Where(answer => answer.Status != HttpStatusCode.OK))
            answer.ShouldBeException("KMSInvalidStateException");

        rotations.Should().OnlyContain(answer => answer.Status == HttpStatusCode.Created || answer.Status == HttpStatusCode.Conflict);
        string state = "enabled";
        foreach (string[] change in Events().Where(one => one.StartsWith("key.d", StringComparison.Ordinal)
            || one.StartsWith("key.e", StringComparison.Ordinal)).Select(one => one.Split('|')))
        {
            change[1].Should().Be(state);
            state = change[2];
        }

        JsonNode shown = (await Client.CallAsync(signer, "DescribeKey", new { KeyId = id })).ShouldBe(HttpStatusCode.OK)
            .Json["KeyMetadata"]!;
        ((string?)shown["KeyState"]).Should().Be(
            state switch { "enabled" => "Enabled", "disabled" => "Disabled", _ => "PendingDeletion" });
        App.Log.Lines.Should().NotContain(line => line.StartsWith("Critical", StringComparison.Ordinal));
    }

    private string[] Events()
    {
        using Database database = App.OpenDatabase();
        return
        [
            .. database.Strings(
                "SELECT action || '|' || COALESCE(from_state, '') || '|' || to_state FROM audit_events "
                    + "WHERE stream = 1 AND key_id = (SELECT id FROM keys WHERE name = 'default' AND owner_kind = '') ORDER BY position"),
        ];
    }

    private async Task ShouldShowAsync(AwsSigner signer, string id, string state, bool isEnabled)
    {
        JsonNode described = (await Client.CallAsync(signer, "DescribeKey", new { KeyId = id })).ShouldBe(HttpStatusCode.OK)
            .Json["KeyMetadata"]!;
        ((string?)described["KeyState"], (bool)described["Enabled"]!).Should().Be((state, isEnabled));
        (await Client.CallAsync(signer, "ListKeys", new { })).ShouldBe(HttpStatusCode.OK)
            .Json["Keys"]!.AsArray().Select(key => (string)key!["KeyId"]!).Should().Contain(id);
    }
}
