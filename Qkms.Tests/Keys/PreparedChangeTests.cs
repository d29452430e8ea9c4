using Qkms.Core.Idempotency;
using Qkms.Core.Lifecycle;

namespace Qkms.Tests.Keys;

/// <summary>
/// Changes are prepared before the write begins. Here the key changes in between: nothing that was prepared for another state of it is
/// written.
/// </summary>
public sealed class PreparedChangeTests
{
    private Func<Task>? _gap;

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task A_generate_follows_what_was_generated_and_retired_meanwhile(int before)
    {
        await using QkmsApplication app = NewApplication<Done<KeyVersion>>();
        using HttpClient client = app.Client();
        for (int i = 0; i < before; i++)
            await client.GenerateRetiredAsync();

        _gap = () => client.GenerateRetiredAsync();
        Answer made = await client.GenerateAsync();

        made.Number("key_version").Should().Be(before + 2);
        await ShouldBeUsableAsync(client, made);
    }

    [Fact]
    public async Task A_generate_is_refused_when_another_was_faster()
    {
        await using QkmsApplication app = NewApplication<Done<KeyVersion>>();
        using HttpClient client = app.Client();
        Answer? faster = null;

        _gap = async () => faster = await client.GenerateAsync();
        Answer slower = await client.PostJsonAsync("/kms/keys/generate", $$"""{"algorithm":"{{KeyVerbs.Kem}}"}""");

        slower.ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_004");
        await ShouldBeUsableAsync(client, faster!);
    }

    [Fact]
    public async Task A_rotation_follows_another_one()
    {
        await using QkmsApplication app = NewApplication<Done<KeyRotation>>();
        using HttpClient client = app.Client();
        string first = (await client.GenerateAsync()).Text("kid");
        Answer? second = null;

        _gap = async () => second = await client.RotateAsync();
        Answer third = await client.RotateAsync();

        second!.Text("previous_kid").Should().Be(first);
        third.Text("previous_kid").Should().Be(second.Text("kid"));
        third.Number("key_version").Should().Be(3);
        await ShouldBeUsableAsync(client, third);
    }

    // The key's row says which version is active, and the version's own row names its successor.
    [Fact]
    public async Task A_revocation_follows_a_rotation()
    {
        await using QkmsApplication app = NewApplication<Done<Nothing>>();
        using HttpClient client = app.Client();
        string first = (await client.GenerateAsync()).Text("kid");
        Answer? second = null;

        _gap = async () => second = await client.RotateAsync();
        (await client.RevokeAsync(first)).ShouldBe(HttpStatusCode.NoContent);

        Answer revoked = await client.GetJsonAsync($"/kms/keys/{first}");
        revoked.Text("status").Should().Be("revoked");
        revoked.Text("next_kid").Should().Be(second!.Text("kid"));
        revoked.Text("retired_at").Should().NotBeEmpty();
        (await client.ActiveAsync()).Text("kid").Should().Be(second.Text("kid"));
        await ShouldBeUsableAsync(client, second);
    }

    [Fact]
    public async Task A_retirement_is_refused_after_a_revocation()
    {
        await using QkmsApplication app = NewApplication<Done<KeyVersion>>();
        using HttpClient client = app.Client();
        string kid = (await client.GenerateAsync()).Text("kid");

        _gap = () => client.RevokeAsync(kid);
        Answer retired = await client.RetireAsync(1, extra: new { allow_no_active = true });

        retired.ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");
        (await client.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be("revoked");
    }

    // Only the version's row changes here; that of its key stays as it was.
    [Fact]
    public async Task An_order_to_destroy_keeps_the_date_of_another_one()
    {
        await using QkmsApplication app = NewApplication<Done<KeyVersion>>();
        using HttpClient client = app.Client();
        string kid = (await client.GenerateRetiredAsync()).Text("kid");
        Answer? first = null;

        _gap = async () => first = await client.DestroyAsync(kid, """{"waiting_days":30}""");
        Answer second = (await client.DestroyAsync(kid, """{"waiting_days":7}""")).ShouldBe(HttpStatusCode.Accepted);

        second.Text("destroy_at").Should().Be(first!.Text("destroy_at"));
        (await client.GetJsonAsync($"/kms/keys/{kid}")).Text("destroy_at").Should().Be(first.Text("destroy_at"));
    }

    [Fact]
    public async Task A_destruction_that_was_cancelled_at_the_last_moment_does_not_happen()
    {
        await using QkmsApplication app = NewApplication<KeyVersion>();
        using HttpClient client = app.Client();
        string kid = (await client.GenerateRetiredAsync()).Text("kid");
        (await client.DestroyAsync(kid, """{"waiting_days":7}""")).ShouldBe(HttpStatusCode.Accepted);

        _gap = () => client.CancelDeletionAsync(kid);
        (await app.SweepAfterAsync(TimeSpan.FromDays(8))).Should().Be(0);

        _gap.Should().BeNull("the sweep was about to destroy it");
        (await client.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be("retired");
        (await app.FindMaterialAsync(kid)).Should().NotBeNull();
    }

    [Fact]
    public async Task A_change_that_others_outrun_again_and_again_gives_up_and_changes_nothing()
    {
        HttpClient? other = null;
        await using QkmsApplication app = new()
        {
            StoreInFront = store => new StoreWithGap<Done<Nothing>>(store, () => other?.RotateAsync("AES-256") ?? Task.CompletedTask),
        };
        using HttpClient client = app.Client();
        string kid = (await client.GenerateAsync("AES-256")).Text("kid");

        other = client;
        Answer refused = await client.RevokeAsync(kid);

        refused.ShouldBeRefused(HttpStatusCode.ServiceUnavailable, "ERR_SERVICE_001").Headers["Retry-After"].Should().Be("1");
        other = null;
        (await client.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be("retired");
        (await client.RevokeAsync(kid)).ShouldBe(HttpStatusCode.NoContent);
    }

    /// <summary>The gap is before the next change with a result of this type: the service writes by itself too.</summary>
    private QkmsApplication NewApplication<TResult>() => new()
    {
        StoreInFront = store =>
            new StoreWithGap<TResult>(store, () => Interlocked.Exchange(ref _gap, null)?.Invoke() ?? Task.CompletedTask),
    };

    // The wrapped private key is bound to the version's number and ids: it opens only where it was made for.
    private static async Task ShouldBeUsableAsync(HttpClient client, Answer version)
    {
        string kid = version.Text("kid");
        string ciphertext = (await client.MustUseAsync("/crypto/encrypt", new { plaintext = "cWttcw==" }, new { kid })).Text("ciphertext");
        Answer decrypted = await client.MustUseAsync("/crypto/decrypt", new { ciphertext }, new { kid });
        decrypted.Text("plaintext").Should().Be("cWttcw==");
    }
}
