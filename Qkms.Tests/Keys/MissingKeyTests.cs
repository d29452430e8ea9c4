namespace Qkms.Tests.Keys;

/// <summary>F-85: a "not found" says what was looked for, and what is there under the name.</summary>
public sealed class MissingKeyTests : SharedServiceTests
{
    private static readonly byte[] _bytes = new byte[32];

    /// <summary>F-85: the default that was applied, the name, and the algorithm that the caller may have meant.</summary>
    [Fact]
    public async Task It_names_the_default_the_name_and_what_is_there()
    {
        await Client.GenerateAsync("ML-KEM-768", new { name = "orders" });
        await Client.GenerateAsync("ML-DSA-44", new { name = "orders" });

        await ShouldSayAsync(
            "/crypto/encrypt",
            new { plaintext = _bytes, name = "orders" },
            "There is no active AES-256 key named 'orders' (AES-256 is the default); ML-KEM-768 (enc) is active there: say `algorithm`.");
        await ShouldSayAsync(
            "/signature/sign",
            new { message = _bytes, name = "orders" },
            "There is no active ML-DSA-65 key named 'orders' (ML-DSA-65 is the default); ML-DSA-44 is active there: say `algorithm`.");
        await ShouldSayAsync(
            "/data-keys/generate",
            new { name = "orders" },
            "There is no active AES-256 key named 'orders' (AES-256 is the default); "
                + "only ML-KEM-768 (enc) and ML-DSA-44 are active there: generate one.");
        await ShouldSayAsync(
            "/crypto/encrypt",
            new { plaintext = _bytes, algorithm = "RSA-2048", name = "nobody" },
            "There is no active RSA-2048 (enc) key named 'nobody', and no active key of another algorithm has that name: generate one.");
    }

    /// <summary>F-85: where something is opened or checked, and where a number is asked for.</summary>
    [Fact]
    public async Task Numbers_and_keys_without_active_version_are_named_too()
    {
        await Client.GenerateRetiredAsync("AES-256", "orders");

        await ShouldSayAsync(
            "/crypto/encrypt",
            new { plaintext = _bytes, name = "orders" },
            "The AES-256 key named 'orders' has no active version: generate the next one.");
        await ShouldSayAsync(
            "/crypto/encrypt",
            new { plaintext = _bytes, name = "orders", key_version = 7 },
            "There is no version 7 of the AES-256 key named 'orders': the newest is 1.");
        await ShouldSayAsync(
            "/signature/verify",
            new { message = _bytes, signature = _bytes, name = "orders", algorithm = "RSA-2048" },
            "There is no active RSA-2048 (sig) key named 'orders', and no active key of another algorithm has that name: generate one.");
        await ShouldSayAsync(
            "/kem/decapsulate",
            new { kem_ciphertext = _bytes, key_version = 1 },
            "There is no ML-KEM-768 (enc) key named 'default' (ML-KEM-768 is the default), and no active key of another algorithm "
                + "has that name: generate one.");
    }

    /// <summary>F-85: the same where the life of a key is looked at and changed.</summary>
    [Fact]
    public async Task The_life_of_a_key_says_the_same()
    {
        await Client.GenerateAsync("RSA-2048", new { name = "orders", use = "sig" });
        const string Missing = "There is no active RSA-2048 (enc) key named 'orders'; RSA-2048 (sig) is active there: say `use`.";

        await ShouldSayAsync("/kms/keys/rotate", new { algorithm = "RSA-2048", name = "orders" }, Missing);
        (await Client.GetJsonAsync("/kms/keys/active?algorithm=RSA-2048&name=orders"))
            .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003").Message.Should().Be(Missing);
        (await Client.GetJsonAsync("/kms/keys/3?algorithm=RSA-2048&name=orders&use=sig"))
            .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003").Message
            .Should().Be("There is no version 3 of the RSA-2048 (sig) key named 'orders': the newest is 1.");
        await ShouldSayAsync(
            "/kms/keys/retire",
            new { algorithm = "AES-256", name = "orders", key_version = 1 },
            "There is no AES-256 key named 'orders'; RSA-2048 (sig) is active there: say `algorithm`.");
    }

    /// <summary>F-85: a key of another tenant is no more there than one that was never made, and a kid says nothing.</summary>
    [Fact]
    public async Task Keys_of_other_tenants_are_not_named()
    {
        string kid = (await Client.GenerateAsync("ML-KEM-768", new { name = "orders" })).Text("kid");
        using HttpClient stranger = await StrangerAsync();

        (await stranger.UseAsync("/crypto/encrypt", new { plaintext = _bytes, name = "orders" }))
            .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003").Message.Should().NotContain("ML-KEM");
        Answer foreign = await stranger.UseAsync("/crypto/encrypt", new { plaintext = _bytes, kid });
        Answer unknown = await stranger.UseAsync("/crypto/encrypt", new { plaintext = _bytes, kid = "unknown" });
        foreign.ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003").Message!.Replace(kid, "unknown", StringComparison.Ordinal)
            .Should().Be(unknown.ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003").Message);
    }

    private async Task ShouldSayAsync(string route, object body, string message) =>
        (await Client.UseAsync(route, body)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003").Message.Should().Be(message);
}
