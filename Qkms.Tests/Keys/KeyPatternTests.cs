using System.Text.RegularExpressions;

namespace Qkms.Tests.Keys;

/// <summary>The patterns that openapi.yaml shows say what the service takes.</summary>
public sealed class KeyPatternTests
{
    private const string Characters = "a9._-/Z";

    private static readonly HashSet<string> _routeWords = new(StringComparer.OrdinalIgnoreCase)
    {
        "active", "generate", "rotate", "retire", "revoke", "import", "actions", "rotations", "chain", "public-key", "jwks",
    };

    // Every text of up to five of the characters that matter.
    [Fact]
    public void The_patterns_agree_with_the_parsers()
    {
        Regex kids = new(Kid.Pattern);
        Regex names = new(KeyName.Pattern);
        foreach (string text in Texts(5).Where(text => !_routeWords.Contains(text)))
        {
            kids.IsMatch(text).Should().Be(Kid.TryParse(text, out _), text);
            names.IsMatch(text).Should().Be(KeyName.TryParse(text, out _), text);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("12345")]
    [InlineData("A..")]
    [InlineData("a..b")]
    [InlineData("a\n")]
    [InlineData("ä")]
    [InlineData("public-key")]
    [InlineData("jwks")]
    [InlineData("ACTIVE")]
    public void What_cannot_be_a_kid_is_none(string text) => Kid.TryParse(text, out _).Should().BeFalse();

    [Fact]
    public void Both_end_at_128_characters()
    {
        Kid.TryParse(new string('a', 128), out _).Should().BeTrue();
        Kid.TryParse(new string('a', 129), out _).Should().BeFalse();
        KeyName.TryParse(new string('a', 128), out _).Should().BeTrue();
        KeyName.TryParse(new string('a', 129), out _).Should().BeFalse();
    }

    private static IEnumerable<string> Texts(int longest)
    {
        IEnumerable<string> texts = Characters.Select(c => c.ToString());
        for (int length = 1; length <= longest; length++)
        {
            foreach (string text in texts)
                yield return text;

            texts = texts.SelectMany(text => Characters, (text, c) => text + c);
        }
    }
}
