using Qkms.Core.Idempotency;
using Qkms.Core.Lifecycle;
using Qkms.Tests.Keys;

namespace Qkms.Tests.Rotations;

/// <summary>Rotations of the version that a kid names, now.</summary>
public sealed class RotateVersionTests : ServiceTests
{
    private const string Unknown = "0198f5c2-7d1e-7c3a-9b54-2f0c6a1e8d37";

    /// <summary>A-10, A-11, A-15: the whole new key, linked to the old one both ways.</summary>
    [Fact]
    public async Task A_rotation_by_kid_answers_the_whole_new_key()
    {
        await ShareServiceAsync();
        Answer old = await Client.GenerateAsync("Dilithium3", new { name = "orders", kid = "orders-1" });

        Answer made = (await Client.RotateVersionAsync("orders-1")).ShouldBe(HttpStatusCode.OK);

        made.Data.AsObject().Select(member => member.Key).Should().Equal(old.Data.AsObject().Select(member => member.Key));
        made.Text("status").Should().Be("active");
        made.Number("key_version").Should().Be(2);
        made.Text("key_id").Should().Be(old.Text("key_id"));
        made.Text("algorithm").Should().Be("Dilithium3");
        made.Text("previous_kid").Should().Be("orders-1");
        made.Text("public_key").Should().NotBe(old.Text("public_key"));
        Answer retired = await Client.GetJsonAsync("/kms/keys/orders-1");
        retired.Text("status").Should().Be("retired");
        retired.Text("next_kid").Should().Be(made.Text("kid"));
        (await Client.UseAsync("/signature/sign", new { message = "aGVsbG8=", kid = made.Text("kid") })).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>A-10: `new_key` names the kid of the successor.</summary>
    [Fact]
    public async Task The_successor_can_have_a_kid_of_the_callers_own()
    {
        await ShareServiceAsync();
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });

        Answer made = (await Client.RotateVersionAsync("one", """{"new_key":{"kid":"two"}}""")).ShouldBe(HttpStatusCode.OK);

        made.Text("kid").Should().Be("two");
        Answer taken = await Client.RotateVersionAsync("two", """{"new_key":{"kid":"one"}}""");
        taken.ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_009").Blamed.Should().Equal("new_key.kid");
        (await Client.ActiveAsync(KeyUseVerbs.Aes)).Text("kid").Should().Be("two");
    }

    /// <summary>A-16: the journal shows `active → retired` by rotation, and the new version, each once.</summary>
    [Fact]
    public async Task The_journal_shows_the_retirement_by_rotation()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });
        await Client.RotateVersionAsync("one", """{"new_key":{"kid":"two"}}""");

        EventsOf("one").Should().Equal("key.generated  active ", "key.retired active retired rotation");
        EventsOf("two").Should().Equal("key.rotated  active ");
    }

    /// <summary>A-21: a version has one successor; a revoked, destroyed or waiting one gets none.</summary>
    [Fact]
    public async Task A_version_that_is_over_or_has_a_successor_is_refused()
    {
        await ShareServiceAsync();
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });
        await Client.RotateVersionAsync("one", """{"new_key":{"kid":"two"}}""");

        (await Client.RotateVersionAsync("one")).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_009");
        await Client.RevokeAsync("two");
        (await Client.RotateVersionAsync("two")).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");
        (await Client.DestroyAsync("two")).ShouldBe(HttpStatusCode.Accepted);
        (await Client.RotateVersionAsync("two")).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_010");
        (await Client.DestroyAsync("one")).ShouldBe(HttpStatusCode.Accepted);
        (await Client.RotateVersionAsync("one")).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_010");
        (await Client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(2);
    }

    /// <summary>A-21: of two rotations of one kid at once one succeeds and one is 409, by whatever route.</summary>
    [Fact]
    public async Task Of_parallel_rotations_of_one_kid_one_succeeds()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "k0" });
        for (int round = 0; round < 10; round++)
        {
            Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => i < 6
                ? Client.RotateVersionAsync($"k{round}", $$$"""{"new_key":{"kid":"k{{{round + 1}}}"}}""")
                : Client.PostJsonAsync($"/kms/keys/k{round}/rotations", """{"new_key":{"kid":"k","algorithm":"ML-KEM-768"}}""")));

            answers.Count(answer => answer.Status == HttpStatusCode.OK).Should().Be(1);
            answers[..6].Where(answer => answer.Status != HttpStatusCode.OK).Should()
                .OnlyContain(answer => answer.Status == HttpStatusCode.Conflict && answer.ErrorCode == "ERR_KMS_009");
        }

        JsonArray versions = (await Client.GetJsonAsync("/kms/keys")).Data["keys"]!.AsArray();
        RotateKeyTests.ChainShouldBeWhole(versions, 11);
    }

    /// <summary>A-21: a version that is not the active one is not rotated past it; without an active one the newest is.</summary>
    [Fact]
    public async Task Only_the_active_version_or_the_newest_without_one_is_rotated()
    {
        await ShareServiceAsync();
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });
        await Client.RetireAsync(1, KeyUseVerbs.Aes, new { allow_no_active = true });
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "two" });

        (await Client.RotateVersionAsync("one")).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_004");
        await Client.RetireAsync(2, KeyUseVerbs.Aes, new { allow_no_active = true });
        (await Client.RotateVersionAsync("one")).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_009");
        (await Client.RotateVersionAsync("two")).ShouldBe(HttpStatusCode.OK).Number("key_version").Should().Be(3);
    }

    /// <summary>A-10: other tenants', unknown and malformed kids are all the same "not found".</summary>
    [Theory]
    [InlineData(Unknown)]
    [InlineData("a..b")]
    [InlineData("12")]
    [InlineData("foreign")]
    public async Task A_kid_that_the_caller_does_not_have_is_not_found(string kid)
    {
        HttpClient other = App.ClientFor(await App.CreateTenantAsync("other"));
        await other.GenerateAsync(KeyUseVerbs.Aes, new { kid = "foreign" });

        (await Client.RotateVersionAsync(kid)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await Client.GetJsonAsync($"/kms/keys/{kid}/chain")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await other.GetJsonAsync("/kms/keys/foreign")).Text("status").Should().Be("active");
    }

    /// <summary>A-10: an API key that is limited to other names, or that may not rotate, rotates nothing.</summary>
    [Fact]
    public async Task Permission_and_name_are_checked()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });
        HttpClient user = App.ClientFor(await App.CreateApiKeyAsync(App.InitialApiKey, Roles.User));
        HttpClient narrow = App.ClientFor(
            await App.CreateApiKeyAsync(App.InitialApiKey, Roles.Admin, credential => credential with { KeyScope = "orders" }));

        (await user.RotateVersionAsync("one")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        (await narrow.RotateVersionAsync("one")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await narrow.GetJsonAsync("/kms/keys/one/chain")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await Client.GetJsonAsync("/kms/keys/one")).Text("status").Should().Be("active");
    }

    /// <summary>A-10: what is not a rotation is refused with its field, and changes nothing.</summary>
    [Theory]
    [InlineData("""{"new_key":{"kid":"a..b"}}""", "new_key.kid")]
    [InlineData("""{"new_key":{"kid":"12"}}""", "new_key.kid")]
    [InlineData("""{"new_key":{"algorithm":"ROT-13"}}""", "new_key.algorithm")]
    [InlineData("""{"new_key":{"algorithm":"ML-KEM-768"}}""", "new_key.algorithm")]
    [InlineData("""{"new_key":{"algorithm":"ML-DSA-65"},"allow_algorithm_change":true}""", "new_key.algorithm")]
    [InlineData("""{"new_key":{"algorithm":"AES-256","name":"other"}}""", "new_key")]
    [InlineData("""{"new_key":"two"}""", "new_key")]
    [InlineData("""{"allow_algorithm_change":"yes"}""", "allow_algorithm_change")]
    [InlineData("""{"unknown":1}""", "unknown")]
    [InlineData("[]", "(body)")]
    public async Task A_bad_request_is_refused_with_its_field(string body, string field)
    {
        await ShareServiceAsync();
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });

        (await Client.RotateVersionAsync("one", body)).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001")
            .Blamed.Should().Equal(field);

        (await Client.GetJsonAsync("/kms/keys/one")).Text("status").Should().Be("active");
        (await Client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(1);
    }

    /// <summary>A-10: a kid that somebody takes while the successor is made is refused with its field, and nothing is rotated.</summary>
    [Fact]
    public async Task A_kid_that_is_taken_in_the_meantime_is_refused_with_its_field()
    {
        await ShareServiceAsync();
        Func<Task> meanwhile = () => Task.CompletedTask;
        await using QkmsApplication app = new()
        {
            StoreInFront = store => new StoreWithGap<Done<KeyRotation>>(store, () => meanwhile()),
        };
        using HttpClient client = app.Client();
        await client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });
        meanwhile = () => client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "two", name = "other" });

        (await client.RotateVersionAsync("one", """{"new_key":{"kid":"two"}}"""))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_009").Blamed.Should().Equal("new_key.kid");

        (await client.GetJsonAsync("/kms/keys/one")).Text("status").Should().Be("active");
    }

    /// <summary>A-10: a request that is sent again rotates once.</summary>
    [Fact]
    public async Task A_repeated_request_is_done_once()
    {
        await ShareServiceAsync();
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });

        Answer first = await Client.PostOnceAsync("once", "/kms/keys/one/rotations", "{}");
        Answer again = await Client.PostOnceAsync("once", "/kms/keys/one/rotations", "{}");

        again.ShouldBe(HttpStatusCode.OK).Data.ToJsonString().Should().Be(first.ShouldBe(HttpStatusCode.OK).Data.ToJsonString());
        again.Headers["Idempotency-Replayed"].Should().Be("true");
        (await Client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(2);
        (await Client.PostOnceAsync("once", "/kms/keys/one/rotations", """{"new_key":{"kid":"x"}}"""))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_012");
    }

    private List<string> EventsOf(string kid)
    {
        using Database database = App.OpenDatabase();
        return
        [
            .. database.Strings(
                "SELECT action || ' ' || COALESCE(from_state, '') || ' ' || COALESCE(to_state, '') || ' ' || COALESCE(reason, '') "
                + $"FROM audit_events WHERE kid = '{kid}' ORDER BY id"),
        ];
    }
}
