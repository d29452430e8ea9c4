namespace Qkms.Tests.Keys;

public sealed class RetireKeyTests : SharedServiceTests
{
    //
    [Fact]
    public async Task The_only_active_version_is_retired_only_on_demand()
    {
        Answer made = await Client.GenerateAsync();

        (await Client.RetireAsync(1)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_005");
        (await Client.ActiveAsync()).Text("status").Should().Be("active");

        Answer retired = (await Client.RetireAsync(1, extra: new { allow_no_active = true })).ShouldBe(HttpStatusCode.OK);
        retired.Text("status").Should().Be("retired");
        retired.Text("kid").Should().Be(made.Text("kid"));
        (await Client.ActiveAsync()).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
    }

    //
    [Fact]
    public async Task A_retired_version_stays_as_it_is()
    {
        await Client.GenerateAsync();
        await Client.RotateAsync();

        Answer first = (await Client.RetireAsync(1)).ShouldBe(HttpStatusCode.OK);
        Answer again = (await Client.RetireAsync(1)).ShouldBe(HttpStatusCode.OK);

        again.Data.ToJsonString().Should().Be(first.Data.ToJsonString());
        first.Text("status").Should().Be("retired");
    }

    //
    [Fact]
    public async Task An_unknown_version_is_not_found_and_a_revoked_one_is_refused()
    {
        (await Client.RetireAsync(1)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");

        Answer made = await Client.GenerateAsync();
        (await Client.RetireAsync(2)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await Client.RevokeAsync(made.Text("kid"))).ShouldBe(HttpStatusCode.NoContent);

        (await Client.RetireAsync(1)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");
    }

    // after it the slot is free, and numbers go on.
    [Fact]
    public async Task After_the_active_version_was_retired_the_next_generate_goes_on_counting()
    {
        await Client.GenerateAsync();
        await Client.RetireAsync(1, extra: new { allow_no_active = true });

        Answer next = await Client.GenerateAsync();

        next.Number("key_version").Should().Be(2);
        next.Data["previous_kid"].Should().BeNull();
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("2147483648")]
    [InlineData("9223372036854775808")]
    [InlineData("1.5")]
    [InlineData("\"1\"")]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("[1]")]
    [InlineData("1e400")]
    public async Task A_version_that_is_no_version_is_refused_by_name(string version)
    {
        Answer answer = await Client.PostJsonAsync("/kms/keys/retire", $$"""{"algorithm":"ML-KEM-768","key_version":{{version}}}""");

        answer.ShouldBlame("key_version");
        answer.Body.Should().NotContain("System.");
    }
}
