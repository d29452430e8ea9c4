using Qkms.Core.Uses;
using Qkms.Tests.Rotations;

namespace Qkms.Tests.Uses;

/// <summary>Uses are counted exactly, and none is answered beyond the limit.</summary>
public sealed class UsageLimitTests : ServiceTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    /// <summary>A-32: 50 parallel callers on a limit of 100 have exactly 100 uses, and across a restart not one more.</summary>
    [Fact]
    public async Task Fifty_callers_on_a_limit_of_100_have_exactly_100_uses()
    {
        using TemporaryDirectory directory = new();
        string kid;
        await using (QkmsApplication app = new(directory.Path))
        {
            using HttpClient client = app.Client();
            kid = (await client.GenerateAsync(KeyUseVerbs.Aes, new { max_usage_limit = 100 })).Text("kid");

            (int answered, int refused) = await RunAsync(client, callers: 50, each: 1);
            (answered, refused).Should().Be((50, 0));
            (await client.GetJsonAsync($"/kms/keys/{kid}")).Number("usage_count").Should().Be(50);
        }

        await using (QkmsApplication again = new(directory.Path))
        {
            using HttpClient client = again.Client();

            (int answered, int refused) = await RunAsync(client, callers: 50, each: 3);

            (answered, refused).Should().Be((50, 100));
            Answer shown = await client.GetJsonAsync($"/kms/keys/{kid}");
            shown.Number("usage_count").Should().Be(100);
            shown.Text("status").Should().Be("expired");
            shown.Data["last_used_at"].Should().NotBeNull();
            using Database database = again.OpenDatabase();
            database.Strings("SELECT reason FROM audit_events WHERE action = 'key.used' ORDER BY position")
                .Should().Equal(Enumerable.Range(1, 100).Select(used => $"encrypt 1, {used} in all"));
        }
    }

    /// <summary>A-32: of the items of a batch the first are answered, as many as are left; refused ones are no uses.</summary>
    [Fact]
    public async Task Of_a_batch_as_many_items_are_answered_as_uses_are_left()
    {
        string kid = (await Client.GenerateAsync("RSA-2048", new { max_usage_limit = 3 })).Text("kid");
        string tooLong = Convert.ToBase64String(new byte[300]);

        Answer batch = await Client.PostJsonAsync(
            "/crypto/encrypt",
            $$"""
            {"algorithm":"RSA-2048","items":[{"plaintext":"AA=="},{"plaintext":"{{tooLong}}"},{"plaintext":"AQ=="},{"plaintext":"Ag=="},
            {"plaintext":"Aw=="},{"plaintext":"BA=="}]}
            """);

        batch.ShouldBe(HttpStatusCode.OK);
        batch.Data["items"]!.AsArray().Select(item => (string?)item!["error"]?["error_code"])
            .Should().Equal(null, "ERR_INVALID_001", null, null, "ERR_KMS_007", "ERR_KMS_007");
        (await Client.GetJsonAsync($"/kms/keys/{kid}")).Number("usage_count").Should().Be(3);
        (await Client.PostJsonAsync("/crypto/encrypt", """{"algorithm":"RSA-2048","items":[{"plaintext":"AA=="}]}"""))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_007");
    }

    /// <summary>A-32: decryption counts and ends with the limit, verification does neither, and a request that fails is no use.</summary>
    [Fact]
    public async Task Verification_does_not_count_and_nothing_comes_back_by_failing()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { max_usage_limit = 3 });
        string signer = (await Client.GenerateAsync(KeyUseVerbs.Dsa, new { max_usage_limit = 1 })).Text("kid");
        string ciphertext = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "AA==" })).Text("ciphertext");
        string signature = (await Client.MustUseAsync("/signature/sign", new { message = "AA==" })).Text("signature");

        for (int i = 0; i < 3; i++)
        {
            (await Client.MustUseAsync("/signature/verify", new { message = "AA==", signature, kid = signer }))
                .Data["valid"]!.GetValue<bool>().Should().BeTrue();
            (await Client.UseAsync("/crypto/decrypt", new { ciphertext, context = new { wrong = "one" } })).ShouldNotDecrypt();
        }

        (await Client.ActiveAsync(KeyUseVerbs.Aes)).Number("usage_count").Should().Be(1);
        (await Client.ActiveAsync(KeyUseVerbs.Dsa)).Number("usage_count").Should().Be(1);
        await Client.MustUseAsync("/crypto/decrypt", new { ciphertext });
        await Client.MustUseAsync("/crypto/decrypt", new { ciphertext });
        (await Client.UseAsync("/crypto/decrypt", new { ciphertext })).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_007");
        (await Client.UseAsync("/signature/sign", new { message = "AA==" })).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_007");
    }

    /// <summary>A-31: from the soft limit on every response warns, in its head and in its data; before it none does.</summary>
    [Fact]
    public async Task Responses_warn_from_the_soft_usage_limit_on()
    {
        string kid = (await Client.GenerateAsync(KeyUseVerbs.Dsa, new { soft_usage_limit = 2, max_usage_limit = 9 })).Text("kid");

        Answer first = await Client.MustUseAsync("/signature/sign", new { message = "AA==" });
        Answer second = await Client.MustUseAsync("/signature/sign", new { message = "AA==" });
        App.Time.OutliveCaches();
        Answer verified = await Client.MustUseAsync("/signature/verify", new { message = "AA==", signature = first.Text("signature") });
        Answer items = await Client.PostJsonAsync("/signature/sign", """{"items":[{"message":"AA=="},{"message":"AQ=="}]}""");
        Answer verifiedItems = await Client.PostJsonAsync(
            "/signature/verify", $$"""{"items":[{"message":"AA==","signature":"{{first.Text("signature")}}"}]}""");

        first.Headers.Should().NotContainKey("X-Key-Usage-Limit-Warning");
        first.Data["warnings"]!.AsArray().Should().BeEmpty();
        ShouldWarn(second, 2);
        ShouldWarn(verified, 2);
        ShouldWarn(items, 4);
        ShouldWarn(verifiedItems);

        void ShouldWarn(Answer answer, int? used = null)
        {
            answer.ShouldBe(HttpStatusCode.OK).Headers["X-Key-Usage-Limit-Warning"].Should()
                .Match($"used={used?.ToString() ?? "*"}; soft=2; max=9; kid=\"{kid}\"");
            answer.Data["warnings"]!.AsArray().Select(warning => (string?)warning).Should().ContainSingle()
                .Which.Should().Match($"{used?.ToString() ?? "*"} of 9 uses of key '{kid}' are used; its soft limit is 2.");
        }
    }

    /// <summary>A-31: from the soft expiry on every response warns, those of each kind of operation and of items too.</summary>
    [Fact]
    public async Task Responses_warn_from_the_soft_expiry_on()
    {
        DateTimeOffset now = App.Time.GetUtcNow();
        object limits = new { soft_limit_expiration = now.AddDays(5), expires_at = now.AddDays(10) };
        await Client.GenerateAsync(KeyUseVerbs.Aes, limits);
        await Client.GenerateAsync(KeyVerbs.Kem, limits);
        string ciphertext = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "AA==" })).Text("ciphertext");
        App.Time.Pass(TimeSpan.FromDays(6));

        Answer dataKey = await Client.MustUseAsync("/data-keys/generate", new { });
        Answer encapsulated = await Client.MustUseAsync("/kem/encapsulate", new { });
        Answer[] answers =
        [
            await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "AA==" }),
            await Client.MustUseAsync("/crypto/encrypt", new { items = new[] { new { plaintext = "AA==" } } }),
            await Client.MustUseAsync("/crypto/decrypt", new { ciphertext }),
            await Client.MustUseAsync("/crypto/decrypt", new { items = new[] { new { ciphertext } } }),
            await Client.MustUseAsync("/crypto/re-encrypt", new { ciphertext }),
            await Client.MustUseAsync("/crypto/re-encrypt", new { items = new[] { new { ciphertext } } }),
            dataKey,
            await Client.MustUseAsync("/data-keys/decrypt", new { ciphertext = dataKey.Text("ciphertext") }),
            await Client.MustUseAsync("/data-keys/decrypt", new { items = new[] { new { ciphertext = dataKey.Text("ciphertext") } } }),
            encapsulated,
            await Client.MustUseAsync("/kem/decapsulate", new { kem_ciphertext = encapsulated.Text("kem_ciphertext") }),
            await Client.MustUseAsync("/kem/encrypt", new { plaintext = "AA==" }),
            await Client.MustUseAsync("/kem/key/wrap", new { symmetric_key = "AAAA" }),
        ];

        foreach (Answer answer in answers)
        {
            answer.Headers["X-Key-Expiration-Warning"].Should()
                .Match("soft=\"20??-*Z\"; expires=\"20??-*Z\"; seconds=34????; kid=\"*\"", answer.Body);
            answer.Data["warnings"]!.AsArray().Select(warning => (string?)warning).Should().NotBeEmpty(answer.Body)
                .And.OnlyContain(warning => warning!.Contains("' expires at "));
        }
    }

    /// <summary>A-30: a soft usage limit that is reached starts a rotation, once, where auto_rotate is set.</summary>
    [Fact]
    public async Task A_soft_usage_limit_rotates_the_key_where_auto_rotate_is_set()
    {
        object limits = new { soft_usage_limit = 2, max_usage_limit = 9 };
        string kept = (await Client.GenerateAsync(KeyUseVerbs.Dsa, limits)).Text("kid");
        string kid = (await Client.GenerateAsync(
            KeyUseVerbs.Aes, new { soft_usage_limit = 2, max_usage_limit = 9, auto_rotate = true })).Text("kid");
        for (int i = 0; i < 3; i++)
        {
            await Client.MustUseAsync("/signature/sign", new { message = "" });
            await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "" });
        }

        // The service may have looked by itself already; a clock that jumped it would not believe.
        await App.RotateDueAsync(TimeSpan.FromHours(1));

        (await Client.ActiveAsync(KeyUseVerbs.Dsa)).Text("kid").Should().Be(kept);
        Answer next = await Client.ActiveAsync(KeyUseVerbs.Aes);
        next.Number("key_version").Should().Be(2);
        next.Text("previous_kid").Should().Be(kid);
        next.Number("usage_count").Should().Be(0);
        next.Number("soft_usage_limit").Should().Be(2);
        (await Client.GetJsonAsync($"/kms/keys/{kid}")).Number("usage_count").Should().Be(3);
    }

    /// <summary>A-32: a version that is revoked while its use waits to be counted is refused, and the use is not counted.</summary>
    [Theory]
    [InlineData(100)]
    [InlineData(null)]
    public async Task A_version_that_was_revoked_meanwhile_is_refused(int? limit)
    {
        string kid = (await Client.GenerateAsync(KeyUseVerbs.Aes, new { max_usage_limit = limit })).Text("kid");
        (_, KeyVersion version) = await App.FindVersionAsync(kid);
        (await Client.RevokeAsync(kid)).ShouldBe(HttpStatusCode.NoContent);

        Caller caller = new(version.TenantId, default, new Access(Roles.Admin, null, null), RequestId: default);
        UseRecorder recorder = App.Services.GetRequiredService<UseRecorder>();
        KmsException refusal = (await recorder.Awaiting(r => r.RecordAsync(caller, version, KeyOperation.Encrypt, 1).WaitAsync(_patience))
            .Should().ThrowAsync<KmsException>()).Which;

        refusal.Error.Should().Be(KmsErrors.KeyRevoked);
        (await Client.GetJsonAsync($"/kms/keys/{kid}")).Number("usage_count").Should().Be(0);
    }

    /// <summary>A-32: a counter that was set back, edited or deleted stops the uses of its version: it is not counted from there.</summary>
    [Theory]
    [InlineData("UPDATE key_usage SET used = 0")]
    [InlineData("UPDATE key_usage SET last_used_at = 5")]
    [InlineData("UPDATE key_usage SET row_version = 9")]
    [InlineData("UPDATE key_usage SET seal = NULL")]
    [InlineData("DELETE FROM key_usage")]
    public async Task A_counter_that_was_tampered_with_stops_the_uses(string attack)
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { max_usage_limit = 2 });
        await Client.GenerateAsync(KeyUseVerbs.Dsa);
        await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "" });
        using (Database database = App.OpenDatabase())
            database.Execute(attack);

        (await Client.UseAsync("/crypto/encrypt", new { plaintext = "" }))
            .ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        await Client.MustUseAsync("/signature/sign", new { message = "" });
    }

    /// <summary>A-32: an old row of a counter, put back as it was, is noticed by the process that has counted further.</summary>
    [Fact]
    public async Task An_old_counter_is_noticed_by_who_has_counted_further()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { max_usage_limit = 2 });
        using Database database = App.OpenDatabase();
        byte[] seal = database.Bytes("SELECT seal FROM key_usage").Single();
        await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "" });
        database.Execute("UPDATE key_usage SET used = 0, last_used_at = NULL, row_version = 1, seal = @seal", ("seal", seal));

        (await Client.UseAsync("/crypto/encrypt", new { plaintext = "" }))
            .ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
    }

    private static async Task<(int Answered, int Refused)> RunAsync(HttpClient client, int callers, int each)
    {
        Answer[][] answers = await Task.WhenAll(Enumerable.Range(0, callers).Select(async _ =>
        {
            List<Answer> mine = [];
            for (int i = 0; i < each; i++)
                mine.Add(await client.UseAsync("/crypto/encrypt", new { plaintext = "AA==" }));

            return mine.ToArray();
        }));
        Answer[] all = [.. answers.SelectMany(mine => mine)];
        foreach (Answer refused in all.Where(answer => answer.Status != HttpStatusCode.OK))
            refused.ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_007");

        return (all.Count(answer => answer.Status == HttpStatusCode.OK), all.Count(answer => answer.Status != HttpStatusCode.OK));
    }
}
