namespace Qkms.Tests.Keys;

public sealed class RevokeKeyTests : ServiceTests
{
    //
    [Fact]
    public async Task A_revoked_version_can_be_read_and_stays_as_it_is()
    {
        await ShareServiceAsync();
        Answer first = await Client.GenerateAsync();
        Answer second = await Client.RotateAsync();
        string kid = second.Text("kid");

        Answer revoked = (await Client.RevokeAsync(kid, """{"reason":"lost"}""")).ShouldBe(HttpStatusCode.NoContent);
        revoked.Body.Should().BeEmpty();
        Answer shown = await Client.GetJsonAsync($"/kms/keys/{kid}");
        shown.Text("status").Should().Be("revoked");
        shown.Text("previous_kid").Should().Be(first.Text("kid"));
        shown.Text("public_key").Should().Be(second.Text("public_key"));
        string revokedAt = shown.Text("revoked_at");
        (await Client.GetJsonAsync($"/kms/keys/{kid}/public-key")).ShouldBe(HttpStatusCode.OK).Body
            .Should().StartWith("-----BEGIN PUBLIC KEY-----");

        await Task.Delay(5);
        (await Client.RevokeAsync(kid)).ShouldBe(HttpStatusCode.NoContent);
        (await Client.GetJsonAsync($"/kms/keys/{kid}")).Text("revoked_at").Should().Be(revokedAt);
    }

    // the wrapped private key stays as evidence.
    [Fact]
    public async Task The_material_of_a_revoked_version_stays()
    {
        Answer made = await Client.GenerateAsync();
        await Client.RevokeAsync(made.Text("kid"));

        using Database database = App.OpenDatabase();
        database.Scalar("SELECT COUNT(*) FROM key_material").Should().Be(1);
    }

    //
    [Theory]
    [InlineData("unknown")]
    [InlineData("0198f5c2-7d1e-7c3a-9b54-2f0c6a1e8d37")]
    [InlineData("1")]
    [InlineData("a..b")]
    [InlineData("%22quoted%22")]
    [InlineData("schl%C3%BCssel")]
    public async Task An_unknown_kid_is_not_found(string kid)
    {
        await ShareServiceAsync();
        (await Client.RevokeAsync(kid)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
    }

    //
    [Fact]
    public async Task Revoking_the_active_version_leaves_none_and_generate_makes_the_next_number()
    {
        await ShareServiceAsync();
        await Client.GenerateAsync();
        Answer second = await Client.RotateAsync();

        await Client.RevokeAsync(second.Text("kid"));

        (await Client.ActiveAsync()).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        Answer third = await Client.GenerateAsync();
        third.Number("key_version").Should().Be(3);
        third.Data["previous_kid"].Should().BeNull();
    }

    // the table that every use of a key asks.
    [Fact]
    public void A_revoked_version_does_nothing()
    {
        KeyVersion revoked = Version(KeyState.Revoked);

        foreach (KeyOperation operation in Enum.GetValues<KeyOperation>())
            KeyStateRules.Refusal(revoked, operation, DateTimeOffset.UnixEpoch).Should().Be(KmsErrors.KeyRevoked, $"{operation}");
    }

    //
    [Fact]
    public async Task A_reason_that_is_too_long_is_refused_and_changes_nothing()
    {
        await ShareServiceAsync();
        Answer made = await Client.GenerateAsync();

        Answer refused = await Client.RevokeAsync(made.Text("kid"), $$"""{"reason":"{{new string('x', 257)}}"}""");

        refused.ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001");
        (await Client.ActiveAsync()).Text("status").Should().Be("active");
    }

    // A database that cannot keep the character must not be the one to say so: a revoke that fails is a key that lives on.
    [Fact]
    public async Task A_reason_with_a_zero_character_is_refused_and_changes_nothing()
    {
        await ShareServiceAsync();
        string kid = (await Client.GenerateAsync()).Text("kid");

        (await Client.RevokeAsync(kid, """{"reason":"a\u0000b"}""")).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001");

        (await Client.ActiveAsync()).Text("kid").Should().Be(kid);
    }

    // a character is what the caller sees as one, not half of one.
    [Fact]
    public async Task A_reason_of_256_characters_beyond_the_basic_plane_is_kept()
    {
        await ShareServiceAsync();
        string kid = (await Client.GenerateAsync()).Text("kid");

        (await Client.RevokeAsync(kid, $$"""{"reason":"{{string.Concat(Enumerable.Repeat("💥", 256))}}"}"""))
            .ShouldBe(HttpStatusCode.NoContent);
    }

    internal static KeyVersion Version(KeyState state) => new()
    {
        Id = default,
        KeyId = default,
        Address = new KeyAddress(new TenantId(Guid.Empty), KeyOwner.Tenant, KeyName.Default, KeyAlgorithm.All[0], KeyUse.Encryption),
        Kid = Kid.FromStored("kid"),
        Version = 1,
        Spelling = "ML-KEM-512",
        State = state,
        PublicKey = [],
        CreatedAt = DateTimeOffset.UnixEpoch,
    };
}
