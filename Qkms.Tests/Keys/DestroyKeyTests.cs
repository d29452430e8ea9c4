namespace Qkms.Tests.Keys;

/// <summary>Ordering a destruction, calling it off, and what is left of a destroyed version.</summary>
public sealed class DestroyKeyTests
{
    // Q-30
    [Theory]
    [InlineData(null, 30)]
    [InlineData("null", 30)]
    [InlineData("{}", 30)]
    [InlineData("""{"waiting_days":null,"reason":null}""", 30)]
    [InlineData("""{"waiting_days":7}""", 7)]
    [InlineData("""{"waiting_days":30,"reason":"replaced"}""", 30)]
    public async Task A_retired_version_waits_for_its_destruction(string? body, int days)
    {
        await using QkmsApplication app = new();
        using HttpClient client = app.Client();
        Answer retired = await client.GenerateRetiredAsync();
        string kid = retired.Text("kid");
        DateTimeOffset before = app.Time.GetUtcNow();

        Answer waiting = (await client.DestroyAsync(kid, body)).ShouldBe(HttpStatusCode.Accepted);

        waiting.Text("status").Should().Be("pending_destruction");
        DateTimeOffset date = DateTimeOffset.Parse(waiting.Text("destroy_at"), System.Globalization.CultureInfo.InvariantCulture);
        date.Should().BeOnOrAfter(before.AddDays(days).AddMilliseconds(-1)).And.BeOnOrBefore(app.Time.GetUtcNow().AddDays(days));
        waiting.Data["destroyed_at"].Should().BeNull();
        waiting.Text("retired_at").Should().Be(retired.Text("retired_at"));
        (await client.GetJsonAsync($"/kms/keys/{kid}")).Data.ToJsonString().Should().Be(waiting.Data.ToJsonString());
        (await client.GetJsonAsync($"/kms/keys/{kid}/public-key")).ShouldBe(HttpStatusCode.OK);
        (await client.GetJsonAsync("/kms/keys?status=pending_destruction")).Number("total").Should().Be(1);
        (await client.GetJsonAsync("/kms/keys?status=retired")).Number("total").Should().Be(0);
    }

    // Q-30
    [Theory]
    [InlineData("""{"waiting_days":6}""", "waiting_days")]
    [InlineData("""{"waiting_days":31}""", "waiting_days")]
    [InlineData("""{"waiting_days":0}""", "waiting_days")]
    [InlineData("""{"waiting_days":-7}""", "waiting_days")]
    [InlineData("""{"waiting_days":7.5}""", "waiting_days")]
    [InlineData("""{"waiting_days":"7"}""", "waiting_days")]
    [InlineData("""{"days":7}""", "days")]
    [InlineData("[]", "(body)")]
    public async Task An_order_that_is_not_as_described_changes_nothing(string body, string field)
    {
        await using QkmsApplication app = new();
        using HttpClient client = app.Client();
        string kid = (await client.GenerateRetiredAsync()).Text("kid");

        (await client.DestroyAsync(kid, body)).ShouldBlame(field);
        (await client.DestroyAsync(kid, $$"""{"reason":"{{new string('x', 257)}}"}""")).ShouldBlame("reason");
        (await client.CancelDeletionAsync(kid, $$"""{"reason":"{{new string('x', 257)}}"}""")).ShouldBlame("reason");

        (await client.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be("retired");
    }

    // Q-30: a repeated order is answered like the first, and cannot bring the date nearer.
    [Fact]
    public async Task The_date_stands_until_it_is_cancelled()
    {
        await using QkmsApplication app = new();
        using HttpClient client = app.Client();
        string kid = (await client.GenerateRetiredAsync()).Text("kid");
        Answer first = await client.DestroyAsync(kid);
        app.Time.Pass(TimeSpan.FromDays(1));

        foreach (string? body in new[] { null, """{"waiting_days":7}""" })
            (await client.DestroyAsync(kid, body)).ShouldBe(HttpStatusCode.Accepted).Data.ToJsonString().Should().Be(first.Data.ToJsonString());

        (await client.CancelDeletionAsync(kid)).ShouldBe(HttpStatusCode.OK);
        (await client.DestroyAsync(kid, """{"waiting_days":7}""")).Text("destroy_at").Should().NotBe(first.Text("destroy_at"));
    }

    // Q-30
    [Fact]
    public async Task An_active_version_is_not_destroyed()
    {
        await using QkmsApplication app = new();
        using HttpClient client = app.Client();
        string kid = (await client.GenerateAsync(KeyUseVerbs.Aes)).Text("kid");

        (await client.DestroyAsync(kid)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_005");
        await app.RewriteAsync(kid, version => version with { ExpiresAt = version.CreatedAt });
        (await client.DestroyAsync(kid)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_005");
        await app.RewriteAsync(kid, version => version with { ExpiresAt = null });

        (await client.ActiveAsync(KeyUseVerbs.Aes)).Text("status").Should().Be("active");
        await client.MustUseAsync("/crypto/encrypt", new { plaintext = "aGVsbG8=" });
    }

    // Q-30: it is again what it was before.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_cancelled_destruction_leaves_no_trace_in_the_version(bool revoked)
    {
        await using QkmsApplication app = new();
        using HttpClient client = app.Client();
        string kid = (await client.GenerateAsync(KeyUseVerbs.Aes)).Text("kid");
        string ciphertext = (await client.MustUseAsync("/crypto/encrypt", new { plaintext = "aGVsbG8=" })).Text("ciphertext");
        if (revoked)
            await client.RevokeAsync(kid);
        else
            await client.RetireAsync(1, KeyUseVerbs.Aes, ",\"allow_no_active\":true");

        string before = (await client.GetJsonAsync($"/kms/keys/{kid}")).Data.ToJsonString();
        await client.DestroyAsync(kid);
        (await client.UseAsync("/crypto/decrypt", new { ciphertext })).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_010");

        (await client.CancelDeletionAsync(kid)).ShouldBe(HttpStatusCode.OK).Data.ToJsonString().Should().Be(before);

        (await client.GetJsonAsync($"/kms/keys/{kid}")).Data.ToJsonString().Should().Be(before);
        Answer use = await client.UseAsync("/crypto/decrypt", new { ciphertext });
        (use.ErrorCode ?? use.Text("plaintext")).Should().Be(revoked ? "ERR_KMS_006" : "aGVsbG8=");
        (await app.SweepAfterAsync(TimeSpan.FromDays(31))).Should().Be(0);
    }

    // Q-30
    [Fact]
    public async Task Cancelling_what_does_not_wait_changes_nothing()
    {
        await using QkmsApplication app = new();
        using HttpClient client = app.Client();
        string retired = (await client.GenerateAsync()).Text("kid");
        string revoked = (await client.RotateAsync()).Text("kid");
        await client.RevokeAsync(revoked);
        string active = (await client.GenerateAsync()).Text("kid");

        foreach ((string kid, string status) in new[] { (retired, "retired"), (revoked, "revoked"), (active, "active") })
            (await client.CancelDeletionAsync(kid)).ShouldBe(HttpStatusCode.OK).Text("status").Should().Be(status);

        (await client.CancelDeletionAsync("unknown")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await client.DestroyAsync("unknown")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await client.DestroyAsync("1")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
    }

    // Q-30: a leak that shows while it waits is answered without a moment in which the key works again.
    [Fact]
    public async Task A_waiting_version_is_revoked_and_not_retired()
    {
        await using QkmsApplication app = new();
        using HttpClient client = app.Client();
        string kid = (await client.GenerateRetiredAsync()).Text("kid");
        string date = (await client.DestroyAsync(kid)).Text("destroy_at");

        (await client.RetireAsync(1)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_010");
        (await client.RevokeAsync(kid)).ShouldBe(HttpStatusCode.NoContent);
        Answer shown = await client.GetJsonAsync($"/kms/keys/{kid}");
        $"{shown.Text("status")} {shown.Text("destroy_at")}".Should().Be($"pending_destruction {date}");

        (await client.CancelDeletionAsync(kid)).Text("status").Should().Be("revoked");
    }

    // Q-30
    [Fact]
    public async Task Of_a_destroyed_version_metadata_and_public_key_are_left()
    {
        await using QkmsApplication app = new();
        using HttpClient client = app.Client();
        string first = (await client.GenerateAsync()).Text("kid");
        string second = (await client.RotateAsync()).Text("kid");
        Answer waiting = await client.DestroyAsync(first);
        string publicKey = (await client.GetJsonAsync($"/kms/keys/{first}/public-key")).Body;

        (await app.SweepAfterAsync(TimeSpan.FromDays(30))).Should().Be(1);

        Answer shown = await client.GetJsonAsync($"/kms/keys/{first}");
        shown.Text("status").Should().Be("destroyed");
        shown.Data["destroy_at"].Should().BeNull();
        shown.Text("destroyed_at").CompareTo(waiting.Text("destroy_at")).Should().BeGreaterThanOrEqualTo(0);
        foreach (string member in new[] { "kid", "key_id", "public_key", "created_at", "next_kid", "retired_at" })
            shown.Text(member).Should().Be(waiting.Text(member));

        (await client.GetJsonAsync($"/kms/keys/{first}/public-key")).Body.Should().Be(publicKey);
        (await client.DestroyAsync(first)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_010");
        (await client.CancelDeletionAsync(first)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_010");
        (await client.RevokeAsync(first)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_010");
        (await client.RetireAsync(1)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_010");
        (await client.UseAsync("/kem/encapsulate", new { kid = first })).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_010")
            .ShouldNameNext("ERR_KMS_010", second);
        (await client.ActiveAsync()).Text("previous_kid").Should().Be(first);
    }

    // Q-30: destroyed versions are listed and counted in lists; what a plan allows is counted without them.
    [Fact]
    public async Task Numbers_and_kids_of_destroyed_versions_are_never_used_again()
    {
        await using QkmsApplication app = new();
        using HttpClient client = app.Client();
        string kid = (await client.GenerateAsync(extra: ",\"kid\":\"mine\"")).Text("kid");
        await client.RetireAsync(1, extra: ",\"allow_no_active\":true");
        await client.DestroyAsync(kid);
        (await client.PostJsonAsync("/kms/keys/rotate", """{"algorithm":"ML-KEM-768"}""")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        await app.SweepAfterAsync(TimeSpan.FromDays(30));

        (await client.PostJsonAsync("/kms/keys/generate", """{"algorithm":"ML-KEM-768","kid":"mine"}""")).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_009");
        Answer next = await client.GenerateAsync();

        next.Number("key_version").Should().Be(2);
        (await client.RotateAsync()).Number("key_version").Should().Be(3);
        (await client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(3);
        JsonArray destroyed = (await client.GetJsonAsync("/kms/keys?status=destroyed")).Data["keys"]!.AsArray();
        destroyed.Select(version => (string)version!["kid"]!).Should().Equal("mine");
        Key key = (await app.FindVersionAsync(kid)).Key;
        (key.VersionCount, key.DestroyedCount).Should().Be((3, 1));
    }

    // Q-30: more people may stop a destruction than order one.
    [Fact]
    public async Task Ordering_and_cancelling_are_two_permissions()
    {
        await using QkmsApplication app = new();
        using HttpClient admin = app.Client();
        string kid = (await admin.GenerateRetiredAsync(name: "app/a")).Text("kid");
        using HttpClient saver = await app.NarrowedClientAsync("keys:cancel-deletion");
        using HttpClient destroyer = await app.NarrowedClientAsync("keys:destroy", "app/*");
        using HttpClient stranger = await app.NarrowedClientAsync(keyScope: "web");

        (await saver.DestroyAsync(kid)).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        (await stranger.DestroyAsync(kid)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await destroyer.DestroyAsync(kid)).ShouldBe(HttpStatusCode.Accepted);
        (await destroyer.CancelDeletionAsync(kid)).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        (await stranger.CancelDeletionAsync(kid)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await saver.CancelDeletionAsync(kid)).ShouldBe(HttpStatusCode.OK);
    }
}
