using Qkms.Core.Lifecycle;

namespace Qkms.Tests.Keys;

/// <summary>Versions are prepared before the write begins. Here their key changes in between: nothing that was prepared for another state of it is written.</summary>
public sealed class PreparedVersionTests
{
    private Func<Task>? _gap;

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task A_generate_follows_what_was_generated_and_retired_meanwhile(int before)
    {
        await using QkmsApplication app = NewApplication<KeyVersion>();
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
        await using QkmsApplication app = NewApplication<KeyVersion>();
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
        await using QkmsApplication app = NewApplication<KeyRotation>();
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

    /// <summary>The gap is before the next change with a result of this type: the service writes by itself too.</summary>
    private QkmsApplication NewApplication<TResult>() => new()
    {
        StoreInFront = store => new StoreWithGap<TResult>(store, () => Interlocked.Exchange(ref _gap, null)?.Invoke() ?? Task.CompletedTask),
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
