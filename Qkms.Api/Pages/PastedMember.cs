using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Qkms.Api.Pages;

/// <summary>
/// Members of examples that only an earlier answer can fill. Their text names the operation whose answer has a member of the same name:
/// <c>paste+from+Encrypt+</c>, which is base64 too, or <c>paste-from-Encapsulate</c> for a kid.
/// </summary>
internal static partial class PastedMember
{
    /// <summary>What to paste there, for people; null where nothing has to be pasted.</summary>
    public static string? Explain(KeyValuePair<string, JsonNode?> member) =>
        member.Value is JsonValue value && value.TryGetValue(out string? text) && Shape().Match(text) is { Success: true } match
            ? $"`{member.Key}` from the response of {match.Groups[1].Value}"
            : null;

    /// <summary>The same for a parameter; null where nothing has to be pasted.</summary>
    public static string? Explain(string? name, JsonNode? example) => Explain(KeyValuePair.Create(name ?? "", example));

    [GeneratedRegex(@"^paste[+-]from[+-]([A-Za-z]+)\+*\z")]
    private static partial Regex Shape();
}
