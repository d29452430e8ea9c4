namespace Qkms.Tests.Http;

/// <summary>F-65: what is not base64 is refused with what was met.</summary>
public sealed class Base64RefusalTests : SharedServiceTests
{
    /// <summary>F-65: in secrets and in bytes that are none, written plainly and with escapes.</summary>
    [Theory]
    [InlineData("aGVs\nbG8=", "has line ends: send it in one line")]
    [InlineData("aGVs\r\nbG8=\r\n", "has line ends: send it in one line")]
    [InlineData("aGVs bG8=", "has white space")]
    [InlineData("-_-_", "has '-' or '_' as base64url has: send '+' and '/', and '=' at the end")]
    [InlineData("aGVsbG8_", "has '-' or '_' as base64url has: send '+' and '/', and '=' at the end")]
    [InlineData("aGVsbG8", "has no padding: send '=' at the end")]
    [InlineData("aGVsbA", "has no padding: send '=' at the end")]
    [InlineData("aGVsb", "is cut off: no bytes have that length")]
    [InlineData("aGVsbG8==", "has more or less padding than belongs to its length")]
    [InlineData("aGVsbA=", "has more or less padding than belongs to its length")]
    [InlineData("aGVsbG9=", "has bits left over that are not zero")]
    [InlineData("aGVs!G8=", "has a character that base64 does not have")]
    [InlineData("aG=sbG8=", "has a character that base64 does not have")]
    [InlineData("äGVsbG8=", "has a character that base64 does not have")]
    public async Task The_refusal_says_what_was_met(string text, string problem)
    {
        string plain = JsonSerializer.Serialize(text);
        string escaped = $"\"{string.Concat(text.Select(c => $"\\u{(int)c:x4}"))}\"";
        foreach (string json in new[] { plain, escaped })
        {
            foreach ((string route, string body, string field) in new[]
            {
                ("/crypto/encrypt", $$"""{"plaintext":{{json}}}""", "plaintext"),
                ("/crypto/decrypt", $$"""{"ciphertext":{{json}}}""", "ciphertext"),
                ("/kem/encrypt", $$"""{"plaintext":"","aad":{{json}}}""", "aad"),
                ("/signature/verify", $$"""{"message":"","signature":{{json}}}""", "signature"),
                ("/crypto/encrypt", $$"""{"items":[{"plaintext":""},{"plaintext":{{json}}}]}""", "items[1].plaintext"),
            })
            {
                Answer answer = (await Client.PostJsonAsync(route, body)).ShouldBlame(field);
                ((string?)answer.Details[0]!["message"]).Should().Be($"must be base64; this {problem}");
                answer.Message.Should().Be($"'{field}' is not valid: must be base64; this {problem}.");
            }
        }
    }

    /// <summary>F-65: what is no text at all is no base64 of any kind.</summary>
    [Fact]
    public async Task What_is_no_text_is_refused_as_before() =>
        (await Client.PostJsonAsync("/crypto/encrypt", """{"plaintext":5}""")).ShouldBlame("plaintext").Message
            .Should().Be("'plaintext' is not valid: must be base64 and occur once.");
}
