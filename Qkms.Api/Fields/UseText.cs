using System.Text.Json.Serialization;
using Qkms.Core.Algorithms;
using Qkms.Core.Keys;

namespace Qkms.Api.Fields;

/// <summary>What a key is for.</summary>
internal sealed class UseFieldAttribute : FieldAttribute
{
    public UseFieldAttribute() => (Words, Example) = (["enc", "sig", "kem"], "enc");
}

/// <summary>What a key is for, in a request.</summary>
/// <param name="Text">The text.</param>
/// <param name="Value">The use; null when the text is not one.</param>
[UseField]
[JsonConverter(typeof(ParsedTextConverter<UseText>))]
internal readonly record struct UseText(string Text, KeyUse? Value) : IParsedText<UseText>
{
    public static bool TryParse(string? text, out UseText parsed)
    {
        parsed = new UseText(text ?? "", KeyWords.ParseUse(text));
        return true;
    }
}
