using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Qkms.Core.Names;

/// <summary>The id of one key version, unique in its tenant: the caller's own, or a UUIDv7.</summary>
internal readonly partial record struct Kid
{
    /// <summary>The longest kid, in characters.</summary>
    public const int MaxLength = 128;

    /// <summary>
    /// What a kid looks like but for its length and the words of routes: not digits only, and without <c>..</c>. RE2 can read it.
    /// </summary>
    public const string Pattern = @"^([A-Za-z]\.?|[0-9]+([A-Za-z_-]\.?|\.))([A-Za-z0-9_-]\.?)*$";

    // Words that stand, or will stand, where a kid stands in a path.
    private static readonly HashSet<string> _routeWords = new(StringComparer.OrdinalIgnoreCase)
    {
        "active", "generate", "rotate", "retire", "revoke", "import", "actions", "rotations", "chain", "public-key", "jwks",
    };

    private Kid(string value) => Value = value;

    public string Value { get; }

    /// <summary>
    /// Reads a kid: letters, digits, <c>.</c>, <c>_</c> and <c>-</c>, not only digits, without <c>..</c>, and no word of a route.
    /// </summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Kid kid)
    {
        bool valid = text is { Length: > 0 and <= MaxLength }
            && Shape().IsMatch(text)
            && text.AsSpan().ContainsAnyExceptInRange('0', '9')
            && !text.Contains("..", StringComparison.Ordinal)
            && !_routeWords.Contains(text);
        kid = valid ? new Kid(text!) : default;
        return valid;
    }

    /// <summary>The kid of a version whose caller named none.</summary>
    public static Kid From(Guid uuid) => new(uuid.ToString());

    /// <summary>A kid as it comes out of the database, where it was checked on the way in; the row's seal holds it.</summary>
    public static Kid FromStored(string text) => new(text);

    public override string ToString() => Value;

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,127}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Shape();
}
