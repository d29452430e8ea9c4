using System.Text.Json.Serialization;

namespace Qkms.Api.Fields;

/// <summary>The name of a logical key.</summary>
internal sealed class KeyNameFieldAttribute : FieldAttribute
{
    public KeyNameFieldAttribute() => (Pattern, MaxLength, Example) = (KeyName.Pattern, KeyName.MaxLength, "default");
}

/// <summary>The name of a logical key in a request.</summary>
/// <param name="Text">The text.</param>
/// <param name="Value">The name; null when the text is not one.</param>
[KeyNameField]
[JsonConverter(typeof(ParsedTextConverter<KeyNameText>))]
internal readonly record struct KeyNameText(string Text, KeyName? Value) : IParsedText<KeyNameText>
{
    public static bool TryParse(string? text, out KeyNameText parsed)
    {
        parsed = new KeyNameText(text ?? "", KeyName.TryParse(text, out KeyName name) ? name : null);
        return true;
    }
}
