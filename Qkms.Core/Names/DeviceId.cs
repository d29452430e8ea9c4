using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Qkms.Core.Names;

/// <summary>The caller's own name of a device, unique in its tenant.</summary>
internal readonly partial record struct DeviceId
{
    /// <summary>The longest id, in characters.</summary>
    public const int MaxLength = 128;

    /// <summary>What an id looks like but for its length; RE2 can read it.</summary>
    /// <remarks><c>.</c> and <c>..</c> are none: every client takes them out of a path (RFC 3986, section 5.2.4).</remarks>
    public const string Pattern = @"^([A-Za-z0-9_:-]|\.[A-Za-z0-9_:-]|\.\.[A-Za-z0-9._:-])[A-Za-z0-9._:-]*$";

    private DeviceId(string value) => Value = value;

    public string Value { get; }

    /// <summary>Reads an id: letters, digits, <c>.</c>, <c>_</c>, <c>:</c> and <c>-</c>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out DeviceId id)
    {
        bool valid = text is { Length: > 0 and <= MaxLength } and not ("." or "..") && Shape().IsMatch(text);
        id = valid ? new DeviceId(text!) : default;
        return valid;
    }

    /// <summary>An id as it comes out of the database; the row's seal holds it.</summary>
    public static DeviceId FromStored(string text) => new(text);

    public override string ToString() => Value;

    [GeneratedRegex("^[A-Za-z0-9._:-]+\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Shape();
}
