using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Qkms.Core.Names;

/// <summary>
/// The name of a logical key: unique with algorithm and use in its tenant; <c>/</c> makes folders that API keys can be narrowed to.
/// </summary>
internal readonly partial record struct KeyName
{
    /// <summary>The longest name, in characters.</summary>
    public const int MaxLength = 128;

    /// <summary>What a name looks like but for its length: segments without <c>..</c>. RE2 can read it.</summary>
    public const string Pattern = @"^[A-Za-z0-9]\.?([A-Za-z0-9_-]\.?)*(/[A-Za-z0-9]\.?([A-Za-z0-9_-]\.?)*)*$";

    /// <summary>The name of a key whose caller names none.</summary>
    public static readonly KeyName Default = new("default");

    /// <summary>The name of the keys to try the API with, which a new installation on a developer's machine gets.</summary>
    public static readonly KeyName Demo = new("demo");

    private KeyName(string value) => Value = value;

    public string Value { get; }

    /// <summary>
    /// Reads a name: segments of letters, digits, <c>.</c>, <c>_</c> and <c>-</c>, parted by <c>/</c>, without <c>..</c>.
    /// </summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out KeyName name)
    {
        bool valid = text is { Length: > 0 and <= MaxLength } && Shape().IsMatch(text) && !text.Contains("..", StringComparison.Ordinal);
        name = valid ? new KeyName(text!) : default;
        return valid;
    }

    /// <summary>A name as it comes out of the database; the row's seal holds it.</summary>
    public static KeyName FromStored(string text) => new(text);

    public override string ToString() => Value;

    // Each segment begins with a character that the rest of the pattern before it cannot match, so that matching takes linear time.
    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Shape();
}
