using System.Text.Json.Serialization;

namespace Qkms.Api.Fields;

/// <summary>A kid.</summary>
internal sealed class KidFieldAttribute : FieldAttribute
{
    /// <summary>The kid of the examples, the version before it and the one after it.</summary>
    public const string Current = "0198f5c2-7d1e-7c3a-9b54-2f0c6a1e8d37";
    public const string Previous = "0198f5c2-7d1c-7b41-a6c0-93d5e27f1b08";
    public const string Next = "0198f5c2-7d20-7e95-8c13-d84b60a7f952";

    public KidFieldAttribute() => (Pattern, MaxLength, Example) = (Kid.Pattern, Kid.MaxLength, Current);
}

/// <summary>A kid in a request.</summary>
/// <param name="Text">The text.</param>
/// <param name="Value">The kid; null when the text is not one.</param>
[KidField]
[JsonConverter(typeof(ParsedTextConverter<KidText>))]
internal readonly record struct KidText(string Text, Kid? Value) : IParsedText<KidText>
{
    public static bool TryParse(string? text, out KidText parsed)
    {
        parsed = new KidText(text ?? "", Kid.TryParse(text, out Kid kid) ? kid : null);
        return true;
    }
}
