namespace Qkms.Tests.Keys;

/// <summary>Ordering a destruction, calling it off, and what is left of a destroyed version.</summary>
public sealed class DestroyKeyTests : ServiceTests
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
        await ShareServiceAsync();
        Answer retired = await Client.GenerateRetiredAsync();
        string kid = retired.Text("kid");
        DateTimeOffset before = Now;

        Answer waiting = (await Client.DestroyAsync(kid, body)).ShouldBe(HttpStatusCode.Accepted);

        waiting.Text("status").Should().Be("pending_destruction");
        DateTimeOffset date = DateTimeOffset.Parse(waiting.Text("destroy_at"), System.Globalization.CultureInfo.InvariantCulture);
        date.Should().BeOnOrAfter(before.AddDays(days).AddMilliseconds(-1)).And.BeOnOrBefore(Now.AddDays(days));
        waiting.Data["destroyed_at"].Should().BeNull();
        waiting.Text("retired_at").Should().Be(retired.Text("retired_at"));
        (await Client.GetJsonAsync($"/kms/keys/{kid}")).Data.ToJsonString().Should().Be(waiting.Data.ToJsonString());
        (await Client.GetJsonAsync($"/kms/keys/{kid}/public-key")).ShouldBe(HttpStatusCode.OK);
        (await Client.GetJsonAsync("/kms/keys?status=pending_destruction")).Number("total").Should().Be(1);
        (await Client.GetJsonAsync("/kms/keys?status=retired")).Number("total").Should().Be(0);
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
        await ShareServiceAsync();
        string kid = (await Client.GenerateRetiredAsync()).Text("kid");

        (await Client.DestroyAsync(kid, body)).ShouldBlame(field);
        (await Client.DestroyAsync(kid, $$"""{"reason":"{{new string('x', 257)}}"}""")).ShouldBlame("reason");
        (await Client.CancelDeletionAsync(kid, $$"""{"reason":"{{new string('x', 257)}}"}""")).ShouldBlame("reason");

        (await Client.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be("retired");
    }

    /// <summary>F-64: the waiting time in the query, which proxies keep where they drop the body of a DELETE.</summary>
    [Theory]
    [InlineData("waiting_days=7", null, 7)]
    [InlineData("waiting_days=7", "null", 7)]
    [InlineData("waiting_days=7", "{}", 7)]
    [InlineData("waiting_days=9", """{"reason":"replaced"}""", 9)]
    [InlineData("waiting_days=12", """{"waiting_days":12}""", 12)]
    public async Task The_waiting_time_can_stand_in_the_query(string query, string? body, int days)
    {
        await ShareServiceAsync();
        string kid = (await Client.GenerateRetiredAsync()).Text("kid");

        Answer waiting = (await Client.SendJsonAsync(HttpMethod.Delete, $"/kms/keys/{kid}?{query}", body))
            .ShouldBe(HttpStatusCode.Accepted);

        DateTimeOffset date = DateTimeOffset.Parse(waiting.Text("destroy_at"), System.Globalization.CultureInfo.InvariantCulture);
        (date - Now).TotalDays.Should().BeApproximately(days, 0.01);
    }

    /// <summary>F-64: a query that is not as described, or says another time than the body, changes nothing.</summary>
    [Theory]
    [InlineData("waiting_days=6", null)]
    [InlineData("waiting_days=31", "{}")]
    [InlineData("waiting_days=", null)]
    [InlineData("waiting_days=7.0", null)]
    [InlineData("waiting_days=7&waiting_days=7", null)]
    [InlineData("waiting_days=7", """{"waiting_days":8}""")]
    [InlineData("waiting_days=30", """{"waiting_days":7,"reason":"replaced"}""")]
    public async Task A_waiting_time_that_is_not_clear_changes_nothing(string query, string? body)
    {
        await ShareServiceAsync();
        string kid = (await Client.GenerateRetiredAsync()).Text("kid");

        (await Client.SendJsonAsync(HttpMethod.Delete, $"/kms/keys/{kid}?{query}", body)).ShouldBlame("waiting_days");

        (await Client.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be("retired");
    }

    /// <summary>F-64: an Idempotency-Key stands for one waiting time, wherever it was given.</summary>
    [Fact]
    public async Task The_query_is_part_of_what_is_repeated()
    {
        await ShareServiceAsync();
        string kid = (await Client.GenerateRetiredAsync()).Text("kid");
        Answer first = (await Client.SendOnceAsync("one", HttpMethod.Delete, $"/kms/keys/{kid}?waiting_days=7", null))
            .ShouldBe(HttpStatusCode.Accepted);

        Answer again = (await Client.SendOnceAsync("one", HttpMethod.Delete, $"/kms/keys/{kid}", """{"waiting_days":7}"""))
            .ShouldBe(HttpStatusCode.Accepted);
        again.Text("destroy_at").Should().Be(first.Text("destroy_at"));
        again.Headers["Idempotency-Replayed"].Should().Be("true");
        foreach (string other in new[] { "?waiting_days=8", "" })
        {
            (await Client.SendOnceAsync("one", HttpMethod.Delete, $"/kms/keys/{kid}{other}", null))
                .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_012");
        }
    }

    // Q-30: a repeated order is answered like the first, and cannot bring the date nearer.
    [Fact]
    public async Task The_date_stands_until_it_is_cancelled()
    {
        string kid = (await Client.GenerateRetiredAsync()).Text("kid");
        Answer first = await Client.DestroyAsync(kid);
        App.Time.Pass(TimeSpan.FromDays(1));

        foreach (string? body in new[] { null, """{"waiting_days":7}""" })
            (await Client.DestroyAsync(kid, body)).ShouldBe(HttpStatusCode.Accepted).Data.ToJsonString()
                .Should().Be(first.Data.ToJsonString());

        (await Client.CancelDeletionAsync(kid)).ShouldBe(HttpStatusCode.OK);
        (await Client.DestroyAsync(kid, """{"waiting_days":7}""")).Text("destroy_at").Should().NotBe(first.Text("destroy_at"));
    }

    // Q-30
    [Fact]
    public async Task An_active_version_is_not_destroyed()
    {
        string kid = (await Client.GenerateAsync(KeyUseVerbs.Aes)).Text("kid");

        (await Client.DestroyAsync(kid)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_005");
        await App.RewriteAsync(kid, version => version with { ExpiresAt = version.CreatedAt });
        (await Client.DestroyAsync(kid)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_005");
        await App.RewriteAsync(kid, version => version with { ExpiresAt = null });

        (await Client.ActiveAsync(KeyUseVerbs.Aes)).Text("status").Should().Be("active");
        await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "aGVsbG8=" });
    }

    // Q-30: it is again what it was before.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_cancelled_destruction_leaves_no_trace_in_the_version(bool revoked)
    {
        string kid = (await Client.GenerateAsync(KeyUseVerbs.Aes)).Text("kid");
        string ciphertext = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "aGVsbG8=" })).Text("ciphertext");
        if (revoked)
            await Client.RevokeAsync(kid);
        else
            await Client.RetireAsync(1, KeyUseVerbs.Aes, new { allow_no_active = true });

        string before = (await Client.GetJsonAsync($"/kms/keys/{kid}")).Data.ToJsonString();
        await Client.DestroyAsync(kid);
        (await Client.UseAsync("/crypto/decrypt", new { ciphertext })).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_010");

        (await Client.CancelDeletionAsync(kid)).ShouldBe(HttpStatusCode.OK).Data.ToJsonString().Should().Be(before);

        (await Client.GetJsonAsync($"/kms/keys/{kid}")).Data.ToJsonString().Should().Be(before);
        Answer use = await Client.UseAsync("/crypto/decrypt", new { ciphertext });
        (use.ErrorCode ?? use.Text("plaintext")).Should().Be(revoked ? "ERR_KMS_006" : "aGVsbG8=");
        (await App.SweepAfterAsync(TimeSpan.FromDays(31))).Should().Be(0);
    }

    // Q-30
    [Fact]
    public async Task Cancelling_what_does_not_wait_changes_nothing()
    {
        await ShareServiceAsync();
        string retired = (await Client.GenerateAsync()).Text("kid");
        string revoked = (await Client.RotateAsync()).Text("kid");
        await Client.RevokeAsync(revoked);
        string active = (await Client.GenerateAsync()).Text("kid");

        foreach ((string kid, string status) in new[] { (retired, "retired"), (revoked, "revoked"), (active, "active") })
            (await Client.CancelDeletionAsync(kid)).ShouldBe(HttpStatusCode.OK).Text("status").Should().Be(status);

        (await Client.CancelDeletionAsync("unknown")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await Client.DestroyAsync("unknown")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await Client.DestroyAsync("1")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
    }

    // Q-30: a leak that shows while it waits is answered without a moment in which the key works again.
    [Fact]
    public async Task A_waiting_version_is_revoked_and_not_retired()
    {
        await ShareServiceAsync();
        string kid = (await Client.GenerateRetiredAsync()).Text("kid");
        string date = (await Client.DestroyAsync(kid)).Text("destroy_at");

        (await Client.RetireAsync(1)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_010");
        (await Client.RevokeAsync(kid)).ShouldBe(HttpStatusCode.NoContent);
        Answer shown = await Client.GetJsonAsync($"/kms/keys/{kid}");
        $"{shown.Text("status")} {shown.Text("destroy_at")}".Should().Be($"pending_destruction {date}");

        (await Client.CancelDeletionAsync(kid)).Text("status").Should().Be("revoked");
    }

    // Q-30
    [Fact]
    public async Task Of_a_destroyed_version_metadata_and_public_key_are_left()
    {
        string first = (await Client.GenerateAsync()).Text("kid");
        string second = (await Client.RotateAsync()).Text("kid");
        Answer waiting = await Client.DestroyAsync(first);
        string publicKey = (await Client.GetJsonAsync($"/kms/keys/{first}/public-key")).Body;

        (await App.SweepAfterAsync(TimeSpan.FromDays(30))).Should().Be(1);

        Answer shown = await Client.GetJsonAsync($"/kms/keys/{first}");
        shown.Text("status").Should().Be("destroyed");
        shown.Data["destroy_at"].Should().BeNull();
        shown.Text("destroyed_at").CompareTo(waiting.Text("destroy_at")).Should().BeGreaterThanOrEqualTo(0);
        foreach (string member in new[] { "kid", "key_id", "public_key", "created_at", "next_kid", "retired_at" })
            shown.Text(member).Should().Be(waiting.Text(member));

        (await Client.GetJsonAsync($"/kms/keys/{first}/public-key")).Body.Should().Be(publicKey);
        (await Client.DestroyAsync(first)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_010");
        (await Client.CancelDeletionAsync(first)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_010");
        (await Client.RevokeAsync(first)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_010");
        (await Client.RetireAsync(1)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_010");
        (await Client.UseAsync("/kem/encapsulate", new { kid = first })).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_010")
            .ShouldNameNext("ERR_KMS_010", second);
        (await Client.ActiveAsync()).Text("previous_kid").Should().Be(first);
    }

    // Q-30: destroyed versions are listed and counted in lists; what a plan allows is counted without them.
    [Fact]
    public async Task Numbers_and_kids_of_destroyed_versions_are_never_used_again()
    {
        string kid = (await Client.GenerateAsync(extra: new { kid = "mine" })).Text("kid");
        await Client.RetireAsync(1, extra: new { allow_no_active = true });
        await Client.DestroyAsync(kid);
        await App.SweepAfterAsync(TimeSpan.FromDays(30));

        (await Client.PostJsonAsync("/kms/keys/generate", """{"algorithm":"ML-KEM-768","kid":"mine"}"""))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_009");
        Answer next = await Client.GenerateAsync();

        next.Number("key_version").Should().Be(2);
        (await Client.RotateAsync()).Number("key_version").Should().Be(3);
        (await Client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(3);
        JsonArray destroyed = (await Client.GetJsonAsync("/kms/keys?status=destroyed")).Data["keys"]!.AsArray();
        destroyed.Select(version => (string)version!["kid"]!).Should().Equal("mine");
        Key key = (await App.FindVersionAsync(kid)).Key;
        (key.VersionCount, key.DestroyedCount).Should().Be((3, 1));
    }

    // Q-30: more people may stop a destruction than order one.
    [Fact]
    public async Task Ordering_and_cancelling_are_two_permissions()
    {
        using HttpClient admin = App.Client();
        string kid = (await admin.GenerateRetiredAsync(name: "app/a")).Text("kid");
        using HttpClient saver = await App.NarrowedClientAsync("keys:cancel-deletion");
        using HttpClient destroyer = await App.NarrowedClientAsync("keys:destroy", "app/*");
        using HttpClient stranger = await App.NarrowedClientAsync(keyScope: "web");

        (await saver.DestroyAsync(kid)).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        (await stranger.DestroyAsync(kid)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await destroyer.DestroyAsync(kid)).ShouldBe(HttpStatusCode.Accepted);
        (await destroyer.CancelDeletionAsync(kid)).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        (await stranger.CancelDeletionAsync(kid)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await saver.CancelDeletionAsync(kid)).ShouldBe(HttpStatusCode.OK);
    }
}
