namespace Qkms.Core.Callers;

/// <summary>The names of the keys that an API key may touch: all, or some exact names and folders (<c>prefix/*</c>).</summary>
internal sealed class KeyScope
{
    private const string AnyInFolder = "/*";

    private readonly string[]? _patterns;

    private KeyScope(string[]? patterns)
    {
        _patterns = patterns;
        Names = patterns is null ? [] : [.. patterns.Where(pattern => !IsFolder(pattern))];
        Folders = patterns is null ? [] : [.. patterns.Where(IsFolder).Select(pattern => pattern[..^1])];
    }

    /// <summary>Every name.</summary>
    public static KeyScope All { get; } = new(patterns: null);

    /// <summary>Whether it leaves nothing out.</summary>
    public bool IsAll => _patterns is null;

    /// <summary>The exact names.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>What the names in its folders begin with, the <c>/</c> included.</summary>
    public IReadOnlyList<string> Folders { get; }

    /// <summary>Some names.</summary>
    /// <param name="patterns">Exact names and <c>prefix/*</c>; none = no name at all.</param>
    public static KeyScope Of(IEnumerable<string> patterns) => new([.. patterns]);

    /// <summary>Whether a text is a name or a folder of names.</summary>
    public static bool IsPattern(string text) => KeyName.TryParse(IsFolder(text) ? text[..^AnyInFolder.Length] : text, out _);

    /// <summary>Whether a name is among them.</summary>
    public bool Covers(KeyName name) => IsAll || Names.Contains(name.Value, StringComparer.Ordinal) || IsInFolder(name.Value);

    /// <summary>Whether every name of another scope is among them.</summary>
    public bool Covers(KeyScope other) => IsAll
        || (!other.IsAll
            && other.Names.All(name => Names.Contains(name, StringComparer.Ordinal) || IsInFolder(name))
            && other.Folders.All(IsInFolder));

    private bool IsInFolder(string start)
    {
        foreach (string folder in Folders)
        {
            if (start.StartsWith(folder, StringComparison.Ordinal))
                return true;
        }

        return false;
    }

    private static bool IsFolder(string pattern) => pattern.EndsWith(AnyInFolder, StringComparison.Ordinal);
}
