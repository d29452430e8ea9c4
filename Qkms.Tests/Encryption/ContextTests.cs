namespace Qkms.Tests.Encryption;

/// <summary>The encryption context over HTTP: given again, in whatever order, or nothing opens.</summary>
public sealed class ContextTests : SharedServiceTests
{
    private const string Plaintext = "aGVsbG8=";

    // E-01, Q-40
    [Theory]
    [InlineData("AES-256")]
    [InlineData("ML-KEM-512")]
    public async Task The_same_context_opens_in_any_order_and_no_other_does(string algorithm)
    {
        await Client.GenerateAsync(algorithm);
        string ciphertext = await EncryptAsync(Client, algorithm, """{"a":"1","b":"2","é":""}""");

        foreach (string same in
            new[] { """{"a":"1","b":"2","é":""}""", """{"é":"","b":"2","a":"1"}""", """{"b":"2","\u00e9":"","\u0061":"\u0031"}""" })
            (await DecryptAsync(Client, algorithm, ciphertext, same)).ShouldBe(HttpStatusCode.OK).Text("plaintext").Should().Be(Plaintext);

        foreach (string? other in new[]
        {
            null, "null", "{}", """{"a":"1"}""", """{"a":"1","b":"2"}""", """{"a":"1","b":"2","é":"","c":"3"}""",
            """{"a":"2","b":"1","é":""}""", """{"a":"1","b":"2","e\u0301":""}""", """{"A":"1","b":"2","é":""}""",
            """{"a":"1 ","b":"2","é":""}""", """{"a":"1b","":"2","é":""}""",
        })
        {
            Answer answer = await DecryptAsync(Client, algorithm, ciphertext, other);
            if (other?.Contains("\"\":", StringComparison.Ordinal) == true)
                answer.ShouldBlame("context");
            else
                answer.ShouldNotDecrypt(other);
        }
    }

    [Theory]
    [InlineData("AES-256")]
    [InlineData("ML-KEM-512")]
    public async Task No_context_null_and_an_empty_one_are_the_same(string algorithm)
    {
        await Client.GenerateAsync(algorithm);

        foreach (string? made in new[] { null, "null", "{}" })
        {
            string ciphertext = await EncryptAsync(Client, algorithm, made);
            foreach (string? given in new[] { null, "null", "{}" })
                (await DecryptAsync(Client, algorithm, ciphertext, given)).ShouldBe(HttpStatusCode.OK);
        }
    }

    [Theory]
    [InlineData("""{"a":"1","a":"1"}""")]
    [InlineData("""{"a":"1","\u0061":"2"}""")]
    [InlineData("""{"a":null}""")]
    [InlineData("""{"":"1"}""")]
    [InlineData("""{"a":1}""")]
    [InlineData("""{"a":true}""")]
    [InlineData("""{"a":{"b":"c"}}""")]
    [InlineData("""{"a":["b"]}""")]
    [InlineData("[]")]
    [InlineData("\"a\"")]
    [InlineData("5")]
    [InlineData("""{"a":"\ud800"}""")]
    [InlineData("""{"\ud800":"a"}""")]
    public async Task What_is_no_map_of_strings_is_refused_by_field(string context)
    {
        await Client.GenerateAsync("AES-256");
        string ciphertext = await EncryptAsync(Client, "AES-256", null);

        (await Client.PostJsonAsync("/crypto/encrypt", $$"""{"plaintext":"","context":{{context}}}""")).ShouldBlame("context");
        (await Client.PostJsonAsync("/crypto/decrypt", $$"""{"ciphertext":"{{ciphertext}}","context":{{context}}}"""))
            .ShouldBlame("context");
        (await Client.PostJsonAsync("/crypto/re-encrypt", $$"""{"ciphertext":"{{ciphertext}}","context":{{context}}}"""))
            .ShouldBlame("context");
        (await Client.PostJsonAsync("/data-keys/generate", $$"""{"context":{{context}}}""")).ShouldBlame("context");
        (await Client.PostJsonAsync("/data-keys/decrypt", $$"""{"ciphertext":"{{ciphertext}}","context":{{context}}}"""))
            .ShouldBlame("context");
        (await Client.PostJsonAsync("/crypto/encrypt", $$"""{"items":[{"plaintext":"","context":{{context}}}]}"""))
            .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001").Body.Should().Contain("items[0].context");
        (await Client.PostJsonAsync(
            "/crypto/re-encrypt", $$$"""{"ciphertext":"{{{ciphertext}}}","destination":{"context":{{{context}}}}}"""))
            .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001").Body.Should().Contain("destination");
    }

    [Fact]
    public async Task A_context_has_at_most_64_members_and_8_192_bytes()
    {
        await Client.GenerateAsync("AES-256");

        await EncryptAsync(Client, "AES-256", Members(64));
        (await Client.PostJsonAsync("/crypto/encrypt", $$"""{"plaintext":"","context":{{Members(65)}}}""")).ShouldBlame("context");

        // The count, two lengths and a name of one byte take 13 of them.
        string longest = $"{{\"a\":\"{new string('x', 8192 - 13)}\"}}";
        await EncryptAsync(Client, "AES-256", longest);
        string tooLong = longest.Insert(longest.Length - 2, "x");
        (await Client.PostJsonAsync("/crypto/encrypt", $$"""{"plaintext":"","context":{{tooLong}}}""")).ShouldBlame("context");

        static string Members(int count) => $"{{{string.Join(',', Enumerable.Range(0, count).Select(i => $"\"m{i}\":\"{i}\""))}}}";
    }

    [Fact]
    public async Task Rsa_has_no_context()
    {
        await Client.GenerateAsync("RSA-2048");
        string ciphertext = await EncryptAsync(Client, "RSA-2048", "{}");

        (await Client.PostJsonAsync("/crypto/encrypt", """{"plaintext":"","algorithm":"RSA-2048","context":{"a":"1"}}"""))
            .ShouldBlame("context");
        (await DecryptAsync(Client, "RSA-2048", ciphertext, """{"a":"1"}""")).ShouldBlame("context");
        (await DecryptAsync(Client, "RSA-2048", ciphertext, null)).ShouldBe(HttpStatusCode.OK);
    }

    private static async Task<string> EncryptAsync(HttpClient client, string algorithm, string? context) =>
        (await client.PostJsonAsync(
            "/crypto/encrypt", $$"""{"plaintext":"{{Plaintext}}","algorithm":"{{algorithm}}"{{Member(context)}}}"""))
            .ShouldBe(HttpStatusCode.OK)
            .Text("ciphertext");

    private static Task<Answer> DecryptAsync(HttpClient client, string algorithm, string ciphertext, string? context) =>
        client.PostJsonAsync("/crypto/decrypt", $$"""{"ciphertext":"{{ciphertext}}","algorithm":"{{algorithm}}"{{Member(context)}}}""");

    private static string Member(string? context) => context is null ? "" : $",\"context\":{context}";
}
