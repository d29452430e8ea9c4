namespace Qkms.Tests.Keys;

/// <summary>
/// F-62: a name whose newest version is revoked, retired or destroyed is rotated like any other: the next version is linked in the chain,
/// and the one before keeps its status.
/// </summary>
public sealed class RotateWithoutActiveTests : ServiceTests
{
    //
    [Theory]
    [InlineData("revoked")]
    [InlineData("retired")]
    [InlineData("pending_destruction")]
    [InlineData("destroyed")]
    public async Task A_name_without_an_active_version_is_rotated_and_its_chain_goes_on(string status)
    {
        string first = (await Client.GenerateAsync(KeyUseVerbs.Aes)).Text("kid");
        string second = (await Client.RotateAsync(KeyUseVerbs.Aes)).Text("kid");
        if (status == "retired")
            (await Client.RetireAsync(2, KeyUseVerbs.Aes, new { allow_no_active = true })).ShouldBe(HttpStatusCode.OK);
        else
            (await Client.RevokeAsync(second)).ShouldBe(HttpStatusCode.NoContent);

        if (status.Contains("destr", StringComparison.Ordinal))
            (await Client.DestroyAsync(second, """{"waiting_days":7}""")).ShouldBe(HttpStatusCode.Accepted);

        if (status == "destroyed")
            (await App.SweepAfterAsync(TimeSpan.FromDays(7))).Should().Be(1);

        Answer rotated = await Client.RotateAsync(KeyUseVerbs.Aes);

        rotated.Number("key_version").Should().Be(3);
        rotated.Number("old_key_version").Should().Be(2);
        rotated.Text("previous_kid").Should().Be(second);
        rotated.Text("status").Should().Be("active");
        Answer old = await Client.GetJsonAsync($"/kms/keys/{second}");
        old.Text("status").Should().Be(status);
        old.Text("next_kid").Should().Be(rotated.Text("kid"));
        (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "", kid = first })).Text("kid")
            .Should().Be(rotated.Text("kid"), "retired versions are answered with the new end");
        using Database database = App.OpenDatabase();
        database.Scalar($"SELECT COUNT(*) FROM audit_events WHERE kid = '{second}' AND action = 'key.retired'")
            .Should().Be(status == "retired" ? 1L : 0L, "the rotation retired nothing");
    }

    [Fact]
    public async Task The_version_that_is_expected_is_then_the_newest()
    {
        string kid = (await Client.GenerateAsync(KeyUseVerbs.Aes)).Text("kid");
        (await Client.RevokeAsync(kid)).ShouldBe(HttpStatusCode.NoContent);

        (await Client.UseAsync("/kms/keys/rotate", new { algorithm = KeyUseVerbs.Aes, expected_key_version = 2 }))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_009");
        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ =>
            Client.UseAsync("/kms/keys/rotate", new { algorithm = KeyUseVerbs.Aes, expected_key_version = 1 })));

        answers.Count(answer => answer.Status == HttpStatusCode.Created).Should().Be(1);
        answers.Where(answer => answer.Status != HttpStatusCode.Created)
            .Should().AllSatisfy(answer => answer.ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_009"));
    }

    // A chain that a generation broke: a retired version of the key is answered with the active one all the same.
    [Fact]
    public async Task A_generation_after_a_revocation_is_what_older_versions_are_answered_with()
    {
        await ShareServiceAsync();
        string first = (await Client.GenerateAsync(KeyUseVerbs.Aes)).Text("kid");
        string second = (await Client.RotateAsync(KeyUseVerbs.Aes)).Text("kid");
        (await Client.RevokeAsync(second)).ShouldBe(HttpStatusCode.NoContent);
        string third = (await Client.GenerateAsync(KeyUseVerbs.Aes)).Text("kid");

        (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "", kid = first })).Text("kid").Should().Be(third);
    }

    [Fact]
    public async Task A_name_that_never_had_a_version_is_not_found() =>
        (await Client.UseAsync("/kms/keys/rotate", new { algorithm = KeyUseVerbs.Aes }))
            .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
}
