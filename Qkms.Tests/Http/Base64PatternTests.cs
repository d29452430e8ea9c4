using System.Text.RegularExpressions;
using Qkms.Api.Http;

namespace Qkms.Tests.Http;

/// <summary>The pattern that openapi.yaml shows for byte strings says what the service takes.</summary>
public sealed class Base64PatternTests
{
    // Letters that leave no bits over behind one and two others, one that does not behind two, one that always does; and what is no letter.
    private const string Characters = "AQEB/_= \n";

    private static readonly JsonSerializerOptions _options = new() { Converters = { new Base64BytesConverter(), new SecretBytesConverter() } };

    // Every text of up to four of these, alone and behind a whole group.
    [Fact]
    public void The_pattern_agrees_with_both_readers()
    {
        Regex pattern = new(BytesFieldAttribute.Base64.Replace("$", "\\z", StringComparison.Ordinal));
        foreach (string text in Texts(4).SelectMany(text => new[] { text, "AAAA" + text }).Append(""))
        {
            string json = JsonSerializer.Serialize(text);
            pattern.IsMatch(text).Should().Be(IsRead<byte[]>(json), json);
            pattern.IsMatch(text).Should().Be(IsRead<SecretBytes>(json), json);
        }
    }

    private static bool IsRead<T>(string json)
    {
        try
        {
            using IDisposable? secret = JsonSerializer.Deserialize<T>(json, _options) as IDisposable;
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static IEnumerable<string> Texts(int longest)
    {
        IEnumerable<string> texts = Characters.Select(c => c.ToString());
        for (int length = 1; length <= longest; length++)
        {
            foreach (string text in texts)
                yield return text;

            texts = texts.SelectMany(_ => Characters, (text, c) => text + c);
        }
    }
}
