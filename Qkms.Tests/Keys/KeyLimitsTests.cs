namespace Qkms.Tests.Keys;

/// <summary>Limits as requests set them, and as successors take them over.</summary>
public sealed class KeyLimitsTests : ServiceTests
{
    private const string All =
        """
        "soft_usage_limit":90,"max_usage_limit":100,"soft_limit_expiration":"2090-01-01T00:00:00Z","expires_at":"2091-01-01T01:00:00+01:00",
        "process_until":"2092-01-01T00:00:00.5Z","auto_rotate":true,"rotation_period":30
        """;

    /// <summary>A-30: limits are set at generation and shown; times are the same moment in UTC.</summary>
    [Fact]
    public async Task Limits_are_set_at_generation_and_shown()
    {
        await ShareServiceAsync();
        string kid = (await Client.PostJsonAsync("/kms/keys/generate", $$"""{"algorithm":"AES-256",{{All}}}"""))
            .ShouldBe(HttpStatusCode.Created).Text("kid");

        foreach (JsonNode? shown in new[]
        {
            (await Client.GetJsonAsync($"/kms/keys/{kid}")).Data,
            (await Client.ActiveAsync(KeyUseVerbs.Aes)).Data,
            (await Client.GetJsonAsync("/kms/keys")).Data["keys"]![0],
        })
        {
            ((long)shown!["soft_usage_limit"]!).Should().Be(90);
            ((long)shown["max_usage_limit"]!).Should().Be(100);
            ((string?)shown["soft_limit_expiration"]).Should().Be("2090-01-01T00:00:00.000Z");
            ((string?)shown["expires_at"]).Should().Be("2091-01-01T00:00:00.000Z");
            ((string?)shown["process_until"]).Should().Be("2092-01-01T00:00:00.500Z");
            ((bool)shown["auto_rotate"]!).Should().BeTrue();
            ((int)shown["rotation_period"]!).Should().Be(30);
            TimeOf(shown, "next_rotation_at").Should().Be(TimeOf(shown, "created_at").AddDays(30));
        }
    }

    /// <summary>A-30: null and absent are no limit.</summary>
    [Fact]
    public async Task A_key_without_limits_says_so()
    {
        await ShareServiceAsync();
        Answer made = await Client.GenerateAsync(KeyUseVerbs.Aes, new { expires_at = (string?)null, max_usage_limit = (int?)null });

        foreach (string member in new[]
        {
            "soft_usage_limit", "max_usage_limit", "soft_limit_expiration", "expires_at", "process_until", "rotation_period",
            "next_rotation_at",
        })
            made.Data[member].Should().BeNull(member);

        ((bool)made.Data["auto_rotate"]!).Should().BeFalse();
    }

    /// <summary>A-30: what is no limit, or fits to no other, is refused by its field, and no key is made.</summary>
    [Theory]
    [InlineData("soft_usage_limit", "-1")]
    [InlineData("soft_usage_limit", "0")]
    [InlineData("max_usage_limit", "-5")]
    [InlineData("max_usage_limit", "1.5")]
    [InlineData("max_usage_limit", "\"100\"")]
    [InlineData("max_usage_limit", "9007199254740992")]
    [InlineData("max_usage_limit", "99999999999999999999999")]
    [InlineData("soft_usage_limit", "101,\"max_usage_limit\":100")]
    [InlineData("expires_at", "\"2020-01-01T00:00:00Z\"")]
    [InlineData("expires_at", "\"2090-01-01\"")]
    [InlineData("expires_at", "\"2090-01-01T00:00:00\"")]
    [InlineData("expires_at", "\"tomorrow\"")]
    [InlineData("expires_at", "\"9999-01-01T00:00:00Z\"")]
    [InlineData("expires_at", "\"12026-01-01T00:00:00Z\"")]
    [InlineData("expires_at", "1700000000")]
    [InlineData("soft_limit_expiration", "\"2020-01-01T00:00:00Z\"")]
    [InlineData("soft_limit_expiration", "\"2091-01-01T00:00:00Z\",\"expires_at\":\"2090-01-01T00:00:00Z\"")]
    [InlineData("process_until", "\"2090-01-01T00:00:00Z\"")]
    [InlineData("process_until", "\"2090-01-01T00:00:00Z\",\"expires_at\":\"2091-01-01T00:00:00Z\"")]
    [InlineData("auto_rotate", "\"yes\"")]
    [InlineData("auto_rotate", "1")]
    [InlineData("rotation_period", "0")]
    [InlineData("rotation_period", "-1")]
    [InlineData("rotation_period", "3651")]
    [InlineData("rotation_period", "\"30d\"")]
    public async Task What_is_no_limit_is_refused_by_its_field(string field, string value)
    {
        await ShareServiceAsync();
        (await Client.PostJsonAsync("/kms/keys/generate", $$"""{"algorithm":"AES-256","{{field}}":{{value}}}""")).ShouldBlame(field);

        (await Client.GenerateAsync(KeyUseVerbs.Aes)).Number("key_version").Should().Be(1);
        (await Client.PostJsonAsync("/kms/keys/rotate", $$"""{"algorithm":"AES-256","{{field}}":{{value}}}""")).ShouldBlame(field);
        (await Client.ActiveAsync(KeyUseVerbs.Aes)).Number("key_version").Should().Be(1);
    }

    /// <summary>A-20: the successor has the limits of the version before it; times at the same distance from its own creation.</summary>
    [Fact]
    public async Task A_successor_takes_the_limits_over()
    {
        DateTimeOffset now = App.Time.GetUtcNow();
        Answer first = await Client.GenerateAsync(KeyUseVerbs.Aes, new
        {
            soft_usage_limit = 90,
            max_usage_limit = 100,
            soft_limit_expiration = now.AddDays(8),
            expires_at = now.AddDays(10),
            process_until = now.AddDays(20),
            auto_rotate = true,
            rotation_period = 7,
        });
        App.Time.Pass(TimeSpan.FromDays(30));

        Answer second = await Client.RotateAsync(KeyUseVerbs.Aes);

        foreach (string member in new[] { "soft_usage_limit", "max_usage_limit", "auto_rotate", "rotation_period" })
            second.Data[member]!.ToJsonString().Should().Be(first.Data[member]!.ToJsonString(), member);

        foreach (string member in new[] { "soft_limit_expiration", "expires_at", "process_until", "next_rotation_at" })
        {
            TimeOf(second.Data, member).Should().Be(
                TimeOf(second.Data, "created_at") + (TimeOf(first.Data, member) - TimeOf(first.Data, "created_at")), member);
            TimeOf(second.Data, member).Should().BeAfter(App.Time.GetUtcNow(), member);
        }

        second.Text("status").Should().Be("active");
        (await Client.GetJsonAsync($"/kms/keys/{first.Text("kid")}")).Text("status").Should().Be("expired");
    }

    /// <summary>A-20: what the rotation says is instead of what the version before it has; null removes.</summary>
    [Fact]
    public async Task A_rotation_may_set_other_limits()
    {
        await ShareServiceAsync();
        await Client.PostJsonAsync("/kms/keys/generate", $$"""{"algorithm":"AES-256",{{All}}}""");

        Answer second = await Client.RotateAsync(KeyUseVerbs.Aes, new
        {
            max_usage_limit = 200,
            soft_limit_expiration = (string?)null,
            process_until = (string?)null,
            auto_rotate = false,
            rotation_period = (int?)null,
        });

        second.Number("soft_usage_limit").Should().Be(90);
        second.Number("max_usage_limit").Should().Be(200);
        second.Data["soft_limit_expiration"].Should().BeNull();
        second.Data["expires_at"].Should().NotBeNull();
        second.Data["process_until"].Should().BeNull();
        ((bool)second.Data["auto_rotate"]!).Should().BeFalse();
        second.Data["rotation_period"].Should().BeNull();
        second.Data["next_rotation_at"].Should().BeNull();
    }

    /// <summary>A-20: a limit that does not fit to one that was taken over is blamed, not that one.</summary>
    [Fact]
    public async Task A_rotation_is_refused_by_the_member_that_it_has()
    {
        await ShareServiceAsync();
        await Client.PostJsonAsync("/kms/keys/generate", $$"""{"algorithm":"AES-256",{{All}}}""");

        (await Client.UseAsync("/kms/keys/rotate", new { algorithm = "AES-256", max_usage_limit = 50 })).ShouldBlame("max_usage_limit");
        (await Client.UseAsync("/kms/keys/rotate", new { algorithm = "AES-256", expires_at = Now.AddDays(1) }))
            .ShouldBlame("expires_at");
        (await Client.UseAsync("/kms/keys/rotate", new { algorithm = "AES-256", expires_at = (string?)null })).ShouldBlame("expires_at");

        (await Client.ActiveAsync(KeyUseVerbs.Aes)).Number("key_version").Should().Be(1);
    }

    /// <summary>A-32: from expires_at on nothing new is made, what there is can be read, and from process_until on not even that.</summary>
    [Fact]
    public async Task A_version_expires_and_is_read_until_process_until()
    {
        DateTimeOffset now = App.Time.GetUtcNow();
        object limits = new { expires_at = now.AddDays(10), process_until = now.AddDays(20) };
        string kid = (await Client.GenerateAsync(KeyUseVerbs.Aes, limits)).Text("kid");
        string signer = (await Client.GenerateAsync(KeyUseVerbs.Dsa, limits)).Text("kid");
        string ciphertext = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "aGVsbG8=" })).Text("ciphertext");
        string signature = (await Client.MustUseAsync("/signature/sign", new { message = "aGVsbG8=" })).Text("signature");

        App.Time.Pass(TimeSpan.FromDays(10));

        (await Client.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be("expired");
        (await Client.UseAsync("/crypto/encrypt", new { plaintext = "" })).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_007");
        (await Client.UseAsync("/signature/sign", new { message = "" })).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_007");
        (await Client.MustUseAsync("/crypto/decrypt", new { ciphertext })).Text("plaintext").Should().Be("aGVsbG8=");
        (await Client.MustUseAsync("/signature/verify", new { message = "aGVsbG8=", signature, kid = signer }))
            .Data["valid"]!.GetValue<bool>().Should().BeTrue();

        App.Time.Pass(TimeSpan.FromDays(10));

        (await Client.UseAsync("/crypto/decrypt", new { ciphertext })).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_007");
        (await Client.UseAsync("/signature/verify", new { message = "aGVsbG8=", signature, kid = signer }))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_007");
    }

    private static DateTimeOffset TimeOf(JsonNode data, string member) => (DateTimeOffset)data[member]!;
}
