using System.Text.RegularExpressions;

namespace Qkms.Tests.Architecture;

/// <summary>No line of a source has more than 140 characters: a review shows every word, two files fit beside each other.</summary>
public sealed partial class LineLengthTests
{
    private const int Longest = 140;

    private static readonly string[] _projects = ["Qkms.Core", "Qkms.Storage", "Qkms.Api", "Qkms.Tests", "Qkms.Benchmarks"];

    // Lines of raw strings: text of another language, which is sent as it stands. Each is named by its beginning.
    private static readonly (string File, string Line)[] _rawText =
    [
        ("Qkms.Tests/Architecture/FamilyTests.cs", @"\.Family\)?\s*(==|!=|is\b"),
    ];

    [Fact]
    public void No_line_has_more_than_140_characters() =>
        LongLines().Where(line => !_rawText.Any(known => Names(known, line)) && !IsOneLongValue().IsMatch(line.Text))
            .Select(line => $"{line.File}:{line.Number}")
            .Should().BeEmpty();

    [Fact]
    public void Every_exception_is_still_needed() =>
        _rawText.Except(LongLines().SelectMany(line => _rawText.Where(known => Names(known, line))))
            .Should().BeEmpty("a line that is short again needs no exception");

    private static IEnumerable<(string File, int Number, string Text)> LongLines() =>
        from project in _projects
        from file in Directory.EnumerateFiles(Path.Combine(Repository.Root, project), "*.cs", SearchOption.AllDirectories)
        let name = Path.GetRelativePath(Repository.Root, file).Replace('\\', '/')
        where !name.Contains("/obj/", StringComparison.Ordinal) && !name.Contains("/bin/", StringComparison.Ordinal)
        from line in File.ReadLines(file).Select((text, i) => (Text: text, Number: i + 1))
        where line.Text.Length > Longest
        select (name, line.Number, line.Text.TrimStart());

    private static bool Names((string File, string Line) known, (string File, int Number, string Text) line) =>
        line.File == known.File && line.Text.StartsWith(known.Line, StringComparison.Ordinal);

    // A value in hexadecimal or base64 alone on its line is easier to compare in one piece.
    [GeneratedRegex("""^(\+ )?"[0-9A-Za-z+/=_-]+"[;,)\]]*$""")]
    private static partial Regex IsOneLongValue();
}
