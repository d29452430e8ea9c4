namespace Qkms.Tests.Http;

/// <summary>
/// F-87: many clients show the message of a refusal and nothing else, so it has the reason of the first detail. What is asserted for each
/// refusal here, <see cref="Answer.ShouldBeRefused"/> asserts in every other test.
/// </summary>
public sealed class RefusalMessageTests : SharedServiceTests
{
    /// <summary>F-87: each way in which a request can be at fault.</summary>
    [Theory]
    [InlineData("/kms/keys/generate", "{", "The body is not valid JSON, or not a JSON object.")]
    [InlineData("/kms/keys/generate", "null", "The body must be a JSON object.")]
    [InlineData("/kms/keys/generate", "{\"algorithm\":5}", "'algorithm' is not valid: must be a string and occur once.")]
    [InlineData("/kms/keys/generate", "{\"algorithm\":\"AES-256\",\"x\":1}", "'x' is not a member of this request.")]
    [InlineData("/kms/keys/generate?x=1", "{\"algorithm\":\"AES-256\"}", "'x' is not a query parameter of this route.")]
    [InlineData("/kms/keys/generate", "{\"algorithm\":\"AES-256\",\"use\":\"sig\"}", "'use' must be 'enc', 'sig' or 'kem'*.")]
    [InlineData("/kms/keys/retire", "{\"algorithm\":\"x\"}", "'algorithm' must be one of*. Other fields are not valid either*.")]
    [InlineData("/crypto/encrypt", "{\"plaintext\":5}", "'plaintext' is not valid: must be base64 *.")]
    [InlineData("/crypto/encrypt", "{\"items\":[{\"plaintext\":5}]}", "'items?0?*' is not valid: must be a documented member*.")]
    [InlineData("/crypto/encrypt", "{\"items\":[{}]}", "'items?0?.plaintext' is required: base64.")]
    [InlineData("/crypto/encrypt", "{}", "'plaintext' is required unless there are items: base64.")]
    public async Task The_message_says_what_is_wrong(string path, string body, string message)
    {
        Answer answer = await Client.PostJsonAsync(path, body);

        answer.ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001").Message.Should().Match(message);
        answer.Message.Should().Contain((string?)answer.Details[0]!["message"]);
    }

    /// <summary>F-87: what a key cannot do, and what a caller says that does not agree.</summary>
    [Fact]
    public async Task The_message_says_what_does_not_fit_the_key()
    {
        string rsa = (await Client.GenerateAsync("RSA-2048")).Text("kid");
        string ed25519 = (await Client.GenerateAsync("Ed25519")).Text("kid");
        string dsa = (await Client.GenerateAsync("ML-DSA-65")).Text("kid");
        byte[] bytes = new byte[1000];

        Answer[] answers =
        [
            await Client.UseAsync("/crypto/encrypt", new { kid = rsa, plaintext = bytes }),
            await Client.UseAsync("/crypto/encrypt", new { kid = rsa, plaintext = "", context = new { a = "b" } }),
            await Client.UseAsync("/crypto/encrypt", new { kid = rsa, plaintext = "", name = "another", key_version = 7 }),
            await Client.UseAsync("/signature/sign", new { kid = ed25519, message = bytes, signature_context = "AAAA" }),
            await Client.UseAsync("/signature/sign", new { kid = ed25519, message = bytes, hash_algorithm = "SHA-256" }),
            await Client.UseAsync("/signature/sign", new { kid = dsa, message = bytes, hash_algorithm = "SHA-256" }),
            await Client.GetJsonAsync($"/kms/keys/{rsa}?name=another"),
            await Client.GetJsonAsync("/kms/keys?limit=1&limit=2"),
            await Client.GetJsonAsync("/kms/keys?cursor=AAAA"),
            await Client.PostOnceAsync(new string('x', 256), "/kms/keys/generate", """{"algorithm":"ML-KEM-512"}"""),
        ];

        foreach (Answer answer in answers)
        {
            answer.ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001");
            answer.Details.Should().NotBeEmpty(answer.Body);
            answer.Message.Should().Contain((string?)answer.Details[0]!["message"]).And.EndWith(".").And.NotContain("..");
        }
    }

    /// <summary>F-87: a refusal that names the next version in its details names it in its message.</summary>
    [Fact]
    public async Task The_message_names_the_next_version()
    {
        string old = (await Client.GenerateAsync()).Text("kid");
        string next = (await Client.RotateAsync()).Text("kid");

        Answer answer = await Client.UseAsync("/kem/encapsulate", new { kid = old, strict = true });

        answer.ShouldNameNext("ERR_KMS_008", next).Message.Should().Contain($"next_kid '{next}'");
    }

    /// <summary>F-87: the longest message still has the length that openapi.yaml promises.</summary>
    [Fact]
    public async Task The_message_is_not_longer_than_described()
    {
        Answer answer = await Client.PostJsonAsync("/kms/keys/retire", """{"name":"%","use":"x","key_version":0}""");

        answer.ShouldBlame("algorithm").Message!.Length.Should().BeLessThan(1000);
    }
}
